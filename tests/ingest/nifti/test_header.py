"""NIfTI and Analyze headers: what is believed, what is refused by name (more in test_nifti.py, through the reader)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spinemets.ingest.files.source_file import SourceFile
from spinemets.ingest.nifti import header as headers


def source(path: Path, kind: str = "nifti") -> SourceFile:
    return SourceFile(path=path, name=path.name, size=path.stat().st_size, kind=kind)


@pytest.fixture
def plain(tmp_path, write_nifti) -> Path:
    """A 4 x 5 x 6 file of 16-bit integers, three volumes."""
    return write_nifti(tmp_path / "x.nii", np.ones((4, 5, 6, 3), np.int16), np.diag([-2.0, -2, 3, 1]))


def patched(path: Path, *patches: tuple[int, bytes]) -> SourceFile:
    raw = bytearray(path.read_bytes())
    for offset, data in patches:
        raw[offset : offset + len(data)] = data
    path.write_bytes(bytes(raw))
    return source(path)


def test_what_the_header_says(plain):
    """Shape, type, place, scale, claimed bytes."""
    _, stored = headers.read(source(plain), None)
    assert (stored.shape, stored.n_volumes, stored.dtype, stored.offset) == ((4, 5, 6), 3, np.int16, 352)
    assert (stored.slope, stored.intercept, stored.step_s, stored.to_mm) == (1, 0, None, 1)
    assert stored.volume_bytes == 240 and stored.claimed == 352 + 720 == plain.stat().st_size
    assert stored.warnings == ()


@pytest.mark.parametrize(("code", "step"), [(8, 2.0), (16, 0.002), (24, 2e-6), (32, None), (0, None)])
def test_units_of_time(plain, code, step):
    """Seconds, milliseconds, microseconds; hertz and nothing are no time."""
    stored = headers.read(patched(plain, (92, np.float32(2).tobytes()), (123, bytes([code]))), None)[1]
    assert stored.step_s == step


@pytest.mark.parametrize("step", [0.0, -1.0, np.nan, np.inf])
def test_a_step_that_is_no_time(plain, step):
    assert headers.read(patched(plain, (92, np.float32(step).tobytes()), (123, b"\x0a")), None)[1].step_s is None


def test_refusals_come_before_allocation(plain):
    """A size the file cannot hold, a negative offset."""
    with pytest.raises(headers.Refused, match="the header claims"):
        headers.read(patched(plain, (42, np.array([32000, 32000, 32000], "<i2").tobytes())), None)
    plain.write_bytes(plain.read_bytes())
    with pytest.raises(headers.Refused):
        headers.read(patched(plain, (108, np.float32(-5).tobytes())), None)


def test_neither_mark(plain):
    """A `.nii` file without NIfTI's mark is not taken for Analyze."""
    with pytest.raises(headers.Refused, match="neither NIfTI nor Analyze"):
        headers.read(patched(plain, (344, b"abc\0")), None)


def test_pairs_are_found_by_name(tmp_path):
    """`.hdr` and `.img` of one name in one folder; an `.img` alone is left to the others."""
    names = {
        "a/x.hdr": "nifti",
        "a/x.img": "dicom",
        "b/x.img": "dicom",
        "y.hdr": "dicom",
        "y.img": "dicom",
        "z.HDR": "nifti",
    }
    files = [SourceFile(path=tmp_path, name=name, size=1, kind=kind) for name, kind in names.items()]
    assert {head: image.name for head, image in headers.partners(files).items()} == {"a/x.hdr": "a/x.img"}
    assert [headers.is_head(one) for one in files] == [True, False, False, False, False, True]
    assert headers.partners([]) == {}
