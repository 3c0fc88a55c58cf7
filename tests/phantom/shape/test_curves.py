"""phantom.md 2: lines along the spine (canal, back, bodies) bend smoothly; nothing has a step."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.phantom.shape.curves import MARGIN_MM, STEP_MM, Curve

POINTS = [(0.0, 10.0), (40.0, 20.0), (90.0, 15.0), (130.0, 30.0)]


def test_order_of_the_points_does_not_matter():
    z = np.linspace(0, 130, 40)
    assert np.array_equal(Curve.through(POINTS).at(z), Curve.through(POINTS[::-1]).at(z))


def test_the_curve_passes_near_its_points():
    """Smoothing rounds the corners by less than a tenth of the change there."""
    curve = Curve.through(POINTS)
    heights = np.array([p[0] for p in POINTS])
    assert np.abs(curve.at(heights) - [p[1] for p in POINTS]).max() < 2.0
    sharp = Curve.through(POINTS, smooth_mm=0.5)
    assert np.abs(sharp.at(heights) - [p[1] for p in POINTS]).max() < 0.2


def test_beyond_the_points_the_ends_go_on():
    curve = Curve.through(POINTS)
    assert curve.at(np.array([130.0 + MARGIN_MM / 2]))[0] == pytest.approx(30.0, abs=0.1)
    assert curve.at(np.array([-MARGIN_MM / 2]))[0] == pytest.approx(10.0, abs=0.1)
    assert curve.at(np.array([-1e4]))[0] == pytest.approx(10.0, abs=0.1)


def test_no_step_anywhere():
    """The steepest change between samples is that of the steepest piece."""
    curve = Curve.through(POINTS)
    steepest = max(abs((b[1] - a[1]) / (b[0] - a[0])) for a, b in pairwise(POINTS))
    assert np.abs(np.diff(curve.values)).max() <= steepest * STEP_MM * 1.001


def test_slope_is_the_derivative():
    """Against a difference over a short piece."""
    curve = Curve.through(POINTS)
    z = np.array([20.0, 65.0, 110.0])
    around = (curve.at(z + 2.0).astype(float) - curve.at(z - 2.0)) / 4.0
    assert curve.slope.at(z) == pytest.approx(around, abs=0.01)


@given(a=st.floats(-50, 50), b=st.floats(-2, 2))
def test_a_straight_line_stays_straight(a: float, b: float):
    """Property: far from the ends smoothing leaves a line alone."""
    curve = Curve.through([(0.0, a), (200.0, a + 200.0 * b)])
    z = np.array([60.0, 100.0, 140.0])
    assert curve.at(z) == pytest.approx(a + b * z, abs=2e-3 * (1 + abs(a) + 200 * abs(b)))


@given(values=st.lists(st.floats(-100, 100), min_size=2, max_size=6))
def test_the_curve_stays_between_its_points(values: list[float]):
    """Property: averaging never overshoots, so a canal never becomes narrower than its narrowest point."""
    curve = Curve.through([(25.0 * n, v) for n, v in enumerate(values)])
    assert min(values) - 1e-4 <= curve.values.min()
    assert curve.values.max() <= max(values) + 1e-4
