"""Bytes to values by value representation: PS3.5 section 6.2; broken bytes are an error, never a guess."""

from __future__ import annotations

import struct

import pytest

from spinemets.ingest.header.element_values import BINARY, BrokenValue, Decimal, convert


def value(vr: bytes, stored: bytes, little: bool = True):
    return convert(vr, stored, little, ())


@pytest.mark.parametrize(
    ("vr", "stored", "expected"),
    [
        (b"CS", b"ORIGINAL\\PRIMARY\\AXIAL ", ["ORIGINAL", "PRIMARY", "AXIAL"]),
        (b"UI", b"1.2.3\0", "1.2.3"),
        (b"LO", b" T2 sag ", "T2 sag"),
        (b"LO", b"", None),
        (b"SH", b"  ", None),
        (b"ST", b"one\\two ", "one\\two"),
        (b"DS", b"1.5\\ -2\\3e1 ", [1.5, -2.0, 30.0]),
        (b"DS", b" ", None),
        (b"DS", b"1\\\\3", [1.0, None, 3.0]),
        (b"IS", b" 12 ", 12),
        (b"IS", b"12.0", 12),
        (b"IS", b"12.5", 12.5),
        (b"US", b"\x01\x02", 0x0201),
        (b"SS", b"\xff\xff", -1),
        (b"US", b"\x01\0\x02\0", [1, 2]),
        (b"FD", struct.pack("<2d", 0.1, 2.0), [0.1, 2.0]),
        (b"AT", b"\x20\x00\x57\x90", 0x00209057),
        (b"OB", b"\x00\x01", b"\x00\x01"),
        (b"UN", b"", None),
    ],
)
def test_values(vr, stored, expected):
    """Scalars stay scalars, several become a list, nothing becomes None."""
    found = value(vr, stored)
    assert found == expected and type(found) is not bool


def test_byte_order():
    """Binary values follow the byte order of the file, texts do not."""
    assert value(b"US", b"\x01\x02", little=False) == 0x0102
    assert value(b"AT", b"\x00\x20\x90\x57", little=False) == 0x00209057
    assert value(b"DS", b"1.5", little=False) == 1.5


@pytest.mark.parametrize("vr", sorted(BINARY))
def test_binary_numbers_of_a_wrong_length_are_broken(vr):
    """Three bytes are no number of any kind."""
    with pytest.raises(BrokenValue):
        value(vr, b"abc")


@pytest.mark.parametrize("stored", [b"fast", b"1,5", b"1_000", b"1.2.3", b"--1", b"1\\x", b"0x10"])
@pytest.mark.parametrize("vr", [b"DS", b"IS"])
def test_texts_that_are_no_numbers_are_broken(vr, stored):
    """A decimal comma is not guessed away, and Python's own digit grouping is no DICOM."""
    with pytest.raises(BrokenValue):
        value(vr, stored)


def test_absurd_integers_are_broken_not_an_overflow():
    """1e400 is infinite: no whole number."""
    assert value(b"DS", b"1e400") == float("inf")
    assert value(b"IS", b"1e400") == float("inf")


def test_a_number_prints_as_the_file_states_it():
    """Marks and evidence quote the header, not a rounding of it."""
    number = value(b"DS", b"10.50")
    assert isinstance(number, Decimal) and number == 10.5 and str(number) == "10.50"
    assert f"{number:g}" == "10.5" and number + 1 == 11.5
