"""Header values "parsed at the door": typed, or None; never a default for what is absent."""

from __future__ import annotations

import struct

from spinemets.ingest.files.source_file import SourceFile
from spinemets.ingest.header import headers as h
from spinemets.ingest.header.headers import Header
from spinemets.ingest.header.scan import Scan


def header(little: bool = True, **values: bytes) -> Header:
    return Header(Scan(values={getattr(h, k): v for k, v in values.items()}, syntax="", little=little))


def source(path) -> SourceFile:
    return SourceFile(path=path, name=path.name, size=path.stat().st_size)


def test_texts_and_numbers():
    """Multi-valued strings, padding and blanks."""
    one = header(IMAGE_TYPE=b"ORIGINAL\\PRIMARY ", POSITION=b"1.5\\ -2 \\3e1", SERIES_UID=b"1.2.3\0")
    assert one.texts(h.IMAGE_TYPE) == ("ORIGINAL", "PRIMARY") and one.text(h.IMAGE_TYPE) == "ORIGINAL"
    assert one.numbers(h.POSITION) == (1.5, -2.0, 30.0) and one.number(h.POSITION) == 1.5
    assert one.text(h.SERIES_UID) == "1.2.3"


def test_absent_empty_or_broken_is_none():
    """None, never 0."""
    one = header(TE=b"", TI=b"fast", ROWS=b"\1", MODALITY=b"  ")
    assert one.number(h.TE) is None and one.number(h.TI) is None and one.number(h.FLIP) is None
    assert one.integer(h.ROWS) is None and one.integer(h.COLUMNS) is None
    assert one.text(h.MODALITY) is None and one.texts(h.IMAGE_TYPE) == ()


def test_integers_know_byte_order_and_sign():
    """US and SS in both byte orders."""
    raw = b"\x01\xff"
    assert header(PADDING=raw).integer(h.PADDING) == 0xFF01
    assert header(PADDING=raw).integer(h.PADDING, signed=True) == 0xFF01 - 0x10000
    assert header(little=False, PADDING=raw).integer(h.PADDING) == 0x01FF


def test_b_value_of_the_standard_and_of_siemens():
    """0018,9087 first, else 0019,100C ("string of an integer")."""
    assert header(B_VALUE=struct.pack("<d", 800.0)).b_value == 800.0
    assert header(little=False, B_VALUE=struct.pack(">d", 50.0)).b_value == 50.0
    assert header(B_VALUE_SIEMENS=b"1000 ").b_value == 1000.0
    assert header().b_value is None


def test_what_images_of_a_volume_share():
    """All but identifier, number and place: one byte elsewhere, another element or another byte order tells two apart."""
    same = [header(TE=b"12", SOP_UID=b"1.%d" % n, INSTANCE_NUMBER=b"%d" % n, POSITION=b"0\\0\\%d" % n) for n in (1, 2)]
    assert same[0].shared == same[1].shared == header(TE=b"12").shared
    others = [
        header(TE=b"13"),
        header(TE=b"12 "),
        header(TE=b"12", TI=b""),
        header(little=False, TE=b"12"),
        header(TI=b"12"),
    ]
    assert len({one.shared for one in (same[0], *others)}) == 6
    assert same[0].text(h.SOP_UID) == "1.1"
