"""Coarse lattices: slow obvious twins of the fast correlation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from spinemets.model.grid import Grid
from spinemets.model.volume import Volume
from spinemets.series.motion.coarse import Coarse, best_shift, coarse, correlation, pearson


def picture(array: np.ndarray, spacing: float = 4.0, origin=(0.0, 0.0, 0.0)) -> Coarse:
    affine = np.diag([spacing, spacing, spacing, 1.0])
    affine[:3, 3] = origin
    return Coarse(values=np.asarray(array, float), affine_lps_mm=affine)


def smooth_noise(shape, seed=0) -> np.ndarray:
    return gaussian_filter(np.random.default_rng(seed).normal(size=shape), 1.2) * 100


def test_pearson_equals_numpy():
    """Reference: numpy's correlation coefficient; a constant side gives 0, never a division by zero."""
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=50), rng.normal(size=50)
    assert pearson(a, b) == pytest.approx(np.corrcoef(a, b)[0, 1])
    assert pearson(a, np.ones(50)) == 0.0


@pytest.mark.parametrize("start", [(0, 0, 0), (3, 2, 5), (6, 5, 9)])
def test_best_shift_equals_brute_force(start):
    """Fast path: Fourier transforms; slow twin: every translation, one by one."""
    large = smooth_noise((14, 12, 18))
    shape = (7, 6, 8)
    part = large[tuple(slice(s, s + n) for s, n in zip(start, shape, strict=True))]
    small = picture(part)
    found = best_shift(small, picture(large), 4.0, 0.9)
    slow = max(
        np.ndindex(8, 7, 11),
        key=lambda s: np.corrcoef(
            part.ravel(), large[tuple(slice(a, a + n) for a, n in zip(s, shape, strict=True))].ravel()
        )[0, 1],
    )
    assert slow == start
    assert found / 4.0 == pytest.approx(slow, abs=1e-6)


def test_correlation_leaves_air_out():
    """Two pictures of air always agree: points at or below the floor in both do not count."""
    inside = smooth_noise((8, 8, 8), 1)
    other = smooth_noise((8, 8, 8), 2)
    first, second = (np.pad(x, 6, constant_values=-1000.0) for x in (inside, other))
    r, n = correlation(picture(first), picture(second), np.zeros(3), -900.0)
    assert n == 512
    assert r == pytest.approx(np.corrcoef(inside.ravel(), other.ravel())[0, 1])
    outside, none = correlation(picture(first), picture(second), np.array([1e4, 0, 0]), -900.0)
    assert (outside, none) == (0.0, 0)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 5.0), (0.5, 0.5, 1.0), (3.0, 3.0, 3.0)])
def test_coarse_keeps_positions(spacing):
    """A linear ramp keeps its values at its places whatever the spacing."""
    shape = tuple(int(48 / s) for s in spacing)
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = (10, -20, 30)
    grid = Grid(shape_ijk=shape, affine_lps_mm=affine)
    index = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), axis=-1)
    ramp = grid.to_lps_mm(index) @ np.array([1.0, 2.0, 3.0])
    found = coarse(Volume(array=ramp, grid=grid, quantity="x", unit="1"), 4.0)
    expected = found.points_lps_mm() @ np.array([1.0, 2.0, 3.0])
    assert found.values.ravel() == pytest.approx(expected, abs=1e-6)


def test_time_series_uses_its_first_volume():
    """A volume with time points is compared by the first."""
    array = np.stack([np.zeros((8, 8, 8)), np.ones((8, 8, 8))], axis=-1)
    grid = Grid(shape_ijk=(8, 8, 8), affine_lps_mm=np.eye(4))
    found = coarse(Volume(array=array, grid=grid, quantity="x", unit="1"), 4.0)
    assert not found.values.any()


def test_values_are_clipped():
    """Gas and metal beyond the limits do not dominate."""
    array = np.full((8, 8, 8), -3024.0)
    array[4:] = 30000.0
    grid = Grid(shape_ijk=(8, 8, 8), affine_lps_mm=np.eye(4))
    found = coarse(Volume(array=array, grid=grid, quantity="x", unit="1"), 4.0, -1000.0, 800.0)
    assert found.values.min() == -1000.0 and found.values.max() == 800.0
