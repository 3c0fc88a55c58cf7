"""Blocks of sample points."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.model.grid import Grid
from spinemets.phantom.shape.block import Block


@pytest.fixture
def oblique():
    """A rotated, anisotropic grid."""
    angle = np.radians(20.0)
    rotation = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    affine = np.eye(4)
    affine[:3, :3] = rotation @ np.diag([0.7, 0.9, 2.0])
    affine[:3, 3] = (-10.0, 5.0, 40.0)
    return Grid(shape_ijk=(7, 6, 5), affine_lps_mm=affine)


def test_coordinates_equal_the_grids(oblique):
    """Any grid, oblique too: a block's points are the voxel centres in LPS mm."""
    block = Block.of_grid(oblique)
    found = np.stack(np.broadcast_arrays(*block.axes), axis=-1)
    index = np.stack(np.meshgrid(*(np.arange(n) for n in oblique.shape_ijk), indexing="ij"), axis=-1)
    assert np.broadcast_to(found, (*oblique.shape_ijk, 3)) == pytest.approx(oblique.to_lps_mm(index), abs=1e-4)


def test_straight_grids_cost_one_axis_each(unit_grid):
    """Coordinates are only as large as they must be: x of a straight grid is one line of numbers."""
    assert [a.shape for a in Block.of_grid(unit_grid).axes] == [(20, 1, 1), (1, 20, 1), (1, 1, 20)]


def test_reach_is_the_mean_voxel_side(oblique):
    """The blur of a surface by the sample is the mean side unless stated."""
    assert Block.of_grid(oblique).reach_mm == pytest.approx(1.2)
    assert Block.of_grid(oblique, 0.5).reach_mm == 0.5


def test_within_keeps_every_point_of_the_box(oblique):
    """A part of a block for a box in mm holds all points of the block that lie in the box."""
    block = Block.of_grid(oblique)
    low, high = (-8.5, 5.0, 41.0), (-6.5, 8.0, 45.0)
    place, part = block.within((low, high))
    x, y, z = (np.broadcast_to(a, block.shape) for a in block.axes)
    inside = (x >= low[0]) & (x <= high[0]) & (y >= low[1]) & (y <= high[1]) & (z >= low[2]) & (z <= high[2])
    assert inside.any()
    outside = inside.copy()
    outside[place] = False
    assert not outside.any()
    assert part.shape == inside[place].shape


def test_part_has_the_same_coordinates(unit_grid):
    """Parts of parts keep their place."""
    block = Block.of_grid(unit_grid)
    place, part = block.within(((4.2, 5.0, 6.0), (9.0, 9.0, 9.0)))
    assert part.axes[0] == pytest.approx(block.axes[0][place[0]])
    inner_place, inner = part.within(((6.0, 6.0, 7.0), (7.0, 7.0, 8.0)))
    assert inner.axes[2][0, 0] == pytest.approx(part.axes[2][0, 0][inner_place[2]])


def test_apart_is_none(unit_grid):
    """A box that the block does not meet gives nothing to paint."""
    assert Block.of_grid(unit_grid).within(((100, 0, 0), (110, 5, 5))) is None


def test_boxes_together_equal_one_by_one(oblique):
    """All structures of a patient are looked for in one step."""
    block = Block.of_grid(oblique)
    draw = np.random.default_rng(4)
    low = draw.uniform((-16, 0, 30), (0, 15, 60), (60, 3))
    boxes = np.stack([low, low + draw.uniform(0.5, 6, (60, 3))], axis=1)
    together = {n: (place, part) for n, place, part in block.meeting(boxes)}
    assert 5 < len(together) < 55
    for n, box in enumerate(boxes):
        found = block.within(tuple(map(tuple, box)))
        assert (found is None) == (n not in together)
        if found is not None:
            assert found[0] == together[n][0]
            assert (found[1].start, found[1].shape) == (together[n][1].start, together[n][1].shape)


def test_linear_numbers_are_as_small_as_they_must_be(unit_grid):
    """Only along the axes that they depend on, in any order."""
    block = Block.of_grid(unit_grid).part((slice(2, 6), slice(3, 8), slice(1, 4)))
    assert block.linear(7.0, np.zeros(3)) == pytest.approx(np.full((1, 1, 1), 7.0))
    found = block.linear(7.0, np.array([0.0, 2.0, -1.0]))
    assert found.shape == (1, 5, 3)
    assert found.dtype == np.float32
    assert found[0] == pytest.approx(7.0 + 2.0 * np.arange(3, 8)[:, None] - np.arange(1, 4)[None, :])


def test_large_parts_may_cancel():
    """A grid whose indices begin far away: metres cancel to a micrometre."""
    affine = np.eye(4)
    affine[:3, :3] = [[0.6, 0.8, 0], [-0.8, 0.6, 0], [0, 0, 1]]
    block = Block(affine=affine, start=(40000, -30000, 0), shape=(3, 3, 3), reach_mm=1.0)
    assert block.axes[0][0, 0, 0] == pytest.approx(0.0, abs=1e-6)
