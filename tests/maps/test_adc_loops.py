"""The compiled loops of the ADC: their polynomials, one voxel by hand, and both loops against each other and a slow twin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial import Chebyshev, Polynomial

from spinemets.maps import adc_loops
from spinemets.maps.adc import fit
from tests.maps import slow


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


def test_logarithm():
    """Within two roundings of single precision, on either side of where the power of two changes."""
    values = np.float32(
        [2.0**-126, 1e-30, 0.5, 0.70710677, 0.70710683, 0.99999994, 1.0, 1.4142135, 1.4142137, 3.0, 4095.0, 3.4e38]
    )
    found = np.array([adc_loops.logarithm(bits) for bits in values.view(np.int32)])
    assert found == pytest.approx(np.log(values.astype(float)), rel=2.4e-7, abs=1e-9)
    assert found[6] == 0.0


def test_exponential():
    """Within a few roundings; held where the result would leave single precision."""
    values = np.float32([-80.0, -1.0, -0.3466, 0.0, 1e-4, 0.3465, 0.3467, 1.0, 9.5, 80.0])
    found = np.array([adc_loops.exponential(x) for x in values])
    assert found == pytest.approx(np.exp(values.astype(float)), rel=6e-6)
    assert found[3] == 1.0
    assert adc_loops.exponential(np.float32(200.0)) == pytest.approx(2.0**126, rel=1e-5)
    assert adc_loops.exponential(np.float32(-200.0)) == pytest.approx(2.0**-126, rel=1e-5)


def numbers_of(b, least=0.0):
    """Weights and numbers of `lines`."""
    centred = b - b.mean()
    slopes = centred / (centred @ centred)
    weights = tuple(tuple(w.astype(np.float32)) for w in (slopes, 1 / len(b) - b.mean() * slopes))
    return weights, tuple(np.float32(x) for x in (centred @ centred, 1 / len(b), least))


def test_a_line_by_hand():
    """Logarithms 2 and 1.5 at b = 0 and 500: slope -1e-3, S0 = e^2, all explained."""
    _, numbers = numbers_of(np.array([0.0, 500.0]))
    bits = tuple(int(x) for x in np.exp([1.5, 2.0]).astype(np.float32).view(np.int32))
    sums = (2.0, -1e-3, 0.0, -0.5, 0.25)
    adc, s0, good, none = adc_loops.line(sums, bits, numbers, 1)
    assert adc == pytest.approx(1e-3) and s0 == pytest.approx(np.exp(2.0), rel=1e-6) and good and none == 0
    *_, good, none = adc_loops.line(sums, bits, numbers, 0)
    assert not good and none == 0


@pytest.mark.parametrize(("squares", "share"), [(0.25, 1.0), (0.5, 1 / 3), (0.0, 1.0)])
def test_the_share_explained(squares, share):
    """Of a variance of squares less 0.125; 1 where nothing varies or rounding leaves less than the line has."""
    _, numbers = numbers_of(np.array([0.0, 500.0]))
    assert adc_loops.explained((2.0, -1e-3, 0.0, -0.5, squares), numbers) == pytest.approx(share)


@pytest.mark.parametrize(
    ("lowest", "highest", "good", "nothing"),
    [
        (15.5, 20.0, True, False),
        (15.0, 20.0, False, False),
        (1e-40, 20.0, False, False),
        (0.0, 20.0, False, True),
        (-3.0, 20.0, False, True),
        (15.5, np.inf, False, True),
        (15.5, np.nan, False, True),
        (-np.nan, 20.0, False, True),
        (15.5, 3.4e38, True, False),
    ],
)
def test_which_signals_give_a_line(lowest, highest, good, nothing):
    """Above the floor, and numbers; 0, negative and no number are counted."""
    _, numbers = numbers_of(np.array([0.0, 500.0]), least=15.0)
    bits = tuple(int(x) for x in np.float32([lowest, highest]).view(np.int32))
    *_, valid, none = adc_loops.line((0.0, 0.0, 0.0, 0.0, 0.0), bits, numbers, 1)
    assert (valid, none) == (good, nothing)


def test_two_points_lie_on_their_line():
    """The share explained is 1, not 1 to rounding."""
    signal = np.random.default_rng(2).uniform(1, 4000, (999, 2)).astype(np.float32)
    (_, _, share), valid, _ = run(adc_loops.lines(2, by_voxel=True), signal, np.array([0.0, 800.0]), by_voxel=True)
    assert (share[valid == 1] == 1.0).all() and np.isnan(share[valid == 0]).all()


def run(loop, signal, b, *, by_voxel, least=0.0):
    """Results of a loop over signals (voxel, b), every fifth voxel outside the mask."""
    n = len(signal)
    weights, numbers = numbers_of(b, least)
    laid = np.ascontiguousarray(signal if by_voxel else signal.T).reshape(-1)
    out = tuple(np.empty(n, np.float32) for _ in range(3))
    valid, mask = np.full(n, 7, np.uint8), (np.arange(n) % 5 != 4).astype(np.uint8)
    count = loop(out, (valid, mask), laid, weights, numbers, n)
    return np.stack(out), valid, count


@given(
    n=st.integers(1, 1200),
    n_b=st.integers(2, 8),
    by_voxel=st.booleans(),
    least=st.sampled_from([0.0, 40.0]),
    seed=st.integers(0, 99),
)
@settings(max_examples=30, deadline=None)
def test_the_loop_that_is_written_out_and_the_one_in_chunks(n, n_b, by_voxel, least, seed):
    """Property: which voxels are valid and how many have no signal agree exactly, the rest to rounding."""
    draw = np.random.default_rng(seed)
    b = np.sort(draw.uniform(0, 1500, n_b))
    signal = (draw.uniform(20, 4000, (n, 1)) * np.exp(-1e-3 * b) * draw.uniform(0.8, 1.2, (n, n_b))).astype(np.float32)
    signal[draw.random((n, n_b)) < 0.03] = draw.choice(np.float32([0.0, -2.0, np.nan, np.inf, 1e-40]))
    found, valid, count = run(adc_loops.lines(n_b, by_voxel=by_voxel), signal, b, by_voxel=by_voxel, least=least)
    other, also_valid, also = run(
        adc_loops._in_chunks(n_b, by_voxel, "float32"), signal, b, by_voxel=by_voxel, least=least
    )
    assert count == also and np.array_equal(valid, also_valid)
    rounding = 4e-6 / b.std()
    assert found[0] == pytest.approx(other[0], rel=4e-6, abs=rounding, nan_ok=True)
    assert found[1] == pytest.approx(other[1], rel=4e-6 * (1 + b.max() / b.std()), nan_ok=True)
    assert found[2] == pytest.approx(other[2], abs=1e-4, nan_ok=True)


@pytest.mark.parametrize("by_voxel", [True, False])
@pytest.mark.parametrize("n_b", [2, 3, 8, 9, 16])
def test_either_order_of_signals_against_the_slow_twin(n_b, by_voxel):
    """Few b-values and more than are written out; validity and counts by their definitions."""
    draw = np.random.default_rng(n_b)
    b = np.linspace(0.0, 1500.0, n_b)
    signal = (800 * np.exp(-b * draw.uniform(0.3e-3, 2e-3, (600, 1))) * draw.uniform(0.9, 1.1, (600, n_b))).astype(
        np.float32
    )
    signal[::7, -1], signal[3::11, 0] = 0.0, np.nan
    (adc, s0, explained), valid, count = run(
        adc_loops.lines(n_b, by_voxel=by_voxel), signal, b, by_voxel=by_voxel, least=30.0
    )
    asked = np.arange(600) % 5 != 4
    numbers = np.isfinite(signal) & (signal > 0)
    assert np.array_equal(valid, (asked & numbers.all(axis=1) & (signal > 30).all(axis=1)).astype(np.uint8))
    assert count == np.count_nonzero(asked & ~numbers.all(axis=1))
    for n in np.flatnonzero(valid)[:40]:
        coefficient, start, share = slow.adc(signal[n], b)
        assert adc[n] == pytest.approx(coefficient, rel=1e-5, abs=1e-8)
        assert s0[n] == pytest.approx(start, rel=1e-5) and explained[n] == pytest.approx(share, abs=1e-4)
    assert np.isnan([adc, s0, explained])[:, valid == 0].all()


@pytest.mark.parametrize("by_voxel", [True, False])
@pytest.mark.parametrize("n_b", [2, 3, 7, 8, 12])
def test_stored_integers_give_what_floating_point_gives(n_b, by_voxel):
    """Bit by bit where the same loop runs, to rounding where it is the other: 0 and negative values too."""
    b = np.linspace(0.0, 1500.0, n_b)
    stored = np.random.default_rng(n_b).integers(-3, 900, (1100, n_b)).astype(np.int16)
    found, valid, count = run(adc_loops.lines(n_b, by_voxel=by_voxel, kind="int16"), stored, b, by_voxel=by_voxel)
    other, also_valid, also = run(
        adc_loops.lines(n_b, by_voxel=by_voxel), stored.astype(np.float32), b, by_voxel=by_voxel
    )
    assert count == also > 0 and np.array_equal(valid, also_valid) and 0 < valid.sum() < 1100
    if n_b == 8:
        assert found == pytest.approx(other, rel=1e-4, abs=1e-8, nan_ok=True)
    else:
        assert np.array_equal(found, other, equal_nan=True)


def test_machine_code_is_kept_for_each_number_and_order():
    """Half a second of compiling, once per machine; each of its own constants, made once in a process."""
    loops = [adc_loops.lines(n_b, by_voxel=by_voxel) for n_b in (2, 3) for by_voxel in (True, False)]
    assert len(set(map(id, loops))) == 4
    assert all(loop.stats.cache_path and loop.targetoptions["nogil"] for loop in loops)
    assert adc_loops.lines(2, by_voxel=True) is loops[0]
