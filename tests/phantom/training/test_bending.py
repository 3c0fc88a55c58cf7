"""Deformations: their size, their smoothness, and the way back."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.training.bending import NODES, STEP_MM, STRAIGHT, Bends
from spinemets.phantom.training.recipe import recipe_of

ROW = {**recipe_of()["bend"], "share": 1.0}


@pytest.fixture(scope="module")
def points():
    """Places in a field of 1 mm voxels."""
    return np.random.default_rng(2).uniform(0, 250, (4000, 3))


def test_standard_deviation_is_the_recipes(points):
    """Of the displacement along each axis, in voxels of half a millimetre."""
    row = {"share": 1.0, "fine_mm": [1.0, 1.0], "coarse_mm": [0.0, 0.0]}
    bend = Bends(1, 0.5).drawn(row, np.random.default_rng(1))
    moved_mm = 0.5 * (bend.at(points) - points)
    # Between nodes a straight line is a mean, so a little is lost.
    assert moved_mm.std(axis=0) == pytest.approx([0.85] * 3, abs=0.15)


def test_nothing_is_folded():
    """The largest deformation of the recipe keeps the order of neighbouring places."""
    row = {"share": 1.0, **{name: [ROW[name][1]] * 2 for name in ("fine_mm", "coarse_mm")}}
    bends = Bends(1, 1.0)
    for seed in range(5):
        nodes = bends.drawn(row, np.random.default_rng(seed)).nodes
        for axis in range(3):
            growth = np.diff(nodes[..., axis], axis=axis, append=np.take(nodes[..., axis], [0], axis)) / STEP_MM
            assert growth.min() > -0.9


def test_the_way_back(points):
    """What is read at a place is seen there."""
    bend = Bends(1, 1.0).drawn(ROW, np.random.default_rng(4))
    assert np.abs(bend.at(bend.back(points)) - points).max() < 0.05
    assert np.abs(bend.at(points) - points).max() > 1.0


def test_none_moves_nothing(points):
    """In the samples that are not deformed."""
    bend = Bends(1, 1.0).drawn({**ROW, "share": 0.0}, np.random.default_rng(1))
    assert bend is STRAIGHT
    assert np.array_equal(bend.at(points), points)
    assert np.array_equal(bend.back(points), points)


def test_samples_differ_and_repeat():
    """Each draw another deformation, each seed the same ones."""
    first, again = (Bends(1, 1.0).drawn(ROW, np.random.default_rng(5)) for _ in range(2))
    other = Bends(1, 1.0).drawn(ROW, np.random.default_rng(6))
    assert first.nodes.shape == (NODES, NODES, NODES, 3)
    assert np.array_equal(first.nodes, again.nodes)
    assert np.abs(first.nodes - other.nodes).max() > 0.5
