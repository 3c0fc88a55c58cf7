"""The compiled loop of the ADC: its polynomials."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.polynomial import Chebyshev, Polynomial

from spinemets.maps import adc_loops
from spinemets.maps.adc import fit


def about_log(f):
    """(ln(1 + f) - f)/f^2."""
    safe = np.where(np.abs(f) < 1e-4, 1.0, f)
    return np.where(np.abs(f) < 1e-4, -0.5 + f / 3 - f * f / 4, (np.log1p(safe) - safe) / safe**2)


@pytest.mark.parametrize(
    ("coefficients", "function", "domain"),
    [
        (adc_loops.LOG, about_log, (2**-0.5 - 1, 2**0.5 - 1)),
        (adc_loops.POWER, np.exp2, (-0.5, 0.5)),
    ],
)
def test_where_the_coefficients_come_from(coefficients, function, domain):
    """Chebyshev interpolation of that degree."""
    made = Chebyshev.interpolate(function, len(coefficients) - 1, domain=domain).convert(kind=Polynomial).coef
    assert np.array(coefficients) == pytest.approx(made, rel=1e-6)


def test_logarithm_and_exponential_over_all_magnitudes():
    """Differences of logarithms within 2 roundings of single precision, from 1e-30 to 1e30; S0 comes back."""
    draw = np.random.default_rng(1)
    one, other = (np.float32(10.0 ** draw.uniform(-30, 30, 20_000)) for _ in range(2))
    found = fit(np.stack([one, other], axis=-1), [0.0, 1.0])
    exact = np.log(one.astype(float)) - np.log(other.astype(float))
    assert np.abs(found.adc_mm2_per_s - exact).max() < 2e-5
    assert found.s0 == pytest.approx(one, rel=3e-5)


@pytest.mark.parametrize("step", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("start", [0, 4])
def test_signals_a_step_apart(step, start):
    """Whatever the step, written out or not."""
    bits = np.arange(600, dtype=np.int32)
    own = np.full(adc_loops.CHUNK, -1, np.int32)
    adc_loops.taken(own, bits, start, step, 50)
    assert own[:50].tolist() == list(range(start, start + 50 * step, step))
    assert (own[50:] == -1).all()


def working():
    """Sums and signals of a chunk."""
    sums = tuple(np.zeros(adc_loops.CHUNK, np.float32) for _ in range(6))
    seen = tuple(np.zeros(adc_loops.CHUNK, np.int32) for _ in range(3))
    return sums, seen


def test_sums_of_logarithms():
    """Two b-values by hand: slope and intercept of differences, lowest and highest signal."""
    sums, seen = working()
    log, first, slope, start, total, squares = sums
    own, low, high = seen
    log[:], own[:] = 2.0, 10
    adc_loops.begin(sums, seen)
    log[:], own[:] = 1.5, 7
    adc_loops.add(sums, seen, (np.float32(-4.0), np.float32(0.5)))
    assert first[0] == 2.0 and slope[0] == pytest.approx(2.0) and start[0] == pytest.approx(-0.25)
    assert total[0] == pytest.approx(-0.5) and squares[0] == pytest.approx(0.25)
    assert low[0] == 7 and high[0] == 10


@pytest.mark.parametrize(
    ("lowest", "highest", "good"),
    [(100, 200, 1), (50, 200, 0), (100, 0x7F800000, 0), (-5, 200, 0), (100, 0x7F7FFFFF, 1)],
)
def test_which_signals_give_a_line(lowest, highest, good):
    """Above the floor, and numbers: infinity and what is none lie at the top of the order of bits."""
    sums, seen = working()
    _, low, high = seen
    low[:], high[:] = lowest, highest
    adc_loops.finish(sums, seen, (np.float32(1.0), np.float32(0.5)), np.int32(60))
    assert low[0] == good
    # Nothing varied: the line explains all.
    assert sums[0][0] == 1.0


def test_lines_from_any_place():
    """Images one after the other, voxels one after the other, from the middle of either."""
    draw = np.random.default_rng(8)
    signal = draw.uniform(100, 900, (40, 3)).astype(np.float32)
    weights = np.array([[-1e-3, 0.0, 1e-3], [0.5, 0.3, 0.2]], np.float32)
    numbers = (np.float32(2e5), np.float32(1 / 3), np.float32(0.0))
    results = []
    for bits, place in (
        (signal.reshape(-1), (10 * 3, 3, 1)),
        (np.ascontiguousarray(signal.T).reshape(-1), (10, 1, 40)),
    ):
        out = tuple(np.empty(20, np.float32) for _ in range(3))
        valid = np.ones(20, np.uint8)
        adc_loops.lines(out, valid, bits.view(np.int32), weights, numbers, place)
        assert valid.all()
        results.append(out)
    for one, other in zip(*results, strict=True):
        assert np.array_equal(one, other)
    expected = -(np.log(signal[10:30].astype(float)) @ weights[0].astype(float))
    assert results[0][0] == pytest.approx(expected, abs=1e-7)
