"""Voxels block by block: equal to the slow obvious reading for every type, scale, order and block size."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from spinemets.ingest.files.source_file import SourceFile
from spinemets.ingest.nifti import voxels as nifti_voxels
from spinemets.ingest.nifti.header import Stored
from spinemets.ingest.nifti.voxels import Reader

SHAPE = (7, 5, 6)


def reader(path: Path, volumes: list[np.ndarray], slope: float = 1.0, intercept: float = 0.0) -> Reader:
    """A file of these volumes behind 13 other bytes, compressed where its name says so."""
    raw = bytes(13) + b"".join(volume.tobytes(order="F") for volume in volumes)
    packed = path.name.endswith(".gz")
    path.write_bytes(gzip.compress(raw) if packed else raw)
    kind = "nifti-gz" if packed else "nifti"
    source = SourceFile(path=path, name=path.name, size=path.stat().st_size, kind=kind)
    return Reader(
        Stored(source=source, shape=volumes[0].shape, n_volumes=len(volumes), dtype=volumes[0].dtype, offset=13, slope=slope,
               intercept=intercept)
    )  # fmt: skip


@pytest.mark.parametrize("block", [16, 1 << 22])
@pytest.mark.parametrize("name", ["x.nii", "x.nii.gz"])
@pytest.mark.parametrize("kind", ["u1", "i1", "<i2", ">i2", "<u2", "<i4", ">i4", "<u4", "<i8", "<f4", ">f4", "<f8"])
@pytest.mark.parametrize("scale", [(1.0, 0.0), (1.0, -1024.0), (0.5, 3.25)])
def test_equal_to_the_obvious_reading(tmp_path, monkeypatch, block, name, kind, scale):
    """stored * slope + intercept in double precision; integers stay integers where scale and range allow."""
    monkeypatch.setattr(nifti_voxels, "BLOCK", block)
    slope, intercept = scale
    rng = np.random.default_rng(1)
    stored = rng.integers(0, 120, SHAPE).astype(kind)
    values, bad, said = reader(tmp_path / name, [stored], slope, intercept).values(0)
    np.testing.assert_allclose(values, stored.astype(float) * slope + intercept, rtol=1e-6)
    whole = np.dtype(kind).kind in "iu" and slope == 1
    assert values.dtype == (np.int16 if whole else np.float32) and bad is None and said == ()
    assert values.shape == SHAPE and values.flags.f_contiguous


@pytest.mark.parametrize(
    ("kind", "ends", "intercept", "expected"),
    [("<u2", (0, 65535), 0, np.int32), ("<i4", (-40000, 5), 0, np.int32), ("<i2", (-32768, 32767), 1, np.int32),
     ("<u2", (0, 33000), -1024, np.int16), ("<u4", (0, 2**32 - 1), 0, np.float32), ("<i8", (-(2**40), 0), 0, np.float32),
     ("i1", (-128, 127), 0, np.int16)],
)  # fmt: skip
def test_smallest_type_that_holds_every_value(tmp_path, monkeypatch, kind, ends, intercept, expected):
    """A value that does not fit, found in the last block, changes the type and nothing else."""
    monkeypatch.setattr(nifti_voxels, "BLOCK", 32)
    stored = np.zeros(SHAPE, kind)
    stored[0, 0, 0], stored[-1, -1, -1] = ends
    values, _, said = reader(tmp_path / "x.nii", [stored], 1.0, float(intercept)).values(0)
    assert values.dtype == expected
    np.testing.assert_allclose(values, stored.astype(float) + intercept, rtol=1e-7)
    assert bool(said) == (expected == np.float32)


def test_what_is_no_number(tmp_path, monkeypatch):
    """NaN and infinity anywhere: marked, and the lowest value in their place; nothing but NaN is zero."""
    monkeypatch.setattr(nifti_voxels, "BLOCK", 64)
    stored = np.full(SHAPE, 4.0, np.float32)
    stored[0, 0, 0], stored[3, 3, 3], stored[-1, -1, -1] = np.nan, 2.0, -np.inf
    values, bad, _ = reader(tmp_path / "x.nii", [stored]).values(0)
    np.testing.assert_array_equal(bad, ~np.isfinite(stored))
    assert values[0, 0, 0] == values[-1, -1, -1] == 2.0
    nothing, everywhere, _ = reader(tmp_path / "y.nii", [np.full(SHAPE, np.nan, np.float32)]).values(0)
    assert everywhere.all() and (nothing == 0).all()


def test_values_beyond_float32(tmp_path):
    """A double too large for single precision is no number, not a crash."""
    stored = np.ones(SHAPE)
    stored[1, 1, 1] = 1e300
    _, bad, _ = reader(tmp_path / "x.nii", [stored]).values(0)
    assert bad.sum() == 1 and bad[1, 1, 1]


@pytest.mark.parametrize("name", ["x.nii", "x.nii.gz"])
def test_volumes_in_any_order(tmp_path, name):
    """Forwards, backwards, twice; nothing stays open behind the last."""
    volumes = [np.full(SHAPE, t, np.int16) for t in range(4)]
    one = reader(tmp_path / name, volumes)
    for t in (1, 2, 0, 3, 3, 1, 0, 3):
        assert (one.values(t)[0] == t).all()
    assert one._stream is None


@pytest.mark.parametrize("name", ["x.nii", "x.nii.gz"])
def test_a_file_that_ends_too_early(tmp_path, name):
    """An EOFError of ours and a closed file, for the plain copy and for the converted blocks."""
    for kind in (np.int16, np.int32):
        one = reader(tmp_path / name, [np.ones(SHAPE, kind)])
        short = bytes(13 + 100)
        (tmp_path / name).write_bytes(gzip.compress(short) if name.endswith("gz") else short)
        with pytest.raises(EOFError):
            one.values(0)
        assert one._stream is None
