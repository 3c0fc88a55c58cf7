"""Unions of bars, compiled, against numpy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemets.phantom.shape.block import Block
from spinemets.phantom.shape.distance import FAR_MM, Rod, union
from tests.phantom.shape import twins


def block_of(turn_deg: float, shape=(9, 14, 21), step_mm=(2.0, 1.0, 0.8), start=(3, 0, 5)) -> Block:
    """A block about the origin, turned about two axes, its axes in another order than x, y, z."""
    c, s = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    turned = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    affine = np.eye(4)
    affine[:3, :3] = turned[:, [2, 0, 1]] @ np.diag(step_mm)
    affine[:3, 3] = -affine[:3, :3] @ (np.array(start) + np.array(shape) / 2)
    return Block(affine=affine, start=start, shape=shape, reach_mm=1.0)


def rods(seed: int, number: int) -> tuple[Rod, ...]:
    """Bars of random place and section near the origin."""
    draw = np.random.default_rng(seed)
    return tuple(
        Rod(
            start=tuple(draw.uniform(-9, 9, 3)),
            end=tuple(draw.uniform(-9, 9, 3)),
            across=tuple(draw.normal(size=3)),
            half_mm=tuple(map(tuple, draw.uniform(1.0, 6.0, (2, 2)))),
        )
        for _ in range(number)
    )


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), number=st.integers(1, 6), turn=st.sampled_from([0.0, 17.0]))
def test_union_equals_its_twin(seed, number, turn):
    """Property: a fast path is never another algorithm. Equal to 1e-4 mm, on straight and on oblique blocks."""
    block, some = block_of(turn), rods(seed, number)
    assert union(block, some, 2.5) == pytest.approx(twins.union(block, some, 2.5), abs=1e-4)


@pytest.mark.parametrize("turn", [0.0, 17.0])
def test_one_bar_is_worked_out_everywhere(turn):
    """A bar alone has a distance at every point, also outside its box."""
    block, (one,) = block_of(turn, step_mm=(9.0, 8.0, 7.0)), rods(4, 1)
    found = one.distance(block)
    assert found.max() > 60
    assert found == pytest.approx(twins.rod(one, block), abs=1e-4)


def test_far_from_the_origin_nothing_is_lost():
    """The block's first sample may lie a metre from the bar: rows begin in double precision."""
    (one,) = rods(7, 1)
    near = block_of(0.0)
    far = Block(affine=near.affine.copy(), start=near.start, shape=near.shape, reach_mm=1.0)
    far.affine[:3, 3] -= far.affine[:3, :3] @ [2000, 3000, 4000]
    same = Block(affine=far.affine, start=tuple(np.add(near.start, [2000, 3000, 4000])), shape=near.shape, reach_mm=1.0)
    assert one.distance(same) == pytest.approx(one.distance(near), abs=1e-4)


def test_no_bar_is_far():
    """A vertebra without neighbours: nothing to join."""
    assert (union(block_of(0.0), (), 2.5) == FAR_MM).all()
