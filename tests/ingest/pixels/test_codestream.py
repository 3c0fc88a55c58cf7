"""Sizes that compressed images state: read by hand from the standards, checked against real streams of real encoders."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from spinemets.ingest.frames import Layout
from spinemets.ingest.pixels.codestream import NotYet, Stated, contradiction, rle_contradiction, stated


def layout(rows=40, columns=36, allocated=16, samples=1) -> Layout:
    return Layout(
        rows=rows, columns=columns, allocated=allocated, stored=12, high_bit=11, signed=False, inverted=False,
        samples=samples,
    )  # fmt: skip


@pytest.fixture
def streams(noise) -> dict[str, bytes]:
    """The same image of 12 bits by two encoders, and one of 8 bits as JPEG."""
    import io

    import jpeg_ls
    from openjpeg.utils import encode_array
    from PIL import Image

    image = noise(40, 36)
    lossy = io.BytesIO()
    Image.fromarray(image.astype(np.uint8)).save(lossy, "JPEG")
    return {
        "j2k": bytes(encode_array(image, bits_stored=12)), "jpeg-ls": bytes(jpeg_ls.encode_array(image)),
        "jpeg": lossy.getvalue(),
    }  # fmt: skip


def test_real_encoders(streams):
    """Rows before columns, bits as encoded."""
    for family, bits in (("j2k", 12), ("jpeg-ls", 12), ("jpeg", 8)):
        seen = stated(streams[family][:600])
        assert seen is not None
        assert (seen.rows, seen.columns, seen.bits, seen.samples, seen.family) == (40, 36, bits, 1, family)
        assert contradiction(seen, family, layout()) is None


def test_real_files(shared_data):
    """Every compressed file of the robustness set: the stream agrees with its header, or the contradiction is real."""
    import pydicom
    from pydicom.encaps import generate_frames

    for name, expected in (
        ("fo-dicom/GH538-jpeg14sv1.dcm", (434, 636, 8, 3)),
        ("pydicom/GDCMJ2K_TextGBR.dcm", (400, 400, 8, 3)),
        ("pydicom/JPEGLSNearLossless_08.dcm", (45, 10, 8, 1)),
        ("pydicom/JPGExtended.dcm", (1024, 256, 12, 1)),
    ):
        dataset = pydicom.dcmread(shared_data / "dicom-robustness" / name)
        seen = stated(next(generate_frames(dataset.PixelData, number_of_frames=1)))
        assert seen is not None and (seen.rows, seen.columns, seen.bits, seen.samples) == expected


def test_more_bytes_are_asked_for_until_the_size_is_there(streams):
    """A comment of 1000 bytes before the frame header: not found in the first part, found in all."""
    comment = b"\xff\xfe" + struct.pack(">H", 1002) + bytes(1000)
    data = b"\xff\xd8" + comment + streams["jpeg-ls"][2:]
    with pytest.raises(NotYet):
        stated(data[:512])
    seen = stated(data)
    assert seen is not None and seen.rows == 40
    with pytest.raises(NotYet):
        stated(streams["j2k"][:20])
    with pytest.raises(NotYet):
        stated(b"\x00\x00\x00\x0cjP  " + bytes(100))


def test_signs_and_processes():
    """JPEG 2000 says whether its samples are signed; JPEG says whether it is lossless."""
    siz = struct.pack(">4sHHLLLLLLLLHBBB", b"\xff\x4f\xff\x51", 41, 0, 36, 40, 0, 0, 36, 40, 0, 0, 1, 0x8B, 1, 1)
    assert stated(siz) == Stated(rows=40, columns=36, bits=12, samples=1, signed=True, family="j2k")
    for marker, lossless in ((0xC0, False), (0xC3, True)):
        sof = b"\xff\xd8\xff" + struct.pack(">BHBHHB", marker, 11, 12, 40, 36, 1)
        seen = stated(sof)
        assert seen is not None and (seen.lossless, seen.bits, seen.rows, seen.columns) == (lossless, 12, 40, 36)


@pytest.mark.parametrize("data", [b"", b"abcdefgh", b"\xff\xd8ab" + bytes(100), bytes(600)])
def test_what_is_none_of_them(data):
    """Nothing is read into other bytes."""
    assert stated(data) is None


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"rows": 36, "columns": 40}, "compressed image is 40 x 36, the header says 36 x 40"),
        ({"samples": 3}, "has 1 samples a pixel, the header says 3"),
        ({"allocated": 8}, "has 12 bits, the header allocates 8"),
    ],
)
def test_each_contradiction_is_said(streams, wrong, sentence):
    """What the stream says against what the header says."""
    found = contradiction(stated(streams["j2k"]), "j2k", layout(**wrong))
    assert found is not None and sentence in found


def test_another_family_than_the_syntax_promises(streams):
    """JPEG-LS under the name of JPEG 2000."""
    for seen in (stated(streams["jpeg-ls"]), None):
        assert contradiction(seen, "j2k", layout()) == "compressed image does not begin like JPEG 2000"


def test_rle_headers():
    """Number of segments = bytes of a sample times samples; offsets rise from 64 and stay inside."""
    good = struct.pack("<16L", 2, 64, 90, *[0] * 13)
    assert rle_contradiction(good, 200, layout()) is None
    assert "2 segments, the header asks for 6" in str(rle_contradiction(good, 200, layout(samples=3)))
    for head, length in (
        (struct.pack("<16L", 2, 60, 90, *[0] * 13), 200), (struct.pack("<16L", 2, 64, 64, *[0] * 13), 200), (good, 90),
    ):  # fmt: skip
        assert "impossible" in str(rle_contradiction(head, length, layout()))
    assert "without its header" in str(rle_contradiction(good[:40], 40, layout()))
