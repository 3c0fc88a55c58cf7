"""A volume on the network's grid: means over what a sample covers, whatever way the image lies."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest

from spinemets.model.grid import Grid
from spinemets.segmentation.network.sampling import DIRECTIONS, Axis, lattice_of, sampled

SPACING = (3.0, 1.6, 1.6)


def grid_of(shape, spacing, order=(0, 1, 2), signs=(1, 1, 1)) -> Grid:
    """Axes of the image along left, down and back in some order and direction, its middle at the patient's origin."""
    affine = np.eye(4)
    affine[:3, :3] = DIRECTIONS[:, list(order)] * np.array(signs) * np.array(spacing)
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return Grid(shape_ijk=shape, affine_lps_mm=affine)


def place_values(grid: Grid) -> np.ndarray:
    """A value that is linear in the place in the patient."""
    at = grid.to_lps_mm(np.moveaxis(np.indices(grid.shape_ijk), 0, -1))
    return (at @ np.array([1.0, -2.0, 3.0])).astype(np.float32)


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("signs", list(product((1, -1), repeat=3))[::3])
def test_a_linear_image_is_met_at_every_sample(order, signs):
    """Means and weighted means of a linear function are its value at the sample."""
    spacing = tuple(np.array((4.0, 0.7, 1.1))[list(order)])
    grid = grid_of(tuple(np.array((12, 90, 64))[list(order)].tolist()), spacing, order, signs)
    lattice = lattice_of(grid, SPACING)
    found = sampled(place_values(grid), lattice)
    assert found.shape == lattice.shape
    inner = np.s_[2:-2, 2:-2, 2:-2]
    assert np.allclose(found[inner], place_values(lattice.grid)[inner], atol=2e-3)


def test_the_axes_run_to_the_left_down_and_back():
    lattice = lattice_of(grid_of((40, 30, 20), (1.0, 1.0, 1.0), (2, 0, 1), (-1, 1, -1)), SPACING)
    assert np.allclose(lattice.grid.axes, DIRECTIONS, atol=1e-12)
    assert np.allclose(lattice.grid.spacing_mm, SPACING)


def test_an_oblique_image_keeps_its_own_axes():
    angle = np.radians(25)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    affine = np.eye(4)
    affine[:3, :3] = turn
    lattice = lattice_of(Grid(shape_ijk=(20, 20, 20), affine_lps_mm=affine), (1.0, 1.0, 1.0))
    assert np.allclose(np.abs(lattice.grid.axes), np.abs(turn[:, [0, 2, 1]]))


def test_a_sample_is_the_mean_of_what_it_covers():
    """2.5 voxels wide, against a slow mean of many points on the lines between voxels."""
    axis = Axis(source=0, first=1.0, step=2.5, number=3)
    for row, place in zip(axis.weights(9), axis.places, strict=True):
        points = place + (np.arange(1000) + 0.5) / 1000 * 2.5 - 1.25
        slow = [np.interp(points, np.arange(9), np.eye(9)[n]).mean() for n in range(9)]
        assert np.allclose(row, slow, atol=1e-5)


def test_beyond_the_image_the_last_voxel_goes_on():
    weights = Axis(source=0, first=-3.0, step=0.5, number=30).weights(4)
    assert np.allclose(weights.sum(axis=1), 1)
    assert weights[0].tolist() == [1, 0, 0, 0]
    assert weights[-1].tolist() == [0, 0, 0, 1]


def test_a_box_has_the_samples_of_the_whole():
    grid = grid_of((30, 80, 60), (2.0, 1.0, 1.0), (1, 2, 0), (1, -1, 1))
    array = np.random.default_rng(1).normal(size=grid.shape_ijk).astype(np.float32)
    lattice = lattice_of(grid, SPACING)
    whole = sampled(array, lattice)
    low, high = np.array((3, 5, 7)), np.array((9, 20, 30))
    assert np.allclose(sampled(array, lattice.box(low, high)), whole[3:9, 5:20, 7:30], atol=1e-6)


def test_finer_across_halves_the_slices_in_the_same_box():
    grid = grid_of((60, 80, 60), (1.0, 1.0, 1.0))
    lattice = lattice_of(grid, SPACING)
    finer = lattice.finer_across(2)
    assert finer.shape == (2 * lattice.shape[0], *lattice.shape[1:])
    assert finer.spacing_mm == (1.5, 1.6, 1.6)
    middles = sampled(place_values(grid), finer).reshape(lattice.shape[0], 2, *lattice.shape[1:]).mean(axis=1)
    assert np.allclose(middles[1:-1], sampled(place_values(grid), lattice)[1:-1], atol=1e-3)
