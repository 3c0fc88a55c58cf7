"""Distances to borders and their joins, compiled, against numpy; any shapes that broadcast."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.shape import distance
from tests.phantom.shape import twins

# Of a straight block, an oblique one, rows of one sample, and less than three axes.
SHAPES = [
    [(4, 5, 1), (4, 1, 6), (4, 1, 1), (1, 1, 1)],
    [(4, 5, 6)] * 4,
    [(7, 5, 1)] * 4,
    [(1, 1, 6), (1, 5, 1), (3, 1, 1), (3, 5, 6)],
    [(5, 6), (1, 6), (), (5, 1)],
    [(9,), (9,), (), (1,)],
    [()] * 4,
]


def drawn(shapes, low=-30.0, high=30.0):
    """float32 numbers of each shape."""
    draw = np.random.default_rng(2)
    return [draw.uniform(low, high, shape).astype(np.float32) for shape in shapes]


@pytest.mark.parametrize("shapes", SHAPES)
def test_ellipse(shapes):
    u, v = drawn(shapes[:2])
    a, b = drawn(shapes[2:], 3.0, 20.0)
    found = distance.ellipse(u, v, a, b)
    assert found.dtype == np.float32
    assert found.shape == np.broadcast_shapes(*shapes)
    assert found == pytest.approx(twins.ellipse(u, v, a, b), abs=1e-4)


@pytest.mark.parametrize("shapes", SHAPES)
def test_along_ray(shapes):
    r, f, s = drawn(shapes[:3], 0.2, 10.0)
    assert distance.along_ray(r, f, s) == pytest.approx(twins.along_ray(r, f, s), abs=1e-4)


@pytest.mark.parametrize("shapes", SHAPES)
@pytest.mark.parametrize("exponent", [2.0, 2.3, 4.0])
def test_superellipse(shapes, exponent):
    u, v = drawn(shapes[:2])
    a, b = drawn(shapes[2:], 10.0, 30.0)
    expected = twins.superellipse(u, v, a, b, exponent)
    for found, wanted in zip(distance.superellipse(u, v, a, b, exponent), expected, strict=True):
        assert found.shape == np.broadcast_shapes(*shapes)
        assert found == pytest.approx(wanted, abs=1e-4)


def test_superellipse_at_its_centre():
    """There the gradient has no value: deep inside, and finite."""
    zero = np.zeros((2, 3), np.float32)
    found, norm = distance.superellipse(zero, zero, np.float32(20), np.float32(15), 2.3)
    assert (found < -15).all() and np.isfinite(found).all()
    assert norm == pytest.approx(1e-3)


def test_powers_keep_six_digits():
    """The series behind the superellipse, over all that can come up, and at 0."""
    from spinemets.phantom.shape.borders import _power

    x = np.logspace(-5, 4, 901).astype(np.float32)
    for exponent in (0.43, 1.3, 2.0, 3.0):
        found = np.array([_power(value, np.float32(exponent)) for value in x])
        assert found == pytest.approx(x.astype(float) ** exponent, rel=4e-6)
        assert 0 <= _power(np.float32(0), np.float32(exponent)) < 1e-15


@pytest.mark.parametrize("shapes", SHAPES)
def test_joins(shapes):
    a, b = drawn(shapes[:2], -4.0, 4.0)
    assert distance.smooth_min(a, b, 2.5) == pytest.approx(twins.smooth_min(a, b, 2.5), abs=1e-5)
    assert distance.smooth_max(a, b, 2.5) == pytest.approx(-twins.smooth_min(-a, -b, 2.5), abs=1e-5)


@pytest.mark.parametrize("shapes", SHAPES)
def test_coverage(shapes):
    (d,) = drawn(shapes[:1], -2.0, 2.0)
    assert distance.coverage(d, 0.7) == pytest.approx(twins.coverage(d, 0.7), abs=1e-6)


def test_repeated_values_need_no_memory_of_their_own():
    """An array that only repeats (read-only, strides 0) counts like the short one that it repeats."""
    a, b = drawn([(4, 1, 1), (4, 5, 6)])
    long = np.broadcast_to(a, (4, 5, 6))
    assert np.array_equal(distance.smooth_min(long, b, 1.0), distance.smooth_min(a, b, 1.0))


def test_shapes_that_do_not_fit_are_refused():
    """Compiled loops trust their shapes: these are compared before."""
    with pytest.raises(ValueError, match="broadcast"):
        distance.ellipse(np.zeros((4, 5, 6)), np.zeros((4, 4, 6)), 1.0, 1.0)
