"""Rays around a pole in a section: sides, areas, and the two ways of reading them."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.truth.rays import Rays, area, nearest


@pytest.fixture(scope="module")
def rays(normal):
    """A section of T6."""
    return Rays(normal.anatomy.canal, float(normal.anatomy.frames["T6"].origin[2]), 0.25, 720)


def _disc(rays, u, v, radius):
    return np.hypot(rays.u - u, rays.v - v) - radius


def test_sides(rays):
    """0 degrees in front, 90 at the patient's left (LPS x rises): a mirrored section would swap the grades' sides."""
    found = rays.outline(_disc(rays, 2.0, -1.0, 5.0), (0.0, 0.0))
    front, left, back, right = found[[0, 180, 360, 540]]
    assert left - right == pytest.approx(4.0, abs=0.05)
    assert front - back == pytest.approx(2.0, abs=0.05)
    x = np.broadcast_to(rays.block.axes[0], rays.block.shape)[:, 0, :]
    y = np.broadcast_to(rays.block.axes[1], rays.block.shape)[:, 0, :]
    assert np.all(np.diff(x[rays.u[:, 0].argsort(), 0]) > 0)
    assert np.all(np.diff(y[0, rays.v[0].argsort()]) > 0)


def test_area_and_middle(rays):
    """Of a circle beside the pole."""
    values = _disc(rays, 1.5, 0.5, 4.0)
    assert rays.middle(values) == pytest.approx((1.5, 0.5), abs=0.02)
    assert area(rays.points(rays.outline(values, (0.0, 0.0)), (0.0, 0.0))) == pytest.approx(16 * np.pi, rel=0.003)


def test_reading_agrees_with_following(rays):
    """The first value of 0 or more lies between two radii as `read` sees them."""
    values, pole = _disc(rays, 1.0, 1.0, 6.0), (0.3, -0.2)
    read = rays.read(values, pole)
    first = rays.radii[(read >= 0).argmax(axis=1)]
    found, met = rays.met(values, pole)
    assert met.all()
    assert np.all((found <= first) & (found >= first - rays.step_mm))


def test_nearest():
    """Distance to the nearest of some points."""
    assert nearest(np.array([[0.0, 0.0], [5.0, 0.0]]), np.array([[3.0, 4.0], [5.0, 1.0]])) == pytest.approx([5.0, 1.0])
