"""The loops of flip angles: derivative and curvature by differences, both loops on the same signals."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.maps import t1_loops as loops

FLIPS = np.radians([3.0, 8.0, 15.0, 25.0])


def seen():
    made = tuple(np.empty(4) for _ in range(4))
    loops.angles_of(made, FLIPS, 1.0)
    return made


def rows(t1_over_tr=150.0, m0=700.0):
    e = np.exp(-1 / t1_over_tr)
    return (m0 * np.sin(FLIPS) * (1 - e) / (1 - e * np.cos(FLIPS))).astype(np.float32)[None]


def test_angles():
    sine, cosine, up, along = seen()
    assert sine == pytest.approx(np.sin(FLIPS)) and cosine == pytest.approx(np.cos(FLIPS))
    assert up == pytest.approx(1 / np.sin(FLIPS)) and along == pytest.approx(1 / np.tan(FLIPS))


def test_line():
    slope, start = loops.line(rows(), 0, seen())
    assert slope == pytest.approx(np.exp(-1 / 150.0), rel=1e-5)
    assert start == pytest.approx(700 * (1 - np.exp(-1 / 150.0)), rel=1e-3)


@pytest.mark.parametrize("x", [-6.0, -4.0, -1.0])
def test_slope_of_the_residual(x):
    """By differences; at the truth the residual is none."""
    left, _, gradient, _ = loops.at(rows(), 0, seen(), x)
    step = 1e-5
    above, below = (loops.at(rows(), 0, seen(), x + d)[0] for d in (step, -step))
    assert 2 * gradient == pytest.approx((above - below) / (2 * step), rel=1e-4, abs=1e-6)
    assert loops.at(rows(), 0, seen(), np.log(1 / 150.0))[0] == pytest.approx(0.0, abs=1e-6)
    assert left > 0


@pytest.mark.parametrize("start", [-9.0, -5.0, 0.0])
def test_search_from_anywhere(start):
    assert loops.search(rows(), 0, seen(), start) == pytest.approx(np.log(1 / 150.0), abs=1e-4)


def test_both_loops_agree():
    """Signals without noise; what is not wanted stays nan; scales voxel by voxel."""
    many = np.repeat(rows(), 3, axis=0)
    wanted = np.array([1, 0, 1], np.uint8)
    exact, straight = np.empty((3, 5)), np.empty((3, 3))
    loops.nonlinear(exact, many, wanted, (FLIPS, np.ones(3)))
    loops.linear(straight, many, wanted, (FLIPS, np.ones(1)))
    assert np.isnan(exact[1]).all() and np.isnan(straight[1]).all()
    assert exact[0, 0] == pytest.approx(straight[0, 0], abs=1e-4)
    assert exact[0, 3] == pytest.approx(straight[0, 2], rel=1e-3)
    assert exact[0, 4] == pytest.approx(np.linalg.norm(rows()), rel=1e-5)


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf, -np.inf])
def test_signals_that_can_be_used(bad):
    many = np.repeat(rows(), 2, axis=0)
    many[1, 2] = bad
    assert loops.usable(many, 0)
    assert not loops.usable(many, 1)
    out = np.empty((2, 3))
    loops.linear(out, many, np.ones(2, np.uint8), (FLIPS, np.ones(1)))
    assert np.isfinite(out[0]).all() and np.isnan(out[1]).all()
