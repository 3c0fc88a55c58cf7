"""The curve of the canal and coordinates along it."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.model.grid import Grid
from spinemets.segmentation.classical_ct import curve


def line(n: int = 60, slope: float = 0.0) -> np.ndarray:
    z = np.arange(n) * 3.0
    return np.column_stack([np.full(n, 10.0), 50.0 + slope * z, z])


class TestFollow:
    def test_every_millimetre_from_the_feet_up(self, settings):
        found = curve.follow(line(), np.ones(60, np.float32), settings)
        assert found is not None
        assert len(found) == 177
        assert np.linalg.norm(np.diff(found.points, axis=0), axis=1) == pytest.approx(1.0, abs=1e-6)

    def test_axes_are_up_left_and_front(self, settings):
        found = curve.follow(line(), np.ones(60, np.float32), settings)
        assert found.along[80] == pytest.approx([0, 0, 1])
        assert found.front[80] == pytest.approx([0, -1, 0])
        assert found.left[80] == pytest.approx([1, 0, 0])

    def test_a_tilted_curve_tilts_its_axes(self, settings):
        found = curve.follow(line(slope=0.5), np.ones(60, np.float32), settings)
        along, front = found.along[90], found.front[90]
        assert along[1] / along[2] == pytest.approx(0.5, abs=0.02)
        assert along @ front == pytest.approx(0, abs=1e-9)
        assert found.left[90] == pytest.approx([1, 0, 0], abs=1e-9)

    def test_the_longest_run_counts(self, settings):
        score = np.ones(60, np.float32)
        score[10:20] = 0
        found = curve.follow(line(), score, settings)
        assert found.points[0, 2] > 45

    @pytest.mark.parametrize("seen", [0, 12])
    def test_too_short_is_no_column(self, settings, seen):
        """'finds no spine -> empty tuple, no invention'"""
        score = np.zeros(60, np.float32)
        score[:seen] = 1
        assert curve.follow(line(), score, settings) is None


class TestLocal:
    def test_round_trip(self, settings):
        found = curve.follow(line(slope=0.3), np.ones(60, np.float32), settings)
        n = 100
        point = found.points[n] + 12 * found.left[n] + 20 * found.front[n]
        along, left, front = found.local(point[None])
        assert (along[0], left[0], front[0]) == pytest.approx((n, 12, 20), abs=0.6)

    def test_beyond_the_ends_goes_on(self, settings):
        found = curve.follow(line(), np.ones(60, np.float32), settings)
        along, _, _ = found.local((found.points[0] - [0, 0, 5.0])[None])
        assert along[0] == pytest.approx(-5)


def test_straightened_picture_shows_what_lies_across(settings):
    found = curve.follow(line(), np.ones(60, np.float32), settings)
    affine = np.eye(4)
    affine[:3, 3] = (-40, -40, 0)
    grid = Grid(shape_ijk=(100, 120, 180), affine_lps_mm=affine)
    points = grid.to_lps_mm(np.moveaxis(np.indices(grid.shape_ijk), 0, -1))
    picture = found.straightened(points[..., 1].astype(np.float32), grid)
    assert picture.shape == (len(found), len(curve.LEFT_MM), len(curve.FRONT_MM))
    ahead = int(np.argmin(np.abs(curve.FRONT_MM - 21)))
    # the value is y; the front is towards smaller y
    assert picture[90, 22, ahead] == pytest.approx(50 - curve.FRONT_MM[ahead], abs=0.1)


def test_outside_the_image_is_air(settings):
    found = curve.follow(line(), np.ones(60, np.float32), settings)
    grid = Grid(shape_ijk=(4, 4, 4), affine_lps_mm=np.eye(4))
    assert (found.straightened(np.zeros((4, 4, 4), np.float32), grid)[100:] == curve.OUTSIDE_HU).all()
