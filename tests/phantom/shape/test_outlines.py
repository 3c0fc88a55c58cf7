"""Where rays leave a surface, against scipy and an obvious reading of each ray."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from spinemets.phantom.shape.outlines import leave

RADII = np.arange(0.0, 16.0, 0.125)


def _left(values, origin, directions, radii=RADII):
    found, left = np.empty(len(directions)), np.empty(len(directions), bool)
    leave(found, left, values, np.asarray(origin, float), directions, radii)
    return found, left


def _slowly(values, origin, directions, radii=RADII):
    """Ray by ray: all values, then the first that is not negative."""
    out = []
    for direction in directions:
        places = np.asarray(origin)[:, None] + direction[:, None] * radii
        read = map_coordinates(values, places, order=1, mode="nearest")
        outside = np.flatnonzero(read >= 0)
        first = int(outside[0]) if outside.size else len(radii) - 1
        if first == 0:
            out.append(0.0)
            continue
        a, b = read[first - 1], read[first]
        share = np.clip(-a / (b - a), 0, 1) if b > a else 0.0
        out.append(radii[first - 1] + share * (radii[first] - radii[first - 1]))
    return np.array(out)


def _fan(n=90, per_mm=4.0):
    angle = np.arange(n) * 2 * np.pi / n
    return np.stack([np.sin(angle), -np.cos(angle)], axis=1) * per_mm


def test_circle():
    """Every ray leaves a circle at its radius, from any pole inside."""
    i, j = np.mgrid[:101, :101] / 4.0
    values = np.hypot(i - 12.5, j - 12.5) - 5.0
    found, left = _left(values, (50.0, 50.0), _fan())
    assert left.all()
    assert found == pytest.approx(5.0, abs=0.02)
    from_beside, _ = _left(values, (58.0, 50.0), _fan(4))
    assert from_beside == pytest.approx([np.sqrt(21), 3.0, np.sqrt(21), 7.0], abs=0.02)


@pytest.mark.parametrize("seed", range(3))
def test_as_the_slow_reading(seed):
    """Rough surfaces, rays that leave the plane, poles outside."""
    draw = np.random.default_rng(seed)
    values = draw.normal(-0.6, 0.5, (40, 50))
    directions = draw.normal(0, 4, (60, 2))
    origin = draw.uniform(0, 40, 2)
    found, left = _left(values, origin, directions)
    assert left.sum() > 20
    assert found[left] == pytest.approx(_slowly(values, origin, directions)[left], abs=1e-9)


def test_begins_outside_or_never_leaves():
    """0 where a ray begins outside; the last radius, and not left, where all is inside."""
    plane = np.ones((5, 5))
    assert _left(plane, (2.0, 2.0), _fan(3))[0].tolist() == [0, 0, 0]
    found, left = _left(-plane, (2.0, 2.0), _fan(3))
    assert not left.any()
    assert found == pytest.approx(RADII[-2])
