"""Signed distances against shapes whose distance is known exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.phantom.shape import distance
from spinemets.phantom.shape.block import Block
from spinemets.phantom.shape.distance import Rod, ellipsoid


@pytest.fixture
def block(cube):
    """1 mm points from -15 to 15."""
    return Block.of_grid(cube((0, 0, 0), 15, 1.0))


def test_coverage_is_exact_for_a_plane():
    """Partial volume of a plane across the sample: linear from 1 to 0 over the side of the sample."""
    shares = distance.coverage(np.array([-1.0, -0.5, 0.0, 0.25, 0.5, 2.0]), 1.0)
    assert shares == pytest.approx([1.0, 1.0, 0.5, 0.25, 0.0, 0.0])


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_coverage_of_distances_that_repeat(axis):
    """A distance that does not change along an axis counts for every sample of it: nothing beyond its end is read."""
    lengths = [3, 4, 5]
    lengths[axis] = 1
    few = np.random.default_rng(axis).uniform(-1, 1, lengths).astype(np.float32)
    shares = distance.coverage(np.broadcast_to(few, (3, 4, 5)), 1.0)
    assert shares == pytest.approx(np.broadcast_to(np.clip(0.5 - few, 0, 1), (3, 4, 5)), abs=1e-6)


def test_circle_distance_is_exact():
    """An ellipse with equal half axes is a circle: r - R."""
    x = np.linspace(-10, 10, 41)[:, None]
    y = np.linspace(-10, 10, 41)[None, :]
    r = np.hypot(x, y)
    outside = r > 1
    assert distance.ellipse(x, y, 6.0, 6.0)[outside] == pytest.approx((r - 6.0)[outside], abs=8e-3)


def test_superellipse_is_exact_on_its_axes():
    """To first order (F - 1)/|grad F|: on the axes near the border it is the true distance."""
    u = np.array([18.0, 20.0, 21.0])
    zero = np.zeros(3)
    found, norm = distance.superellipse(u, zero, np.float64(20.0), np.float64(15.0), 2.3)
    assert found == pytest.approx([-2.0, 0.0, 1.0], abs=2e-5)
    assert norm == pytest.approx(u / 20.0, rel=2e-6)


@given(a=st.floats(-20, 20), b=st.floats(-20, 20), blend=st.floats(0.5, 5))
def test_smooth_union_stays_near_the_plain_one(a, b, blend):
    """Property: a fillet lowers the distance by at most a quarter of the blend, and only where both are close."""
    joined = float(distance.smooth_min(np.array(a), np.array(b), blend))
    assert min(a, b) - blend / 4 - 1e-5 <= joined <= min(a, b) + 1e-5
    if abs(a - b) >= blend:
        assert joined == pytest.approx(min(a, b), abs=1e-5)
    assert float(distance.smooth_max(np.array(a), np.array(b), blend)) >= max(a, b) - 1e-5


def test_round_rod_is_a_capsule(block):
    """With a round section the rod's distance is that to a segment less its radius."""
    rod = Rod(start=(-6, 0, 0), end=(6, 0, 0), across=(0, 1, 0), half_mm=((4, 4), (4, 4)))
    x, y, z = (np.broadcast_to(a, block.shape) for a in block.axes)
    beyond = np.maximum(np.abs(x) - 6, 0)
    exact = np.sqrt(beyond**2 + y**2 + z**2) - 4
    found = np.broadcast_to(rod.distance(block), block.shape)
    outside = exact > -3
    assert found[outside] == pytest.approx(exact[outside], abs=0.02)


def test_rod_tapers(block):
    """Half axes change evenly from start to end."""
    rod = Rod(start=(0, 0, -10), end=(0, 0, 10), across=(1, 0, 0), half_mm=((2, 6), (6, 2)))
    volume = np.count_nonzero(rod.distance(block) < 0)
    middle = np.pi * 4 * 4 * 20
    assert 0.9 * middle < volume < 1.4 * middle
    inside = np.broadcast_to(rod.distance(block) < 0, block.shape)
    width_at = [np.count_nonzero(inside[:, 15, k]) for k in (6, 24)]
    assert width_at[0] < width_at[1]


def test_box_holds_the_rod(block):
    """Nothing of a rod lies outside its box."""
    rod = Rod(start=(-5, -3, 2), end=(4, 6, -5), across=(0, 0, 1), half_mm=((3, 2), (2, 4)))
    inside = np.argwhere(np.broadcast_to(rod.distance(block) < 0, block.shape)) - 15.0
    assert (inside >= rod.box[0]).all()
    assert (inside <= rod.box[1]).all()


def test_union_far_away_is_far(block):
    """Where no rod is near, the union says so instead of working it out."""
    rod = Rod(start=(-12, -12, -12), end=(-11, -12, -12), across=(0, 0, 1), half_mm=((1, 1), (1, 1)))
    joined = distance.union(block, (rod,), 1.0)
    assert joined[-1, -1, -1] == distance.FAR_MM
    assert joined[3, 3, 3] < 0


def test_projection_gives_coordinates_along_directions(block):
    """Coordinates from an origin along any three directions."""
    u, v, w = distance.project(
        block, np.array([1.0, 2.0, 3.0]), (np.array([0, 1, 0]), np.array([0, 0, -1]), np.ones(3))
    )
    assert u.shape == (1, 31, 1)
    assert float(u[0, 15, 0]) == pytest.approx(-2.0)
    assert float(v[0, 0, 15]) == pytest.approx(3.0)
    assert float(w[15, 15, 15]) == pytest.approx(-6.0)


def test_ellipsoid_along_its_axes():
    """On an axis the distance is that to the end of the half axis; at the centre minus the smallest one; a ball is a ball."""
    half = (8.0, 5.0, 3.0)
    for axis, reach in enumerate(half):
        parts = [np.zeros(3, np.float32) for _ in half]
        parts[axis] = np.array([0.8 * reach, reach, reach + 4], np.float32)
        assert ellipsoid(parts, half) == pytest.approx([-0.2 * reach, 0.0, 4.0], abs=0.01)
    assert ellipsoid([np.zeros(1, np.float32)] * 3, half) == pytest.approx([-3.0])
    off = np.random.default_rng(1).normal(0, 6, (3, 50)).astype(np.float32)
    assert ellipsoid(list(off), (4.0,) * 3) == pytest.approx(np.linalg.norm(off, axis=0) - 4.0, abs=0.02)


def test_coverage_of_what_repeats_along_axes():
    """A distance that does not depend on an axis, spread over a block: the share of each sample, and memory of its own."""
    along = np.linspace(-1.0, 1.0, 7, dtype=np.float32)
    for shape, spread in (((7, 1, 1), (7, 4, 5)), ((1, 7, 1), (3, 7, 5)), ((1, 1, 7), (3, 4, 7))):
        seen = np.broadcast_to(along.reshape(shape), spread)
        share = distance.coverage(seen, 0.8)
        expected = np.clip(0.5 - np.ascontiguousarray(seen) / 0.8, 0.0, 1.0)
        assert share == pytest.approx(expected, abs=1e-6)
        share *= 0.5  # may be written to
