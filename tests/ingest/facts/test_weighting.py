"""Elements that may state a weighting: how bytes become numbers, and which tags the scan must keep."""

from __future__ import annotations

import struct

import numpy as np
import pydicom
import pytest

from spinemets.ingest.facts import weighting as w
from spinemets.ingest.header import headers, scan
from spinemets.ingest.header.scan import Scan
from spinemets.ingest.header.values import Values
from spinemets.knowledge import dialects


@pytest.mark.parametrize(
    ("raw", "form", "numbers"),
    [
        (struct.pack("<d", 929.75), "float64", (929.75,)), (struct.pack("<3d", 1, 0, -1), "float64", (1, 0, -1)),
        (struct.pack("<f", 0.5), "float32", (0.5,)), (struct.pack("<h", -3), "int16", (-3,)),
        (b"1000\\8\\0\\0", "text", (1000, 8, 0, 0)), (b"1000 ", "text", (1000,)), (b"", "text", ()), (None, "text", ()),
        (b"1000", "float64", (1000,)), (b"1000", "float32", (1000,)), (b"abc", "text", ()), (b"abc", "float64", ()),
        (struct.pack("<d", float("nan")), "float64", ()), (b"1e999", "text", ()), (b"1\\\\2", "text", ()),
        (b"\0\0\0\0\0\0\0\0", "float64", (0,)), (b"    ", "text", ()),
    ],
)  # fmt: skip
def test_bytes_become_numbers(raw, form, numbers):
    """Binary and text forms, text where a rewriter left text, and nothing from what is no number."""
    assert w.decoded(raw, form, little=True) == numbers


def test_byte_order_is_the_file_s():
    assert w.decoded(struct.pack(">d", 50.0), "float64", little=False) == (50.0,)


def test_private_words_and_numbers_of_either_reader():
    """The scan gives bytes, a parsed header gives numbers, lists or text: the same answers."""
    for value in (b"I ", "I", ["I"]):
        assert w.words_of(value) == "I"
    assert w.words_of((15.0,)) == w.words_of(15) == "15"
    assert w.words_of(()) == ""
    assert w.numbers_of(b"1000\\8") == w.numbers_of([1000, 8]) == w.numbers_of(["1000", "8"]) == (1000, 8)
    assert w.numbers_of("x") == () == w.numbers_of(None)


def test_every_element_of_every_vendor_is_kept_by_the_scan():
    """A rule whose element the header scan drops would never be found."""
    for dialect in dialects.load():
        for element in dialect.diffusion.elements:
            tag = element.group << 16 | 0x1000 | element.element
            assert tag in headers.WANTED and element.group << 16 | 0x10 in headers.WANTED
        assert all(rule.tag in headers.WANTED for rule in dialect.diffusion.from_text)
    assert {element.tag for element in w.PUBLIC} <= headers.WANTED
    assert not w.wanted_tags() & scan.PIXELS


def test_keywords_and_tags_of_public_elements_agree():
    """The same element is asked for by tag (scan) and by keyword (parsed header)."""
    from pydicom.datadict import tag_for_keyword

    rules = [rule for dialect in dialects.load() for rule in dialect.diffusion.from_text]
    for element in (*w.PUBLIC, *rules):
        assert tag_for_keyword(element.keyword) == element.tag


def test_both_readers_give_the_same_answers():
    """One header through the scan's view and through the parsed view."""
    dataset = pydicom.Dataset()
    dataset.Manufacturer, dataset.DiffusionBValue = "GE MEDICAL SYSTEMS", 800.0
    dataset.DiffusionGradientOrientation = [0.0, 1.0, 0.0]
    block = dataset.private_block(0x0043, "GEMS_PARM_01", create=True)
    block.add_new(0x39, "IS", [800, 8])
    parsed = w.OfValues(Values(dataset))
    raw = {
        0x00080070: b"GE MEDICAL SYSTEMS", 0x00189087: struct.pack("<d", 800), 0x00189089: struct.pack("<3d", 0, 1, 0),
        0x00430010: b"GEMS_PARM_01", 0x00431039: b"800\\8",
    }  # fmt: skip
    scanned = w.OfHeader(headers.Header(Scan(values=raw, syntax="1.2.840.10008.1.2.1")))
    vendor = dialects.of("GE MEDICAL SYSTEMS")
    for element in (w.B_VALUE, w.DIRECTION, w.ORIENTATION):
        assert parsed.numbers(element) == scanned.numbers(element)
    assert parsed.text(w.MANUFACTURER) == scanned.text(w.MANUFACTURER)
    values = [view.private(vendor.diffusion.b_value, vendor) for view in (parsed, scanned)]
    assert [w.numbers_of(value[0]) for value in values] == [(800, 8), (800, 8)]
    assert (
        parsed.private(vendor.diffusion.averaged, vendor) is None is scanned.private(vendor.diffusion.averaged, vendor)
    )
    assert parsed.matrix() == scanned.matrix() == ()
    assert np.isfinite(parsed.numbers(w.B_VALUE)).all()


def test_every_whole_b_value_as_a_float_is_read():
    """Bytes of 2880.0 read "4E": digits are believed as text only where they are a number."""
    for number in range(0, 20001):
        for little in (True, False):
            raw = struct.pack("<f" if little else ">f", number)
            assert w.decoded(raw, "float32", little=little) == (float(number),), number
