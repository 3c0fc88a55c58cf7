"""Fast header scan: design rule 8, "a fast path skips known work, never changes the answer; it has a slow twin"."""

from __future__ import annotations

import re
import struct
import sys

import pytest

from spinemets.ingest.files.sources import listing
from spinemets.ingest.header import headers as h
from spinemets.ingest.header import reader
from spinemets.ingest.header import scan as scan_module
from spinemets.ingest.header.scan import MOST_KNOWN, Scan, Scanner, Short


def scan(data: bytes, *, complete: bool) -> Scan | None:
    """Scan the beginning of one file, with none known before it."""
    return Scanner(h.WANTED).scan(data, complete=complete)


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
    found = scan(data, complete=True)
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
        found = scan(_file(sequence, ROWS, PIXELS), complete=True)
        assert found is not None and found.values == {h.ROWS: b"\x04\0"}


def test_deep_nesting_needs_no_recursion():
    """Nesting "that overflows recursive readers" is followed by a counter."""
    depth = 5 * sys.getrecursionlimit()
    opening = struct.pack("<HH2sHL", 8, 0x1140, b"SQ", 0, 0xFFFFFFFF) + ITEM
    nest = opening * depth + (ITEM_END + SEQUENCE_END) * depth
    found = scan(_file(nest, ROWS, PIXELS), complete=True)
    assert found is not None and found.values == {h.ROWS: b"\x04\0"}


def test_too_few_bytes_ask_for_more():
    """A prefix that ends early is no answer, wherever it ends."""
    data = _file(ROWS, PIXELS)
    for end in range(140, len(data) - 4):
        with pytest.raises(Short):
            scan(data[:end], complete=False)


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
    assert scan(data, complete=True) is None


def test_class_from_the_file_meta_group():
    """A DICOMDIR states its class there only."""
    meta = _short(2, 2, b"UI", b"1.2.840.10008.1.3.10")
    data = _file(ROWS)[:132] + meta + _file(ROWS)[132:]
    found = scan(data, complete=True)
    assert found is not None and found.values[h.SOP_CLASS] == b"1.2.840.10008.1.3.10"


class TestScanner:
    """Headers written like the last ones: the answer of a scan of their own, always."""

    def check(self, *files: bytes) -> Scanner:
        scanner = Scanner(h.WANTED)
        for data in files:
            assert scanner.scan(data, complete=True) == scan(data, complete=True)
        return scanner

    def test_other_values_in_the_same_places(self):
        """Values, the preamble, the class in the meta group and the pixels are the file's own."""
        meta = [_short(2, 2, b"UI", b"1.2.840.10008.1.3.%d0" % n) for n in (1, 2)]
        other = _short(0x28, 0x10, b"US", b"\x09\0")
        one, two = _file(ROWS, PIXELS), b"x" * 128 + _file(other, PIXELS)[128:]
        named = [one[:132] + text + one[132:] for text in meta]
        self.check(one, two, one, *named, two, named[0])
        assert Scanner(h.WANTED).expected_bytes == 0
        assert self.check(one, named[0]).expected_bytes == len(named[0]) - 4

    def test_a_known_layout_is_not_walked_again(self, monkeypatch):
        """What it is for; one more layout than is kept is walked again."""
        walks = []
        original = scan_module._walked
        monkeypatch.setattr(scan_module, "_walked", lambda *a, **k: walks.append(1) or original(*a, **k))
        scanner = Scanner(h.WANTED)
        texts = [_file(_short(0x20, 0x10, b"SH", b"1" * n), ROWS, PIXELS) for n in range(MOST_KNOWN + 1)]
        for data in texts[:MOST_KNOWN] * 2:
            scanner.scan(data, complete=True)
        assert len(walks) == MOST_KNOWN
        scanner.scan(texts[-1], complete=True)
        scanner.scan(texts[0], complete=True)
        assert len(walks) == MOST_KNOWN + 2

    def test_whatever_decides_how_it_is_read(self):
        """Transfer syntax, tag, representation, length, nesting, place of the pixels, length of the pixels."""
        item = b"\xfe\xff\x00\xe0" + struct.pack("<L", len(ROWS)) + ROWS
        self.check(
            _file(ROWS, PIXELS), _file(ROWS, PIXELS, syntax="1.2.840.10008.1.2.2"),
            _file(ROWS, PIXELS, syntax="1.2.840.10008.1.2.4.50"), _file(_short(0x28, 0x11, b"US", b"\x04\0"), PIXELS),
            _file(_short(0x28, 0x10, b"SS", b"\x04\0"), PIXELS), _file(_short(0x28, 0x10, b"US", b"\x04\0\x04\0"), PIXELS),
            _file(_long(8, 0x1140, b"SQ", item), ROWS, PIXELS), _file(_long(8, 0x1140, b"UN", item), ROWS, PIXELS),
            _file(_long(8, 0x1140, b"SQ", item + SEQUENCE_END, 0xFFFFFFFF), ROWS, PIXELS),
            _file(ROWS, _long(0x7FE0, 0x10, b"OW", b"abcd", 0xFFFFFFFF)), _file(ROWS, _long(0x7FE0, 8, b"OF", b"abcd")),
            _file(ROWS, _long(0x7FE0, 0x10, b"OW", b"abcdef")), _file(ROWS), _file(ROWS, PIXELS),
        )  # fmt: skip

    def test_cut_off_files(self):
        """A known layout that ends early asks for more, or is left to the parser."""
        data = _file(ROWS, PIXELS)
        for end in range(140, len(data) - 4):
            scanner = Scanner(h.WANTED)
            scanner.scan(data, complete=True)
            with pytest.raises(Short):
                scanner.scan(data[:end], complete=False)
            assert scanner.scan(data[:end], complete=True) == scan(data[:end], complete=True)

    def test_functional_groups_are_left_to_the_parser(self):
        """Everything is needed of such a header: it is not read twice."""
        groups = _long(0x5200, 0x9230, b"SQ", b"")
        assert scan(_file(ROWS, groups, PIXELS), complete=True) is None
        nested = _long(8, 0x1140, b"SQ", ITEM + groups + ITEM_END + SEQUENCE_END, 0xFFFFFFFF)
        assert scan(_file(nested, ROWS, PIXELS), complete=True) is not None

    @pytest.mark.filterwarnings("ignore")
    @pytest.mark.parametrize(
        "folder", ["data/dicom-robustness", "data/dicom-objects", "data/ct-thoracic-dx-a0001", "reference/bvalues",
                   "reference/dcm_qa", "reference/dicom2nifti"],
    )  # fmt: skip
    def test_every_real_file_after_all_others(self, shared_data, folder):
        """One reader for a whole folder of many makers gives each file the header it has alone."""
        top = shared_data.parent / folder
        if not top.is_dir():
            pytest.skip("reference suites are not here")
        together, compared = reader.HeaderReader(), 0
        for source in listing([top]).files:
            try:
                alone = reader.HeaderReader().header(source)
            except h.NotDicom as refusal:
                with pytest.raises(h.NotDicom, match=re.escape(str(refusal))):
                    together.header(source)
                continue
            found = together.header(source)
            assert (found.scanned, found.unusual) == (alone.scanned, alone.unusual), source.name
            compared += 1
        assert compared >= 5


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
            fast = reader.HeaderReader().header(source)
            slow = reader.by_elements(source)[0].scanned
        except h.NotDicom:
            continue
        assert fast.scanned == slow, source.name
        compared += 1
    assert compared >= 5
