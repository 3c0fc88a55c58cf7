"""Values along rays and sub-sample crossings of a surface."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.geometry.rays import first_crossing, last_crossing, sample
from spinemets.model.grid import Grid
from spinemets.model.volume import Volume


def ramp(padding: np.ndarray | None = None) -> Volume:
    """Value = 2 x + 3 y - z at every voxel centre."""
    affine = np.diag([1.0, 1.5, 2.0, 1.0])
    grid = Grid(shape_ijk=(12, 10, 8), affine_lps_mm=affine)
    points = grid.to_lps_mm(np.moveaxis(np.indices(grid.shape_ijk), 0, -1))
    values = (points @ [2.0, 3.0, -1.0]).astype(np.float32)
    return Volume(array=values, grid=grid, quantity="attenuation", unit="[hnsf'U]", padding=padding)


def test_trilinear_values_of_a_linear_field_are_exact():
    volume = ramp()
    points = np.array([[3.2, 4.1, 5.0], [6.0, 7.7, 8.8]])
    directions = np.array([[0.0, 0.6, 0.8], [1.0, 0.0, 0.0]])
    distances = np.array([-1.0, 0.0, 2.5])
    found = sample(volume, points, directions, distances)
    expected = (points[:, None] + directions[:, None] * distances[None, :, None]) @ [2.0, 3.0, -1.0]
    assert found == pytest.approx(expected, abs=1e-4)


def test_a_ray_that_leaves_the_image_is_nan():
    found = sample(ramp(), np.array([[1.0, 4.0, 4.0]]), np.array([[-1.0, 0.0, 0.0]]), np.array([0.0, 0.5, 3.0]))
    assert np.isfinite(found[0, :2]).all()
    assert np.isnan(found[0, 2])


def test_padding_is_no_measurement():
    padding = np.zeros((12, 10, 8), bool)
    padding[6:] = True
    volume = ramp(padding)
    found = sample(volume, np.array([[4.0, 6.0, 6.0]]), np.array([[1.0, 0.0, 0.0]]), np.array([0.0, 3.0]))
    assert np.isfinite(found[0, 0])
    assert np.isnan(found[0, 1])


def test_crossings_between_samples():
    profile = np.array([0.0, 0.25, 0.75, 1.0, 1.0, 0.8, 0.2, 0.0], np.float32)[None, :]
    assert first_crossing(profile, 0.5, 1)[0] == pytest.approx(1.5)
    assert last_crossing(profile, 0.5, 1)[0] == pytest.approx(5.5)


def test_the_outermost_crossing_wins():
    """A hole in the mask (a destroyed part) is not taken for its surface."""
    profile = np.array([0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0], np.float32)[None, :]
    assert first_crossing(profile, 0.5, 1)[0] == pytest.approx(0.5)
    assert last_crossing(profile, 0.5, 1)[0] == pytest.approx(5.5)


def test_no_crossing_is_nan():
    assert np.isnan(last_crossing(np.zeros((1, 5), np.float32), 0.5, 1)[0])


def test_level_by_column():
    profile = np.array([[0.0, 0.6, 0.6, 0.0], [0.0, 1.0, 1.0, 0.0]], np.float32)
    found = last_crossing(profile, np.array([0.3, 0.5]), 1)
    assert found == pytest.approx([2.5, 2.5])


def test_a_profile_that_is_cut_off_ends_at_its_last_sample():
    assert last_crossing(np.array([[0.0, 1.0, 1.0]], np.float32), 0.5, 1)[0] == pytest.approx(2.0)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_any_axis(axis: int):
    cube = np.zeros((9, 9, 9), np.float32)
    cube[3:6, 3:6, 3:6] = 1.0
    found = last_crossing(cube, 0.5, axis)
    assert np.nanmax(found) == pytest.approx(5.5)
    assert np.nanmin(first_crossing(cube, 0.5, axis)) == pytest.approx(2.5)
