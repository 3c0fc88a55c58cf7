"""A map of B1 on the images' grid: the same grid, another, none in common."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.maps.from_study.flip_angle import scale_on
from spinemets.maps.from_study.how import CannotMap, FlipScale, How
from spinemets.model.grid import Grid

GRID = Grid(shape_ijk=(6, 5, 4), affine_lps_mm=np.diag([2.0, 2.0, 4.0, 1.0]))


def on(values, affine):
    grid = Grid(shape_ijk=values.shape, affine_lps_mm=np.asarray(affine, float))
    return How(b1=FlipScale(values=values.astype(np.float32), grid=grid))


def test_none_was_given():
    assert scale_on(How(), GRID) is None


def test_the_same_grid_is_taken_as_it_is():
    values = np.random.default_rng(1).uniform(0.8, 1.2, GRID.shape_ijk)
    assert np.array_equal(scale_on(on(values, GRID.affine_lps_mm), GRID), values.astype(np.float32))


def test_another_grid_is_read_between_its_voxels():
    """A ramp along the patient's axes, on a turned and coarser grid, comes back as that ramp; beyond it there is nothing."""
    coarse = np.array([[0, 5.0, 0, -10], [-5.0, 0, 0, 16], [0, 0, 5.0, -2], [0, 0, 0, 1]])
    i, j, k = np.indices((5, 5, 3))
    x, y, z = (coarse @ np.stack([i, j, k, np.ones_like(i)]).reshape(4, -1))[:3].reshape(3, 5, 5, 3)
    found = scale_on(on(1.0 + 0.01 * x - 0.02 * y + 0.005 * z, coarse), GRID)
    a, b, c = np.indices(GRID.shape_ijk)
    wanted = 1.0 + 0.02 * a - 0.04 * b + 0.02 * c
    known = np.isfinite(found)
    assert found[known] == pytest.approx(wanted[known], abs=1e-5)
    # z from -2 to 8 mm: slices at 0, 4 and 8 mm, not that at 12.
    assert known[:, :, :3].all() and not known[:, :, 3].any()


def test_nothing_in_common():
    far = np.diag([2.0, 2.0, 4.0, 1.0])
    far[2, 3] = 500.0
    with pytest.raises(CannotMap, match="covers no voxel"):
        scale_on(on(np.ones((4, 4, 4)), far), GRID)
