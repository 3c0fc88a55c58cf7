"""One and two rates: exact without noise, the same optimum as a slow search, intervals that hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from spinemets.maps import separable
from spinemets.maps.separable import log_intervals, one_rate, rates_of, student, table_of, two_rates

B = np.array([0.0, 10, 20, 40, 80, 150, 300, 500, 800, 1000])
RATES = (2e-5, 1.0)
FIXED = 1.0 / (1.0 + B / 100.0)


def exponentials(rates, at=B):
    return np.exp(-np.multiply.outer(np.asarray(rates, float), at))


@pytest.fixture(scope="module")
def single():
    return table_of(exponentials(rates_of(RATES)), RATES)


@pytest.fixture(scope="module")
def with_fixed():
    return table_of(exponentials(rates_of(RATES)), RATES, fixed=FIXED)


@pytest.fixture(scope="module")
def double():
    return table_of(exponentials(rates_of(RATES)), RATES, two=True)


def everything(rows):
    return np.ones(len(rows), bool)


def test_the_table_spans_its_curves(single):
    """A curve of any rate lies in the few dimensions kept."""
    curve = exponentials([3.3e-3])[0]
    assert np.linalg.norm(curve - single.onto @ (single.onto.T @ curve)) < 1e-7 * np.linalg.norm(curve)
    assert np.allclose(single.onto.T @ single.onto, np.eye(single.onto.shape[1]), atol=1e-12)
    assert single.rate(np.array([0.0, separable.NODES - 1.0])) == pytest.approx(RATES)
    assert single.length == 0.0


def test_the_fixed_curve_comes_first(with_fixed):
    assert with_fixed.length == pytest.approx(np.linalg.norm(FIXED))
    assert with_fixed.onto[:, 0] == pytest.approx(FIXED / with_fixed.length)


@given(rate=st.floats(1e-4, 0.3), amplitude=st.floats(1e-3, 1e4))
@settings(max_examples=50, deadline=None)
def test_one_rate_is_exact(single, rate, amplitude):
    rows = (amplitude * exponentials([rate])).astype(np.float32)
    found = one_rate(single, rows, everything(rows), 2.0)
    assert found.decided.all()
    assert found.rate[0, 0] == pytest.approx(rate, rel=1e-4)
    assert found.amplitude[0, 0] == pytest.approx(amplitude, rel=1e-5)


def test_one_rate_against_a_slow_search(single):
    """Noise: the rate of least residual, as a general optimiser finds it."""
    draw = np.random.default_rng(1)
    rates = np.exp(draw.uniform(np.log(5e-4), np.log(5e-3), 20))
    rows = (exponentials(rates) + 0.02 * draw.standard_normal((20, len(B)))).astype(np.float32)
    found = one_rate(single, rows, everything(rows), 2.0)
    for row, rate, amplitude, rss in zip(rows.astype(float), found.rate, found.amplitude, found.rss, strict=True):
        slow = least_squares(
            lambda p, y=row: p[0] * np.exp(-np.exp(p[1]) * B) - y, [1.0, np.log(2e-3)], xtol=1e-14, ftol=1e-14
        )
        assert rate[0] == pytest.approx(np.exp(slow.x[1]), rel=1e-5)
        assert amplitude[0] == pytest.approx(slow.x[0], rel=1e-5)
        assert rss == pytest.approx(2 * slow.cost, rel=1e-4)


def test_a_fixed_curve_beside_it(with_fixed):
    rows = (3.0 * exponentials([4e-3]) + 0.7 * FIXED).astype(np.float32)
    found = one_rate(with_fixed, rows, everything(rows), 2.0)
    assert found.rate[0, 0] == pytest.approx(4e-3, rel=1e-3)
    assert found.amplitude[0, 0] == pytest.approx(3.0, rel=1e-3)
    assert found.other[0, 0] == pytest.approx(0.7, rel=1e-3)
    assert found.rss[0] < 1e-7


def test_a_rate_that_only_the_table_ends_is_open(single):
    """A curve that stays is as slow as any; one that is gone at once as fast as any; one between ends by itself."""
    rows = np.stack([np.ones(len(B)), (B == 0.0).astype(float), exponentials([2e-3])[0]]).astype(np.float32)
    rows += np.float32(1e-3) * np.random.default_rng(4).standard_normal(rows.shape).astype(np.float32)
    found = one_rate(single, rows, everything(rows), 2.0)
    assert found.open_ends.tolist() == [[True, False], [False, True], [False, False]]


def test_intervals_of_one_rate_hold_the_truth(single):
    """95 % of 95 % intervals, and none is a point."""
    draw = np.random.default_rng(2)
    rate = 2e-3
    rows = (exponentials([rate]) + 0.03 * draw.standard_normal((4000, len(B)))).astype(np.float32)
    found = one_rate(single, rows, everything(rows), student(len(B) - 2))
    held = (found.rate[:, 1] <= rate) & (rate <= found.rate[:, 2])
    assert 0.93 < held.mean() < 0.97
    value, interval = found.of(lambda rate, amplitude, other: amplitude)
    assert 0.93 < ((interval[:, 0] <= 1.0) & (interval[:, 1] >= 1.0)).mean() < 0.975
    assert (interval[:, 0] < value).all() and (value < interval[:, 1]).all()


def test_an_amplitude_below_zero_decides_nothing(single):
    rows = -exponentials([2e-3]).astype(np.float32)
    found = one_rate(single, rows, everything(rows), 2.0)
    assert found.found.all() and not found.decided.any()
    assert found.amplitude[0, 0] == 0.0


def test_what_is_not_wanted_or_no_number(single, double):
    rows = np.tile(exponentials([2e-3]).astype(np.float32), (3, 1))
    rows[1, 4] = np.nan
    wanted = np.array([False, True, True])
    assert one_rate(single, rows, wanted, 2.0).found.tolist() == [False, False, True]
    assert two_rates(double, rows, wanted).found.tolist() == [False, False, True]


@pytest.mark.parametrize(("fast", "slow", "share"), [(0.02, 1e-3, 0.2), (0.05, 5e-4, 0.1), (0.01, 2e-3, 0.5)])
def test_two_rates_are_exact(double, fast, slow, share):
    rows = (share * exponentials([fast]) + (1 - share) * exponentials([slow])).astype(np.float32)
    found = two_rates(double, rows, everything(rows))
    assert found.decided.all()
    assert found.fast[0] == pytest.approx(fast, rel=1e-3)
    assert found.slow[0] == pytest.approx(slow, rel=1e-3)
    assert found.amplitude_fast[0] == pytest.approx(share, rel=1e-3)


def test_two_rates_against_a_slow_search(double):
    """Noise: never worse than a general optimiser from many starts."""
    draw = np.random.default_rng(3)
    rows = 0.2 * exponentials([0.03]) + 0.8 * exponentials([1e-3]) + 0.01 * draw.standard_normal((15, len(B)))
    rows = rows.astype(np.float32)
    found = two_rates(double, rows, everything(rows))

    def model(p, y):
        return p[0] * np.exp(-np.exp(p[2]) * B) + p[1] * np.exp(-np.exp(p[3]) * B) - y

    for row, rss in zip(rows.astype(float), found.rss, strict=True):
        starts = [[0.2, 0.8, np.log(k), np.log(1e-3)] for k in (0.01, 0.03, 0.1)]
        best = min(2 * least_squares(model, start, args=(row,)).cost for start in starts)
        assert rss <= best * (1 + 1e-4) + 1e-12


def test_intervals_of_two_rates_hold_the_truth(double):
    draw = np.random.default_rng(4)
    rows = 0.3 * exponentials([0.03]) + 0.7 * exponentials([1e-3]) + 0.005 * draw.standard_normal((3000, len(B)))
    found = two_rates(double, rows.astype(np.float32), np.ones(3000, bool))
    values, ci = log_intervals(
        lambda logs: {"fast": np.exp(logs[:, 2]), "sum": np.exp(logs[:, :2]).sum(axis=1)}, found, student(len(B) - 4)
    )
    for name, truth in (("fast", 0.03), ("sum", 1.0)):
        assert 0.92 < ((ci[name][:, 0] <= truth) & (truth <= ci[name][:, 1])).mean() < 0.98
        assert (ci[name][:, 0] <= values[name]).all() and (ci[name] > 0).all()


def test_one_exponential_does_as_well(double):
    """Nothing tells a second curve: the interval is without bound, whatever the point."""
    rows = exponentials([1e-3]).astype(np.float32)
    found = two_rates(double, rows, everything(rows))
    _, ci = log_intervals(lambda logs: {"ratio": np.exp(logs[:, 0] - logs[:, 1])}, found, 2.0)
    assert not found.decided[0] or ci["ratio"][0, 1] > 9 * ci["ratio"][0, 0]


def test_long_series_know_how_their_residuals_hang_together():
    """The same noise repeated ten times over is one tenth as much information."""
    draw = np.random.default_rng(5)
    at = np.linspace(0, 1000, 400)
    table = table_of(exponentials(rates_of(RATES), at), RATES)
    held = []
    for repeat in (1, 10):
        noise = np.repeat(draw.standard_normal((600, 400 // repeat)), repeat, axis=1)
        rows = (exponentials([2e-3], at) + 0.05 * noise).astype(np.float32)
        found = one_rate(table, rows, everything(rows), student(398))
        held.append(((found.rate[:, 1] <= 2e-3) & (found.rate[:, 2] >= 2e-3)).mean())
    assert held[0] > 0.92 and held[1] > 0.88


def test_quantile():
    assert student(10_000) == pytest.approx(1.96, abs=1e-3)
    assert student(0) == student(1) == pytest.approx(12.706, abs=1e-3)
