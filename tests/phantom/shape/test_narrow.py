"""A coarse look may leave out only what is empty."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemets.phantom.shape.block import Block
from spinemets.phantom.shape.distance import Rod, coverage, ellipse
from spinemets.phantom.shape.narrow import WORTH_SAMPLES, narrowed

SHAPE = (11, 70, 61)


def block_of(step_mm=(1.1, 0.8, 0.8), shape=SHAPE) -> Block:
    affine = np.diag([*step_mm, 1.0])
    affine[:3, 3] = -np.multiply(step_mm, shape) / 2
    return Block(affine=affine, start=(0, 0, 0), shape=shape, reach_mm=0.8)


def lost(block, distance):
    """Whether any share of the structure lies outside the part that is kept."""
    share = coverage(np.broadcast_to(distance(block), block.shape), block.reach_mm)
    found = narrowed(block, distance)
    if found is not None:
        place, part = found
        assert part.shape == share[place].shape
        # Shares, not distances: beyond the boxes of its bars a union is only known to be far.
        again = coverage(np.broadcast_to(distance(part), part.shape), part.reach_mm)
        assert again == pytest.approx(share[place], abs=1e-4)
        share[place] = 0
    return share.any()


@settings(deadline=None, max_examples=60)
@given(
    centre=st.tuples(st.floats(-8, 8), st.floats(-40, 40), st.floats(-40, 40)),
    long=st.floats(1.0, 30.0),
    flat=st.floats(1.0, 7.0),
    turn=st.floats(0, 3.14),
)
def test_nothing_is_lost(centre, long, flat, turn):
    """Property: a tube of any section up to 1 : 7, thinner than a cell too, at any angle, also one that leaves the block."""

    def tube(block):
        x, y, z = block.axes
        u, v = y - np.float32(centre[1]), z - np.float32(centre[2])
        c, s = np.float32(np.cos(turn)), np.float32(np.sin(turn))
        return np.maximum(
            ellipse(c * u + s * v, c * v - s * u, long, long / flat), np.abs(x - np.float32(centre[0])) - 3
        )

    assert not lost(block_of(), tube)


def test_thin_plates_and_bars():
    """Bars of a millimetre between the centres of cells."""
    for seed in range(20):
        draw = np.random.default_rng(seed)
        start, end = draw.uniform(-25, 25, (2, 3))
        bar = Rod(start=tuple(start), end=tuple(end), across=(0, 0, 1), half_mm=((0.5, 2.5), (0.5, 2.5)))
        assert not lost(block_of(), bar.distance)


def test_little_remains_of_a_large_block():
    found = narrowed(block_of(shape=(30, 200, 200)), lambda b: ellipse(b.axes[1], b.axes[2], 5.0, 5.0) + 0 * b.axes[0])
    assert np.prod(found[1].shape) < 0.25 * 30 * 200 * 200


def test_nothing_remains_where_nothing_is():
    assert narrowed(block_of(), lambda b: b.axes[0] + 500) is None


def test_small_blocks_are_left_whole():
    block = block_of(shape=(2, 3, 4))
    assert np.prod(block.shape) < WORTH_SAMPLES
    assert narrowed(block, lambda b: b.axes[0] + 500) == ((slice(0, 2), slice(0, 3), slice(0, 4)), block)


@pytest.mark.parametrize(
    ("axes", "step_mm", "shape"),
    [((2, 0, 1), (1.25, 1.6, 1.6), (5, 110, 110)), ((0, 1, 2), (2, 1.7, 1.7), (3, 130, 150))],
)
def test_every_soft_structure_of_a_patient(first_light, axes, step_mm, shape):
    """What painting relies on: a slab of a CT, and of a sagittal MR, at half their grain."""
    affine = np.eye(4)
    affine[:3, :3] = np.eye(3)[:, axes] @ np.diag(step_mm)
    affine[:3, 3] = first_light.anatomy.frames["L2"].origin - affine[:3, :3] @ (np.array(shape) / 2)
    block = Block(affine=affine, start=(0, 0, 0), shape=shape, reach_mm=1.7)
    assert [soft.name for soft in first_light.anatomy.soft if lost(block, soft.distance)] == []
