"""Shapes of the trunk."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.anatomy.trunk.structures import (
    EVERYWHERE,
    Bone,
    ball,
    bone_of,
    chain,
    joined,
    point,
    soft_of,
    turned,
)


def test_chain_joins_places_with_changing_thickness():
    """Each bar ends where the next one begins, as thick as it."""
    bars = chain([(0, 0, 0), (10, 0, 0), (10, 20, 0)], [(2, 3), (4, 5), (6, 7)])
    assert len(bars) == 2
    assert bars[0].end == bars[1].start == (10.0, 0.0, 0.0)
    assert bars[0].half_mm == ((2, 3), (4, 5)) and bars[1].half_mm[1] == (6, 7)
    with pytest.raises(ValueError):
        chain([(0, 0, 0), (1, 0, 0)], [(1, 1)])


def test_ball_is_a_sphere(around, at):
    """Distance to its surface in any direction, within the tenth of a mm that its bar is long."""
    bone = bone_of("ball", (ball((5.0, -3.0, 2.0), 12.0),))
    turns = np.random.default_rng(1).standard_normal((20, 3))
    turns /= np.linalg.norm(turns, axis=1, keepdims=True)
    assert at(bone, (5.0, -3.0, 2.0) + 13.5 * turns) == pytest.approx(np.full(20, 1.5), abs=0.25)


def test_box_of_joined_bars_holds_them(around):
    """No point inside lies at the box's border."""
    distance, box = joined(chain([(0, 0, 0), (30, 10, 5), (40, 40, -9)], [(5, 8), (9, 4), (3, 3)]), 3.0)
    block = around(box, 1.0)
    inside = np.broadcast_to(distance(block) < 0, block.shape)
    for axis, (low, high) in enumerate(zip(*box, strict=True)):
        reached = np.broadcast_to(block.axes[axis], block.shape)[inside]
        assert low <= reached.min() and reached.max() <= high


def test_turned_ellipsoid_has_its_volume_and_box(around):
    """4/3 pi abc however it is turned, and within its box."""
    c, s = np.cos(0.7), np.sin(0.7)
    axes = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1.0]])
    distance, box = turned((3.0, 4.0, 5.0), (20.0, 8.0, 12.0), axes)
    block = around(box, 0.8)
    inside = np.broadcast_to(distance(block) < 0, block.shape)
    assert inside.sum() * 0.8**3 == pytest.approx(4 / 3 * np.pi * 20 * 8 * 12, rel=0.02)
    reached = np.broadcast_to(block.axes[0], block.shape)[inside]
    assert box[0][0] <= reached.min() < box[0][0] + 4 and box[1][0] - 4 < reached.max() <= box[1][0]
    long = distance(block)[tuple(np.argwhere(inside)[0])]
    assert long < 0


def test_bone_keeps_its_cortex():
    """A stated thickness replaces the usual one, everything else stays."""
    bone = bone_of("femur", (ball((0, 0, 0), 5.0),))
    thick = bone.thick(4.0)
    assert (bone.shell_mm, thick.shell_mm) == (None, 4.0)
    assert isinstance(thick, Bone) and thick.box == bone.box and thick.rods == bone.rods


def test_soft_of_bars():
    """Name, tissue, and a box of their own."""
    soft = soft_of("duct", "muscle", (ball((0, 0, 0), 5.0),))
    assert (soft.name, soft.tissue, soft.marbled) == ("duct", "muscle", 0.0)
    assert soft.box != EVERYWHERE
    assert point(np.array([1, 2, 3])) == (1.0, 2.0, 3.0)
