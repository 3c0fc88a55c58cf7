"""Fast header scan: design rule 8, "a fast path skips known work, never changes the answer; it has a slow twin"."""

from __future__ import annotations

import struct
import sys

import pytest

from spinemets.ingest.files.sources import listing
from spinemets.ingest.header import headers as h
from spinemets.ingest.header.scan import Short, scan


def _file(*elements: bytes, syntax: str = "1.2.840.10008.1.2.1") -> bytes:
    text = syntax.encode() + b"\0" * (len(syntax) % 2)
    meta = struct.pack("<HH2sH", 2, 0x10, b"UI", len(text)) + text
    return b"\0" * 128 + b"DICM" + meta + b"".join(elements)


def _short(group: int, element: int, vr: bytes, value: bytes) -> bytes:
    return struct.pack("<HH2sH", group, element, vr, len(value)) + value


def _long(group: int, element: int, vr: bytes, value: bytes, length: int | None = None) -> bytes:
    return struct.pack("<HH2sHL", group, element, vr, 0, len(value) if length is None else length) + value


ROWS = _short(0x28, 0x10, b"US", b"\x04\0")
PIXELS = _long(0x7FE0, 0x10, b"OW", b"abcd")
ITEM, ITEM_END = b"\xfe\xff\x00\xe0\xff\xff\xff\xff", b"\xfe\xff\x0d\xe0\0\0\0\0"
SEQUENCE_END = b"\xfe\xff\xdd\xe0\0\0\0\0"


def test_value_and_place_of_the_pixels():
    """Raw values of the wanted elements, and where the pixel data begin."""
    data = _file(ROWS, PIXELS)
    found = scan(data, h.WANTED, complete=True)
    assert found is not None and found.values == {h.ROWS: b"\x04\0"}
    assert data[found.pixel_offset :] == b"abcd" and found.pixel_length == 4


def test_nested_values_are_not_taken_for_the_images_own():
    """Rows inside a sequence are not the rows of this image, whether lengths are stated or not."""
    inner = _short(0x28, 0x10, b"US", b"\x09\0")
    undefined = _long(0x08, 0x1140, b"SQ", ITEM + inner + ITEM_END + SEQUENCE_END, 0xFFFFFFFF)
    item = b"\xfe\xff\x00\xe0" + struct.pack("<L", len(inner)) + inner
    defined = _long(0x08, 0x1140, b"SQ", item)
    mixed = _long(0x08, 0x1140, b"SQ", item + SEQUENCE_END, 0xFFFFFFFF)
    for sequence in (undefined, defined, mixed):
        found = scan(_file(sequence, ROWS, PIXELS), h.WANTED, complete=True)
        assert found is not None and found.values == {h.ROWS: b"\x04\0"}


def test_deep_nesting_needs_no_recursion():
    """Nesting "that overflows recursive readers" is followed by a counter."""
    depth = 5 * sys.getrecursionlimit()
    opening = struct.pack("<HH2sHL", 8, 0x1140, b"SQ", 0, 0xFFFFFFFF) + ITEM
    nest = opening * depth + (ITEM_END + SEQUENCE_END) * depth
    found = scan(_file(nest, ROWS, PIXELS), h.WANTED, complete=True)
    assert found is not None and found.values == {h.ROWS: b"\x04\0"}


def test_too_few_bytes_ask_for_more():
    """A prefix that ends early is no answer, wherever it ends."""
    data = _file(ROWS, PIXELS)
    for end in range(140, len(data) - 4):
        with pytest.raises(Short):
            scan(data[:end], h.WANTED, complete=False)


@pytest.mark.parametrize(
    "data",
    [
        b"\0" * 200,
        _file(ROWS, PIXELS, syntax="1.2.840.10008.1.2.2"),
        _file(ROWS, PIXELS, syntax="1.2.840.10008.1.2.1.99"),
        _file(_short(0x28, 0x10, b"??", b"\x04\0"), PIXELS),
        _file(_long(0x28, 0x10, b"UN", b"", 0xFFFFFFFF), PIXELS),
        _file(SEQUENCE_END, ROWS, PIXELS),
        _file(ROWS)[:-1],
        _file(_long(0x08, 0x1140, b"SQ", ITEM, 0xFFFFFFFF)),
    ],
    ids=["no preamble", "big endian", "deflated", "odd VR", "UN", "stray end", "cut", "unfinished"],
)
def test_whatever_is_unusual_is_left_to_the_full_parser(data):
    """None = read it the slow way."""
    assert scan(data, h.WANTED, complete=True) is None


def test_class_from_the_file_meta_group():
    """A DICOMDIR states its class there only."""
    meta = _short(2, 2, b"UI", b"1.2.840.10008.1.3.10")
    data = _file(ROWS)[:132] + meta + _file(ROWS)[132:]
    found = scan(data, h.WANTED, complete=True)
    assert found is not None and found.values[h.SOP_CLASS] == b"1.2.840.10008.1.3.10"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "folder", ["dicom-robustness/pydicom", "dicom-robustness/fo-dicom", "dicom-objects", "dicom-singles-spine"]
)
def test_slow_twin_gives_the_same_on_every_real_file(shared_data, folder):
    """Every file the scan accepts has the values, syntax and place of the pixels that the full parser finds."""
    compared = 0
    paths = [p for p in (shared_data / folder).rglob("*") if p.is_file() and p.suffix not in (".tsv", ".xz")]
    for source in listing(paths).files:
        try:
            fast = h.read_header(source)
            slow = h._by_elements(source).scanned
        except h.NotDicom:
            continue
        assert fast.scanned == slow, source.name
        compared += 1
    assert compared >= 5
