"""What a file is written in: stated, guessed where it is not, corrected where the statement is wrong."""

from __future__ import annotations

import struct
import zlib

import pytest

from spinemets.ingest.files import limits as bounds
from spinemets.ingest.files.source_file import SourceFile
from spinemets.ingest.header.encoding import BIG_ENDIAN, DEFLATED, coding_at, encoding_of, inflated
from spinemets.ingest.header.parser import Coding
from spinemets.ingest.header.scan import EXPLICIT, IMPLICIT

LITTLE, BIG = Coding(implicit=False, little=True), Coding(implicit=False, little=False)
BARE = Coding(implicit=True, little=True)
BODIES = {
    LITTLE: b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100",
    BIG: b"\x00\x08\x00\x05CS\x00\x0aISO_IR 100",
    BARE: b"\x08\x00\x05\x00\x0a\x00\x00\x00ISO_IR 100",
}
SYNTAX = {LITTLE: EXPLICIT, BIG: BIG_ENDIAN, BARE: IMPLICIT}


def meta(syntax: str | None, sop_class: bytes = b"1.2.840.10008.1.3.10") -> bytes:
    """A file meta group; without a transfer syntax where that is None."""
    found = struct.pack("<HH2sHL", 2, 1, b"OB", 0, 2) + b"\0\1"
    found += struct.pack("<HH2sH", 2, 2, b"UI", len(sop_class)) + sop_class
    if syntax is not None:
        stored = syntax.encode() + b"\0" * (len(syntax) % 2)
        found += struct.pack("<HH2sH", 2, 0x10, b"UI", len(stored)) + stored
    return found


@pytest.mark.parametrize("coding", BODIES)
@pytest.mark.parametrize("preamble", [True, False], ids=["preamble", "bare"])
@pytest.mark.parametrize("stated", [True, False], ids=["stated", "silent"])
def test_syntax_stated_or_guessed(coding, preamble, stated):
    """Every combination of preamble, meta group and statement gives the same answer."""
    head = meta(SYNTAX[coding] if stated else None)
    found = encoding_of((bytes(128) + b"DICM" if preamble else b"") + head + BODIES[coding])
    assert found.coding == coding and found.syntax == SYNTAX[coding]
    assert found.sop_class == b"1.2.840.10008.1.3.10"
    assert found.position == 132 * preamble + len(head)


@pytest.mark.parametrize("coding", BODIES)
def test_no_meta_group_at_all(coding):
    """The data set begins the file, in either byte order, explicit or not."""
    found = encoding_of(BODIES[coding] + bytes(200))
    assert (found.coding, found.syntax, found.position) == (coding, SYNTAX[coding], 0)


def test_what_a_cut_away_meta_group_left_is_passed_over():
    """`no_meta.dcm` begins with the padding of its lost meta group."""
    found = encoding_of(b" " + BODIES[LITTLE])
    assert found.coding == LITTLE and found.position == 1


@pytest.mark.parametrize("really", BODIES)
@pytest.mark.parametrize("stated", [EXPLICIT, IMPLICIT, BIG_ENDIAN, "1.2.840.10008.1.2.4.70"])
def test_a_wrong_statement_is_corrected_by_the_first_element(stated, really):
    """The stated syntax stays (it says how pixels are stored); the elements are read as they are."""
    found = encoding_of(bytes(128) + b"DICM" + meta(stated) + BODIES[really])
    assert found.coding == really and found.syntax == stated


def test_odd_first_groups_are_read_as_stated():
    """A private first element proves nothing about the byte order (`priv_SQ.dcm` begins with group 3F03)."""
    assert coding_at(b"\x03\x3f\x10\x00\x1a\x00\x00\x00", 0, IMPLICIT) == BARE
    assert coding_at(b"", 0, BIG_ENDIAN) == BIG and coding_at(b"", 0, IMPLICIT) == BARE


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"x",
        b"hello world, no image at all" * 20,
        b"\x93NUMPY\x01\x00v\x00" + bytes(400),
        b"\x7fELF\x02\x01\x01" + bytes(400),
        bytes(400),
        b"%PDF-1.7\n" + b"x" * 400,
    ],
    ids=["empty", "one", "text", "npy", "elf", "zeros", "pdf"],
)
def test_what_is_no_dicom(head):
    """Other files are not taken for DICOM by chance."""
    assert encoding_of(head) is None


def _deflated(tmp_path, body: bytes) -> tuple[SourceFile, int]:
    deflate = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    head = bytes(128) + b"DICM" + meta(DEFLATED)
    path = tmp_path / "x"
    path.write_bytes(head + deflate.compress(body) + deflate.flush())
    return SourceFile(path=path, name="x", size=path.stat().st_size), len(head)


def test_deflated_data_comes_back(tmp_path):
    """Position behind the meta group, the bytes themselves, their number."""
    source, position = _deflated(tmp_path, BODIES[LITTLE] * 1000)
    found = encoding_of(source.path.read_bytes())
    assert found.deflated and found.position == position and found.coding == LITTLE
    assert inflated(source, position) == (BODIES[LITTLE] * 1000, 18000)


def test_only_as_much_is_kept_as_a_header_may_have(tmp_path, monkeypatch):
    """Pixels are counted, not kept."""
    import dataclasses

    small = dataclasses.replace(bounds.load(), max_header_mb=1)
    monkeypatch.setattr(bounds, "load", lambda: small)
    source, position = _deflated(tmp_path, bytes(3 << 20))
    kept, size = inflated(source, position)
    assert len(kept) == 1 << 20 and size == 3 << 20


def test_damaged_deflated_data_says_so(tmp_path):
    """No exception of zlib."""
    source, position = _deflated(tmp_path, BODIES[LITTLE])
    source.path.write_bytes(source.path.read_bytes()[:position] + b"\xff\xff\xff\xff")
    with pytest.raises(ValueError, match="damaged DICOM file"):
        inflated(source, position)
