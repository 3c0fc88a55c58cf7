"""The measure that registration climbs: its value against a slow histogram, its gradient against differences."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.series.motion.coarse import Coarse
from spinemets.series.motion.mutual_information import BINS, Sample, agreement, equalised, moved, rotation, trilinear


@pytest.fixture
def picture() -> Coarse:
    """A smooth picture on a turned lattice of unequal spacing."""
    x, y, z = np.meshgrid(np.arange(14.0), np.arange(12.0), np.arange(10.0), indexing="ij")
    affine = np.eye(4)
    affine[:3, :3] = rotation(np.array([0.2, -0.1, 0.3]))[0] * np.array([2.0, 1.5, 4.0])
    affine[:3, 3] = (3, -5, 7)
    values = np.sin(x / 3) * np.cos(y / 4) + 0.05 * z + 0.3 * np.sin(z)
    return Coarse(values=(values - values.min()) / np.ptp(values) * (BINS - 1), affine_lps_mm=affine)


@pytest.fixture
def sample(picture: Coarse) -> Sample:
    rng = np.random.default_rng(3)
    index = rng.uniform(1, [12, 10, 8], (4000, 3))
    points = index @ picture.affine_lps_mm[:3, :3].T + picture.affine_lps_mm[:3, 3]
    values, _, _ = trilinear(picture, points)
    # another contrast: a folded relation, no monotone one
    bins = np.clip(np.rint(np.abs(values - 9) * 1.6), 0, BINS - 1).astype(int)
    return Sample(
        points_lps_mm=points, fixed_bin=bins, moving=picture, centre_lps_mm=points.mean(axis=0), radius_mm=12.0
    )


def test_trilinear_gives_voxels_at_their_centres(picture: Coarse):
    index = np.array([[0, 0, 0], [13, 11, 9], [5, 6, 7], [14, 0, 0]])
    points = index @ picture.affine_lps_mm[:3, :3].T + picture.affine_lps_mm[:3, 3]
    # pulled inwards by far less than rounding would show
    points[:3] += 1e-9 * (points[:3].mean(axis=0) - points[:3])
    values, _, inside = trilinear(picture, points)
    assert inside.tolist() == [True, True, True, False]
    assert values == pytest.approx([picture.values[tuple(i)] for i in index[:3]], abs=1e-6)


def test_trilinear_gradient_is_that_of_the_patient_axes(picture: Coarse):
    """Against differences of 0.001 mm along L, P and H, although the lattice is turned and stretched."""
    point = np.array([[5.3, 4.6, 3.4]]) @ picture.affine_lps_mm[:3, :3].T + picture.affine_lps_mm[:3, 3]
    _, gradient, _ = trilinear(picture, point)
    for axis in range(3):
        step = np.eye(3)[axis] * 1e-3
        ends = [trilinear(picture, point + s * step)[0][0] for s in (1, -1)]
        assert gradient[0, axis] == pytest.approx((ends[0] - ends[1]) / 2e-3, abs=1e-6)


def test_gradient_of_the_measure(sample: Sample):
    """All six directions against central differences."""
    at = np.array([0.7, -0.4, 0.9, 0.5, -0.8, 0.3])
    _, gradient = agreement(at, sample)
    for axis in range(6):
        step = np.eye(6)[axis] * 1e-4
        slope = (agreement(at + step, sample)[0] - agreement(at - step, sample)[0]) / 2e-4
        assert gradient[axis] == pytest.approx(slope, abs=2e-3 * np.abs(gradient).max() + 1e-5)


def test_value_is_that_of_a_histogram(sample: Sample):
    """Against a loop over the points with the window written out."""
    values, _, _ = trilinear(sample.moving, sample.points_lps_mm)
    joint = np.zeros((BINS, BINS + 8))
    for row, value in zip(sample.fixed_bin, values, strict=True):
        for bin_ in range(BINS + 8):
            d = abs(value + 4 - bin_)
            w = (4 - 6 * d**2 + 3 * d**3) / 6 if d < 1 else (2 - d) ** 3 / 6 if d < 2 else 0.0
            joint[row, bin_] += w
    p = joint / joint.sum()
    product = p.sum(axis=1, keepdims=True) * p.sum(axis=0, keepdims=True)
    full = p > 0
    expected = float(np.sum(p[full] * np.log(p[full] / product[full])))
    assert agreement(np.zeros(6), sample)[0] == pytest.approx(expected, abs=1e-6)


def test_the_true_place_informs_most(sample: Sample):
    here = agreement(np.zeros(6), sample)[0]
    assert all(agreement(2 * sign * np.eye(6)[axis], sample)[0] < here for axis in range(6) for sign in (-1, 1))


def test_no_agreement_where_most_points_leave_the_picture(sample: Sample):
    value, gradient = agreement(np.array([500.0, 0, 0, 0, 0, 0]), sample)
    assert value == 0 and not gradient.any()


def test_rotation_turns_about_each_axis():
    """A quarter turn about z takes L to P; the derivative is that of the matrix."""
    quarter, _ = rotation(np.array([0, 0, np.pi / 2]))
    assert quarter @ [1, 0, 0] == pytest.approx([0, 1, 0])
    angles = np.array([0.3, -0.2, 0.4])
    turn, slopes = rotation(angles)
    assert turn @ turn.T == pytest.approx(np.eye(3))
    for axis in range(3):
        step = np.eye(3)[axis] * 1e-6
        assert slopes[axis] == pytest.approx((rotation(angles + step)[0] - rotation(angles - step)[0]) / 2e-6, abs=1e-8)


def test_moved_points_turn_about_the_centre(sample: Sample):
    centre = sample.centre_lps_mm[None]
    assert moved(centre, np.array([1, 2, 3, 4, 5, 6.0]), sample)[0] == pytest.approx(centre[0] + [1, 2, 3])


def test_equalised_values_fill_the_bins():
    """Half air, half tissue: both get their share, order is kept, nan stays."""
    rng = np.random.default_rng(5)
    tissue = rng.gamma(2, 50, 5000)
    level = equalised(tissue, tissue)
    assert np.all(np.diff(level[np.argsort(tissue)]) >= 0)
    counts = np.histogram(level, 6)[0]
    assert counts.min() > 0.8 * counts.mean()
    assert np.isnan(equalised(np.array([np.nan]), tissue)).all()
    assert np.isfinite(equalised(np.zeros(10), np.zeros(10))).all()


def test_a_part_of_a_sample_keeps_its_points(sample: Sample):
    half = sample.part(np.arange(4000) % 2 == 0)
    assert len(half.points_lps_mm) == len(half.fixed_bin) == 2000
    assert half.radius_mm == sample.radius_mm
