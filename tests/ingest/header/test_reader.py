"""Headers from files: as much as it takes, by the scan or the full parser, never more than the limits."""

from __future__ import annotations

import dataclasses
import struct
import zlib

import numpy as np
import pytest

from spinemets.ingest.files import limits as bounds
from spinemets.ingest.files.source_file import SourceFile
from spinemets.ingest.header import headers as h
from spinemets.ingest.header import reader
from spinemets.ingest.header.headers import NotDicom
from spinemets.ingest.header.reader import HeaderReader


def source(path) -> SourceFile:
    return SourceFile(path=path, name=path.name, size=path.stat().st_size)


def test_file_without_preamble_is_read(tmp_path, write_image, noise):
    """Missing preamble and meta group: read by force, as implicit or explicit as it is."""
    path = write_image(tmp_path / "x", noise(4, 4))
    import pydicom

    dataset = pydicom.dcmread(path)
    dataset.save_as(tmp_path / "bare", enforce_file_format=False, implicit_vr=False, little_endian=True)
    data = (tmp_path / "bare").read_bytes()
    start = data.index(struct.pack("<HH2s", 8, 0x16, b"UI"))
    (tmp_path / "bare").write_bytes(data[start:])
    found = HeaderReader().header(source(tmp_path / "bare"))
    assert found.text(h.MODALITY) == "CT" and found.integer(h.ROWS) == 4
    raw = (tmp_path / "bare").read_bytes()[found.scanned.pixel_offset :]
    np.testing.assert_array_equal(np.frombuffer(raw, np.uint16).reshape(4, 4), noise(4, 4))
    assert not found.unusual


@pytest.mark.parametrize(
    "data", [b"hello world, no image at all" * 20, b"\x08\x00" + bytes(300), b"\0" * 128 + b"DICM"]
)
def test_what_is_no_dicom_says_so(tmp_path, data):
    """A clear line, not an exception of a library."""
    path = tmp_path / "x"
    path.write_bytes(data)
    with pytest.raises(NotDicom, match=r"not a DICOM|damaged"):
        HeaderReader().header(source(path))


def test_deflate_bomb_is_refused_before_it_is_inflated(tmp_path, monkeypatch):
    """Limits are checked before allocation: what inflates to 600 times its size is not parsed."""
    text = b"1.2.840.10008.1.2.1.99"
    syntax = struct.pack("<HH2sH", 2, 0x10, b"UI", len(text)) + text
    group = struct.pack("<HH2sHL", 2, 0, b"UL", 4, len(syntax))[:8] + struct.pack("<L", len(syntax))
    deflate = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    path = tmp_path / "bomb"
    path.write_bytes(bytes(128) + b"DICM" + group + syntax + deflate.compress(bytes(8 << 20)) + deflate.flush())
    small = dataclasses.replace(bounds.load(), unpack_ratio_from_mb=1)
    monkeypatch.setattr(bounds, "load", lambda: small)
    with pytest.raises(NotDicom, match="deflated file refused: unpacks to more than 250 times its size"):
        HeaderReader().header(source(path))
    path.write_bytes(path.read_bytes()[:180] + b"\xff\xff\xff")
    with pytest.raises(NotDicom, match="damaged"):
        HeaderReader().header(source(path))


def test_a_header_longer_than_the_first_read(tmp_path, write_image, noise):
    """Headers with large private blocks are read to their end."""
    path = write_image(tmp_path / "x", noise(4, 4), PatientComments="y" * 9000, ImageComments="x" * 9000)
    found = HeaderReader().header(source(path))
    assert not found.unusual and found.scanned.pixel_offset > 18000
    raw = path.read_bytes()[found.scanned.pixel_offset :][:32]
    np.testing.assert_array_equal(np.frombuffer(raw, np.uint16).reshape(4, 4), noise(4, 4))


def test_a_header_of_known_length_is_the_same_header(tmp_path, write_multiframe, noise):
    """Where the pixels begin is a hint only: too short, right, or far beyond the file, the values are the same."""
    frames = [{"position": (0, 0, float(z)), "echo_ms": 10.0} for z in range(160)]
    path = write_multiframe(tmp_path / "m", noise(160, 4, 4), frames)
    source = SourceFile(path=path, name="m", size=path.stat().st_size)
    plain = reader.read_elements(source)
    offset = reader.HeaderReader().header(source).scanned.pixel_offset
    assert offset > reader.PREFIXES[0]
    for hint in (1, offset, 10 * source.size, 1 << 40):
        found = reader.read_elements(source, hint)
        assert found.stored.keys() == plain.stored.keys()
        assert len(found.get("PerFrameFunctionalGroupsSequence")) == 160
        assert found.get("SOPInstanceUID") == plain.get("SOPInstanceUID")
