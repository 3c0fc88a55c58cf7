"""Rigid registration across contrasts, thick slices and other planes: found motion against the exact truth."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.series.motion.coarse import Coarse, coarse
from spinemets.series.motion.measure import limits
from spinemets.series.motion.registration import common_box, decimated, register, smoothed
from tests.series.moving_body import FIRST, SECOND, body, sagittal, scan, series_of


@pytest.fixture(scope="module")
def fixed() -> Coarse:
    return coarse(series_of(scan(body(), FIRST, sagittal()), sagittal(), 1).pixels(), 1.2)


def picture(seed: int = 4, signal=SECOND, **motion) -> Coarse:
    return coarse(series_of(scan(body(seed), signal, sagittal(), **motion), sagittal(), 2).pixels(), 1.2)


@pytest.mark.parametrize(
    ("shift_mm", "rotation_deg"),
    [((0, 0, 0), (0, 0, 0)), ((3, 0, 0), (0, 0, 0)), ((1.3, -0.7, 2.1), (1, -1, 0.5)), ((0, 0, 0), (2, 0, 0))],
)
def test_motion_between_two_contrasts(fixed: Coarse, shift_mm, rotation_deg):
    """G-10 T: 3 mm found within 0.5 mm (here across 4 mm slices too), 2 degrees within 0.5, no motion as none."""
    found = register(fixed, picture(shift_mm=shift_mm, rotation_deg=rotation_deg), limits())
    assert found.shift_mm == pytest.approx(shift_mm, abs=0.3)
    assert found.rotation_deg == pytest.approx(rotation_deg, abs=0.5)
    assert found.disagreement_mm < 1.0 and found.prominence > limits()["prominence_min"]


def test_residual_is_the_largest_way_of_a_corner(fixed: Coarse):
    """No rotation: every corner goes the same way as the centre."""
    found = register(fixed, picture(shift_mm=(0, 4, 0)), limits())
    assert found.residual_mm.shape == (8, 3)
    assert np.linalg.norm(found.residual_mm, axis=1) == pytest.approx(np.full(8, 4), abs=0.7)


def test_the_other_way_round_is_the_inverse(fixed: Coarse):
    moving = picture(shift_mm=(0, 3, -2))
    there, back = register(fixed, moving, limits()), register(moving, fixed, limits())
    assert there.shift_mm == pytest.approx(-back.shift_mm, abs=0.5)


def test_same_answer_twice(fixed: Coarse):
    """Points are drawn from a fixed seed."""
    moving = picture(shift_mm=(0, 1, 0))
    assert np.array_equal(register(fixed, moving, limits()).shift_mm, register(fixed, moving, limits()).shift_mm)


def test_halves_that_differ_ask_for_more_points(fixed: Coarse):
    """CT and STIR of a patient who lay still were called moved, by less than their own repeatability."""
    moving, more = picture(shift_mm=(1, 2, -1)), limits()["more_points"]
    never, always = ({**limits(), "repeat_mm": mm} for mm in (np.inf, 0.0))
    few, many = register(fixed, moving, never), register(fixed, moving, always)
    assert np.array_equal(many.shift_mm, register(fixed, moving, {**never, "fine_points": more}).shift_mm)
    assert not np.array_equal(many.shift_mm, few.shift_mm)


def test_no_common_field(fixed: Coarse):
    affine = np.array(fixed.affine_lps_mm)
    affine[:3, 3] += 1000
    away = Coarse(values=fixed.values, affine_lps_mm=affine)
    assert common_box(fixed, away) is None
    assert register(fixed, away, limits()) is None


def test_smoothing_is_in_mm():
    """A point becomes a blob of the same width along thin and thick axes."""
    values = np.zeros((61, 61, 21))
    values[30, 30, 10] = 1.0
    blurred = smoothed(Coarse(values=values, affine_lps_mm=np.diag([1.0, 1.0, 3.0, 1.0])), 4.0).values
    for axis, spacing in ((0, 1.0), (2, 3.0)):
        profile = blurred.sum(axis=tuple(a for a in range(3) if a != axis))
        place = spacing * (np.arange(len(profile)) - len(profile) // 2)
        spread = float(profile @ place**2 / profile.sum())
        # what a voxel's own width adds was taken off beforehand
        assert np.sqrt(spread + spacing**2 / 12) == pytest.approx(4.0, rel=0.05)


def test_decimation_keeps_the_place():
    """The mean position of a blob is the same on the reduced lattice."""
    rng = np.random.default_rng(2)
    values = rng.random((31, 20, 9))
    affine = np.diag([1.0, 1.5, 4.0, 1.0])
    affine[:3, 3] = (5, 6, 7)
    small = decimated(Coarse(values=values, affine_lps_mm=affine), 3.0)
    assert small.values.shape == (10, 10, 9)
    assert small.values[2, 3, 4] == pytest.approx(values[6:9, 6:8, 4].mean())
    assert small.affine_lps_mm @ [2, 3, 4, 1] == pytest.approx(affine @ [7, 6.5, 4, 1])
