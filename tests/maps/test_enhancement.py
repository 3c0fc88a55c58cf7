"""Enhancement curves: vector E-56, types, a slow reference."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.knowledge.lookup import table
from spinemets.maps.enhancement import TYPES, fit
from spinemets.model.errors import UsageError
from spinemets.physics.enhancement_curve import CurveCutoffs, enhancement_curve

TIMES_S = np.array([0.0, 10, 20, 30, 40, 50, 60, 90, 120, 180, 240, 300])
SIGNAL = np.array([100.0, 101, 99, 130, 180, 220, 240, 235, 228, 220, 214, 210])
FIELDS = {
    "baseline": "baseline",
    "peak_percent": "peak_enhancement_percent",
    "arrival_s": "arrival_s",
    "time_to_peak_s": "time_to_peak_s",
    "slope_percent_per_s": "wash_in_percent_per_s",
    "wash_out_percent_per_min": "wash_out_percent_per_min",
}


def shape(after):
    """A curve that rises from 100 at 30 s as a function of the time after."""
    t = np.arange(0.0, 301.0, 5.0)
    return np.where(t < 30, 100.0, 100.0 + after(np.maximum(t - 30.0, 0.0))), t


def test_a_curve():
    """E-56."""
    found = fit(SIGNAL, TIMES_S, 3)
    assert found.baseline == pytest.approx(100.0)
    assert found.peak_percent == pytest.approx(140.0)
    assert found.time_to_peak_s == pytest.approx(60.0)
    assert found.slope_percent_per_s == pytest.approx(5.0)
    assert found.wash_out_percent_per_min == pytest.approx(-7.5)
    assert TYPES[int(found.curve_type)] == "D"
    assert found.valid


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("A", lambda t: 10 * np.minimum(t / 60, 1)),
        ("B", lambda t: 100 * t / 270),
        ("C", lambda t: 100 * np.minimum(t / 20, 1)),
        ("D", lambda t: 100 * np.minimum(t / 20, 1) - 0.15 * np.maximum(t - 60, 0)),
        ("E", lambda t: 100 * np.minimum(t / 20, 1) + 0.2 * np.maximum(t - 60, 0)),
    ],
)
def test_types(name, after):
    """One curve of each type."""
    curve, times = shape(after)
    assert TYPES[int(fit(curve, times, 5).curve_type)] == name


def test_a_short_curve_has_no_type():
    """Rapid, but it ends before the early value."""
    assert fit([100.0, 100, 180, 200], [0.0, 10, 20, 30], 2).curve_type == 0


def test_against_the_second_implementation():
    """2000 random curves, all numbers and types."""
    draw = np.random.default_rng(5)
    curves = 100 * np.exp(np.cumsum(draw.normal(0, 0.06, (40, 50, 30)), axis=-1))
    times = np.cumsum(draw.uniform(4, 12, 30))
    rules = {k: float(v["value"]) for k, v in table("enhancement").items() if isinstance(v, dict)}
    other = enhancement_curve(time_s=times, signal=curves, n_baseline=4, cutoffs=CurveCutoffs(**rules))
    found = fit(curves, times, 4)
    for ours, theirs in FIELDS.items():
        assert getattr(found, ours) == pytest.approx(getattr(other, theirs), rel=1e-5, abs=1e-5, nan_ok=True), ours
    assert np.array_equal(np.array(TYPES)[found.curve_type], other.curve_type)
    assert len(set(other.curve_type.ravel())) >= 5


def test_what_is_not_valid():
    """A point that is no number, a baseline of 0, what lies outside the mask: nan, no type."""
    curves = np.tile(SIGNAL, (4, 1))
    curves[1, 5], curves[2, :3] = np.nan, 0.0
    found = fit(curves, TIMES_S, 3, mask=[True, True, True, False])
    assert found.valid.tolist() == [True, False, False, False]
    assert np.isnan(found.peak_percent[1:]).all()
    assert found.curve_type.tolist() == [TYPES.index("D"), 0, 0, 0]


def test_units_of_the_signal_do_not_matter():
    """Percentages of integers in another unit are the same."""
    stored = (SIGNAL * 10).astype(np.int16)
    assert fit(stored, TIMES_S, 3).peak_percent == pytest.approx(140.0)


@pytest.mark.parametrize("times", [TIMES_S[:-1], TIMES_S[::-1], TIMES_S[None]])
def test_times_that_do_not_go_with_the_curve(times):
    with pytest.raises(UsageError, match="increasing time in seconds"):
        fit(SIGNAL, times, 3)


@pytest.mark.parametrize("baseline", [0, 12])
def test_a_baseline_that_leaves_no_curve(baseline):
    with pytest.raises(UsageError, match="leaves no curve"):
        fit(SIGNAL, TIMES_S, baseline)
