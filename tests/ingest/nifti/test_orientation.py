"""Orientation of NIfTI files and G-12: "codes both 0 -> sides unknown"."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.ingest.read import read

STRAIGHT = np.array([[-1.0, 0, 0, 10], [0, -1, 0, 20], [0, 0, 2, -30], [0, 0, 0, 1]])


def series_of(tmp_path, write_nifti, affine=STRAIGHT, array=None, **forms):
    array = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6) if array is None else array
    return read([write_nifti(tmp_path / "x.nii", array, affine, **forms)]).series[0]


def moved(x_mm: float = 0.0) -> np.ndarray:
    affine = STRAIGHT.copy()
    affine[0, 3] += x_mm
    return affine


def test_sform_before_qform(tmp_path, write_nifti):
    """Prefer sform if its code is > 0; a conflict is a warning that names both."""
    series = series_of(tmp_path, write_nifti, sform=(moved(5), 1), qform=(STRAIGHT, 1))
    assert series.grid.affine_lps_mm[0, 3] == pytest.approx(-15)
    assert "5.0 mm" in series.warnings[0] and "sform is used" in series.warnings[0]
    assert series.sides_known


def test_small_differences_are_no_conflict(tmp_path, write_nifti):
    """Only more than 1 mm or 1 degree is said."""
    assert series_of(tmp_path, write_nifti, sform=(moved(0.5), 1), qform=(STRAIGHT, 1)).warnings == ()


def test_qform_alone(tmp_path, write_nifti):
    """Without an sform the qform is used."""
    series = series_of(tmp_path, write_nifti, sform=(moved(50), 0), qform=(STRAIGHT, 1))
    assert series.grid.affine_lps_mm[0, 3] == pytest.approx(-10)
    assert series.sides_known and series.warnings == ()


def test_neither_stated_means_unknown_sides(tmp_path, write_nifti):
    """T: "NIfTI with sform_code = qform_code = 0 -> no laterality word in the report"."""
    series = series_of(tmp_path, write_nifti, sform=(STRAIGHT, 0), qform=(STRAIGHT, 0))
    assert not series.sides_known and series.measurable
    assert "orientation not stated" in series.warnings[0]
    assert series.grid.spacing_mm == pytest.approx((1, 1, 2))


def test_contradictory_sides_are_unknown_sides(tmp_path, write_nifti):
    """D: "orientation codes are missing, contradictory": a left-right flip between the two forms."""
    flipped = STRAIGHT.copy()
    flipped[0] *= -1
    series = series_of(tmp_path, write_nifti, sform=(flipped, 1), qform=(STRAIGHT, 1))
    assert not series.sides_known
    assert any("left and right are unknown" in w for w in series.warnings)


@pytest.mark.parametrize(("shear", "verdict", "notes"), [(5e-6, "ok", 0), (5e-4, "ok", 1)])
def test_almost_right_angles_are_made_right_and_said(tmp_path, write_nifti, shear, verdict, notes):
    """Tolerate a non-orthonormal sform within 1e-3, say so; spacing and centre stay."""
    bent = STRAIGHT.copy()
    bent[0, 1] = shear
    series = series_of(tmp_path, write_nifti, sform=(bent, 1), qform=(STRAIGHT, 0))
    axes = series.grid.axes
    assert series.geometry.verdict == verdict and len(series.geometry.notes) == notes
    np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-6)
    centre = (np.array([4, 5, 6]) - 1) / 2
    truth = (bent @ [*centre, 1])[:3] * [-1, -1, 1]
    np.testing.assert_allclose(series.grid.to_lps_mm(centre), truth, atol=1e-4)


def test_sheared_plane_is_refused(tmp_path, write_nifti):
    """Beyond the tolerance inside the slice plane: refused with its reason."""
    bent = STRAIGHT.copy()
    bent[0, 1] = 0.2
    series = series_of(tmp_path, write_nifti, sform=(bent, 1), qform=(STRAIGHT, 0))
    assert series.geometry.verdict == "refused" and "sheared" in series.geometry.notes[0]
    assert series.grid is None and not series.measurable


def test_tilted_stack_is_resampled_like_dicom(tmp_path, write_nifti):
    """A slice axis that leans is a tilt: resampled with a record, values stay at their place in space."""
    bent = STRAIGHT.copy()
    bent[1, 2] = 1.0  # one voxel (1 mm) sideways per slice
    i, j, k = np.meshgrid(np.arange(4), np.arange(5), np.arange(6), indexing="ij")
    world = np.stack([i, j, k, np.ones_like(i)], -1) @ (np.diag([-1, -1, 1, 1]) @ bent).T
    values = (3 * world[..., 0] + 2 * world[..., 1] + world[..., 2] + 500).astype(np.int16)
    series = series_of(tmp_path, write_nifti, sform=(bent, 1), qform=(STRAIGHT, 0), array=values)
    volume = series.pixels()
    assert series.geometry.verdict == "resampled" and "tilted" in series.geometry.notes[0]
    assert volume.padding is not None and (~volume.padding).sum() == values.size
    where = volume.grid.to_lps_mm(np.argwhere(~volume.padding))
    truth = 3 * where[:, 0] + 2 * where[:, 1] + where[:, 2] + 500
    np.testing.assert_allclose(volume.array[~volume.padding], truth, atol=0.51)


def spoiled_sform(tmp_path, write_nifti, spoil, qform_code):
    bent = STRAIGHT.copy()
    bent[:3, 2] = spoil
    path = write_nifti(tmp_path / "x.nii", np.ones((4, 5, 6), np.int16), STRAIGHT, qform=(STRAIGHT, qform_code))
    raw = bytearray(path.read_bytes())
    raw[280:328] = bent[:3].astype("<f4").tobytes()
    path.write_bytes(bytes(raw))
    return read([path]).series[0]


@pytest.mark.parametrize("spoil", [0.0, np.nan])
def test_an_affine_that_spans_no_space_is_refused(tmp_path, write_nifti, spoil):
    """Zero or missing axes are no geometry."""
    series = spoiled_sform(tmp_path, write_nifti, spoil, 0)
    assert series.geometry.verdict == "refused" and not series.measurable


@pytest.mark.parametrize("spoil", [0.0, np.nan])
def test_an_unusable_sform_leaves_the_qform(tmp_path, write_nifti, spoil):
    """Where the sform spans no space and a qform is stated, the qform is used, and that is said."""
    series = spoiled_sform(tmp_path, write_nifti, spoil, 1)
    assert series.measurable and series.sides_known
    assert series.warnings == ("the sform of the file spans no space: the qform is used",)
    np.testing.assert_allclose(series.grid.affine_lps_mm, np.diag([-1, -1, 1, 1]) @ STRAIGHT)


def test_a_qform_that_is_no_rotation_is_said(tmp_path, write_nifti):
    """Quaternion parts longer than 1: the sform is used alone; without an sform the sides are unknown."""
    for code, known in ((1, True), (0, False)):
        path = write_nifti(tmp_path / f"{code}.nii", np.ones((4, 5, 6), np.int16), STRAIGHT, sform=(STRAIGHT, code))
        raw = bytearray(path.read_bytes())
        raw[256:268] = np.array([3, 3, 3], "<f4").tobytes()
        path.write_bytes(bytes(raw))
        series = read([path]).series[0]
        assert series.warnings[0] == "the qform of the file is not used: its numbers are no rotation"
        assert series.measurable and series.sides_known is known


@pytest.mark.parametrize(
    ("code", "edge", "spacing", "word"),
    [(1, 0.001, 1.0, "metres and converted"), (3, 1000.0, 1.0, "micrometres and converted"),
     (1, 1.0, 1.0, "taken as millimetres"), (2, 1.0, 1.0, ""), (0, 1.0, 1.0, "")],
)  # fmt: skip
def test_units_of_length(tmp_path, write_nifti, code, edge, spacing, word):
    """Metres and micrometres become millimetres; a unit that would make voxels of a metre is not believed; both are said."""
    affine = np.diag([-edge, -edge, edge, 1.0])
    affine[:3, 3] = 10 * edge
    path = write_nifti(tmp_path / "x.nii", np.ones((4, 5, 6), np.int16), affine)
    raw = bytearray(path.read_bytes())
    raw[123] = code
    path.write_bytes(bytes(raw))
    series = read([path]).series[0]
    assert series.grid.spacing_mm == pytest.approx((spacing,) * 3)
    assert np.abs(series.grid.affine_lps_mm[:3, 3]) == pytest.approx([10 * spacing] * 3)
    assert word in (series.warnings[0] if series.warnings else "")
    assert len(series.warnings) == bool(word)
