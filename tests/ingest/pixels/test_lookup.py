"""Modality LUT: "first mapped value, entries, bits; 8/16 bit, big/little endian"; contradictions said, VOI never applied."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest

from spinemets.ingest.header.elements import Elements
from spinemets.ingest.header.values import Values
from spinemets.ingest.pixels.lookup import BOTH, BROKEN, modality_lookup
from spinemets.ingest.read import read

DESCRIPTOR, DATA = 0x00283002, 0x00283006


def header(descriptor, data, kind="OD", **top) -> Values:
    """A header with a table, the data as a list of words or as bytes."""
    item = Elements()
    item.put(DESCRIPTOR, descriptor)
    item.put(DATA, data)
    item.put(0x00283004, kind)
    whole = Elements()
    whole.put(0x00283000, (item,))
    for tag, value in top.items():
        whole.put({"slope": 0x00281053, "intercept": 0x00281052}[tag], value)
    return Values(whole)


def slow(stored: int, first: int, entries: list[int]) -> int:
    """DICOM PS3.3 C.11.1.1 word by word: below the first mapped value the first entry, beyond the end the last."""
    if stored < first:
        return entries[0]
    return entries[min(stored - first, len(entries) - 1)]


@pytest.mark.parametrize("first", [0, 5])
@pytest.mark.parametrize("form", ["words", "little", "big"])
def test_sixteen_bit_tables(first, form):
    """The same values whatever the file stores them as."""
    entries = [100, 300, 700, 65535, 2]
    data = {
        "words": entries,
        "little": np.array(entries, "<u2").tobytes(),
        "big": np.array(entries, ">u2").tobytes(),
    }[form]
    lookup, said = modality_lookup(header([5, first, 16], data), little=form != "big")
    stored = np.arange(-3, 14)
    np.testing.assert_array_equal(lookup.apply(stored), [slow(int(s), first, entries) for s in stored])
    assert (said, lookup.kind, lookup.bits) == ((), "OD", 16)


@pytest.mark.parametrize("form", ["byte each", "word each", "two a word", "words"])
def test_eight_bit_tables(form):
    """Eight-bit entries fill a byte, a word of their own, or half a word."""
    entries = [9, 8, 200, 7]
    data = {
        "byte each": bytes(entries),
        "word each": np.array(entries, "<u2").tobytes(),
        "two a word": [9 + (8 << 8), 200 + (7 << 8)],
        "words": entries,
    }[form]
    lookup, _ = modality_lookup(header([4, 0, 8], data))
    np.testing.assert_array_equal(lookup.apply(np.arange(4)), entries)


def test_numbers_beyond_sixteen_bits():
    """0 entries stand for 65536; a first value of signed pixels may be negative."""
    lookup, _ = modality_lookup(header([0, 0, 16], list(range(65536))))
    assert lookup.apply(np.array([65535]))[0] == 65535
    for first in (-100, 65436):
        lookup, _ = modality_lookup(header([3, first, 16], [1, 2, 3]), signed=True)
        np.testing.assert_array_equal(lookup.apply(np.array([-101, -100, -99, 0])), [1, 1, 2, 3])


@pytest.mark.parametrize(
    ("descriptor", "data"),
    [
        ([3, 0, 16], [1, 2]),
        ([3, 0, 16], b"\1\2"),
        ([3, 0], [1, 2, 3]),
        (None, [1, 2, 3]),
        ([3, 0, 16], None),
        ([3, 0, 4], [1, 2, 3]),
        ([3, 0, 8], [1, 2, 300]),
        ([3, 0, 16], ["a", "b", "c"]),
    ],
)
def test_damaged_tables_are_said(descriptor, data):
    """Too short, without a descriptor, or with entries beyond its bits: not applied, and said."""
    assert modality_lookup(header(descriptor, data)) == (None, (BROKEN,))


def test_table_and_rescale_contradict():
    """The standard allows one of them; an identity rescale is none."""
    assert modality_lookup(header([2, 0, 16], [1, 2], slope=2.0)) == (None, (BOTH,))
    assert modality_lookup(header([2, 0, 16], [1, 2], intercept=-1024.0)) == (None, (BOTH,))
    assert modality_lookup(header([2, 0, 16], [1, 2], slope=1.0, intercept=0.0))[0] is not None
    assert modality_lookup(Values(pydicom.Dataset())) == (None, ())


def radiograph(write_image, path, array, **extra):
    return write_image(
        path, array, Modality="CR", SOPClassUID="1.2.840.10008.5.1.4.1.1.1", ImagePositionPatient=None,
        ImageOrientationPatient=None, RescaleSlope=None, RescaleIntercept=None, KVP=None, **extra,
    )  # fmt: skip


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"])
def test_a_radiograph_is_read_through_its_table(tmp_path, write_image, syntax):
    """Stored values become those of the table, explicit and implicit; display tables and windows change nothing."""
    stored = np.array([[0, 1], [2, 3]], np.uint16)
    table, display = pydicom.Dataset(), pydicom.Dataset()
    for item, entries in ((table, [1000, 2000, 4000, 4095]), (display, [0, 0, 0, 0])):
        item.add_new(0x00283002, "US", [4, 0, 16])
        item.add_new(0x00283006, "US", entries)
    table.ModalityLUTType = "OD"
    extra = {"ModalityLUTSequence": [table], "VOILUTSequence": [display], "WindowCenter": 1, "WindowWidth": 2}
    radiograph(write_image, tmp_path / "x", stored, syntax=syntax, **extra)
    (series,) = read([tmp_path]).series
    np.testing.assert_array_equal(series.planar.load()[0], [[1000, 2000], [4000, 4095]])
    assert series.acquisition.display_window == ((1.0, 2.0),)


def test_a_radiograph_with_both_is_said(tmp_path, write_image, noise):
    """The rescale is used, and a line says so."""
    table = pydicom.Dataset()
    table.add_new(0x00283002, "US", [2, 0, 16])
    table.add_new(0x00283006, "US", [1, 2])
    stored = noise(4, 4)
    path = radiograph(write_image, tmp_path / "x", stored, ModalityLUTSequence=[table])
    header = pydicom.dcmread(path)
    header.RescaleSlope, header.RescaleIntercept = 2, 10
    header.save_as(path)
    (series,) = read([path]).series
    assert BOTH in series.warnings
    np.testing.assert_allclose(series.planar.load()[0], stored * 2.0 + 10)
