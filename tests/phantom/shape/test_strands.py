"""The nearest strand, compiled, against a plain loop."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.shape.strands import nearest


def _run(u, v, z, strands, first=0.0, step=1.0):
    shape = np.broadcast_shapes(u.shape, v.shape, z.shape)
    found = np.empty(shape, np.float32)
    nearest(found, (u, v, z), strands, first, step)
    return found


def _slowly(u, v, z, strands, first=0.0, step=1.0):
    """Strand by strand with numpy's interpolation; a strand counts where its radius is above 0."""
    u, v, z = np.broadcast_arrays(u, v, z)
    heights = first + step * np.arange(strands.shape[2])
    best = np.full(u.shape, 1e3)
    for a, b, r in strands:
        centre_u, centre_v, radius = (np.interp(z, heights, row) for row in (a, b, r))
        apart = np.hypot(u - centre_u, v - centre_v) - radius
        best = np.where(radius > 0, np.minimum(best, apart), best)
    return best


def _points(draw, *shapes):
    return tuple(draw.uniform(-4, 14, shape).astype(np.float32) for shape in shapes)


@pytest.mark.parametrize(
    "shapes",
    [((6, 7, 8),) * 3, ((6, 1, 1), (1, 7, 1), (1, 1, 8)), ((1, 1, 1), (1, 1, 8), (6, 7, 1))],
    ids=["full", "straight", "oblique"],
)
def test_as_the_slow_loop(shapes):
    """Any shape that broadcasts, heights beyond both ends of the table."""
    draw = np.random.default_rng(4)
    strands = draw.normal(4, 3, (5, 3, 12)).astype(np.float32)
    strands[:, 2] = draw.uniform(-1, 1, (5, 12))
    points = _points(draw, *shapes)
    assert _run(*points, strands, 1.0, 0.7) == pytest.approx(_slowly(*points, strands, 1.0, 0.7), abs=2e-4)


def test_no_strand_is_far():
    """Where all strands have ended nothing is near."""
    point = np.zeros((1, 1, 3), np.float32)
    strands = np.zeros((2, 3, 4), np.float32)
    strands[:, 2] = -1
    assert np.all(_run(point, point, point, strands) > 100)


def test_on_the_axis():
    """On a strand the distance is minus its radius."""
    strands = np.zeros((1, 3, 5), np.float32)
    strands[0, 0], strands[0, 2] = 3.0, 0.6
    u, zero = np.full((1, 1, 1), 3.0, np.float32), np.full((1, 1, 1), 2.0, np.float32)
    assert _run(u, np.zeros_like(u), zero, strands)[0, 0, 0] == pytest.approx(-0.6)
