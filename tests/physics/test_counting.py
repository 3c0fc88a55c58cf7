"""Counting: vector E-82, throws and scaling."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.physics import counting

COUNTS = st.floats(1e-3, 1e9)


def test_poisson():
    """E-82: 100 and 10 000 counts; the geometric mean of two equal views."""
    counts = [100.0, 10_000.0]
    assert counting.poisson_sd(counts) == pytest.approx([10.0, 100.0], rel=1e-6)
    assert counting.relative_sd(counts) == pytest.approx([0.1, 0.01], rel=1e-6)
    found = counting.geometric_mean_relative_sd(counts, counts)
    assert found == pytest.approx([0.0707106781, 0.00707106781], rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_errors_against_throws(seed: int):
    """Random pairs of views: counts thrown, their root and its scatter taken."""
    draw = np.random.default_rng(seed)
    anterior, posterior = draw.uniform(150.0, 5000.0, 2)
    a, p = (counting.counted(draw, np.full(200_000, n)) for n in (anterior, posterior))
    assert a.std() == pytest.approx(float(counting.poisson_sd(anterior)), rel=0.01)
    assert a.std() / a.mean() == pytest.approx(float(counting.relative_sd(anterior)), rel=0.01)
    mean = np.sqrt(a * p)
    found = float(counting.geometric_mean_relative_sd(anterior, posterior))
    assert mean.std() / mean.mean() == pytest.approx(found, rel=0.01)


@given(counts=COUNTS, more=st.floats(1.0, 1e3))
def test_square_root_law(counts, more):
    """Property: n times the counts, the root of n times less noise; sd, mean and relative sd belong together."""
    less, most = float(counting.relative_sd(counts)), float(counting.relative_sd(counts * more))
    assert most == pytest.approx(less / math.sqrt(more), rel=1e-9)
    assert float(counting.poisson_sd(counts)) == pytest.approx(less * counts, rel=1e-9)


@given(first=COUNTS, second=COUNTS)
def test_two_views_lie_between(first, second):
    """Property: symmetric; better than the worse view, at best by a root of two better than the better one."""
    both = float(counting.geometric_mean_relative_sd(first, second))
    assert both == float(counting.geometric_mean_relative_sd(second, first))
    views = [float(counting.relative_sd(n)) for n in (first, second)]
    assert min(views) / math.sqrt(2.0) * (1 - 1e-9) <= both <= max(views) / math.sqrt(2.0) * (1 + 1e-9)


def test_nothing_counted():
    """Limit: no photon has no noise of its own, and tells nothing: an infinite relative one."""
    assert counting.poisson_sd(0.0) == 0.0
    assert counting.relative_sd([0.0, 4.0]) == pytest.approx([math.inf, 0.5])
    assert counting.geometric_mean_relative_sd(0.0, 100.0) == math.inf
    assert not counting.counted(np.random.default_rng(0), np.zeros(10)).any()


def test_fewer_than_nothing():
    """A bad call."""
    with pytest.raises(ValueError, match="not below 0"):
        counting.poisson_sd([3.0, -1.0])
