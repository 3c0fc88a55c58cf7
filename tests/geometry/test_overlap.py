"""Regions of one grid against each other, beside full masks."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.geometry.overlap import common_voxels, shared_share, union
from spinemets.model.region import Region


def drawn(grid, seed: int) -> Region:
    """Random voxels of a random box."""
    draw = np.random.default_rng(seed)
    mask = np.zeros(grid.shape_ijk, bool)
    low = draw.integers(0, 12, 3)
    high = low + draw.integers(1, 8, 3)
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    mask[box] = draw.uniform(size=mask[box].shape) > 0.4
    mask[tuple(low)] = True
    return Region.from_mask("body", mask, grid, source="test")


@pytest.mark.parametrize("seed", range(0, 60, 2))
def test_against_full_masks(unit_grid, seed):
    one, other = drawn(unit_grid, seed), drawn(unit_grid, seed + 1)
    both = one.full_mask() & other.full_mask()
    assert common_voxels(one, other) == common_voxels(other, one) == np.count_nonzero(both)
    assert shared_share(one, other) == np.count_nonzero(both) / min(one.n_voxels, other.n_voxels)
    whole = union([one, other])
    assert np.array_equal(whole.full_mask(), one.full_mask() | other.full_mask())
    assert (whole.name, whole.source) == ("body", "test")


def test_of_one_with_itself(unit_grid):
    one = drawn(unit_grid, 5)
    assert shared_share(one, one) == 1.0
    assert np.array_equal(union([one]).full_mask(), one.full_mask())


def test_regions_apart_share_nothing(unit_grid):
    mask = np.zeros(unit_grid.shape_ijk, bool)
    mask[15:, 15:, 15:] = True
    other = np.zeros_like(mask)
    other[:3, :3, :3] = True
    assert common_voxels(Region.from_mask("a", mask, unit_grid), Region.from_mask("b", other, unit_grid)) == 0
