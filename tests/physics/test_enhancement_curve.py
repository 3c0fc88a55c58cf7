"""Enhancement curves: vector E-56, one curve of each type, and a second implementation in plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.physics.enhancement_curve import CurveCutoffs, enhancement_curve

CUTOFFS = CurveCutoffs(
    arrival_rise_percent=10.0,
    early_s=60.0,
    none_below_percent=20.0,
    slow_up_to_percent=50.0,
    wash_out_below_percent=95.0,
    second_rise_above_percent=110.0,
)
TIME = np.array([0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 90.0, 120.0, 180.0, 240.0, 300.0])
SIGNAL = np.array([100.0, 101.0, 99.0, 130.0, 180.0, 220.0, 240.0, 235.0, 228.0, 220.0, 214.0, 210.0])
SHAPES = {  # what follows three baseline points, on TIME
    "A": [101, 104, 108, 110, 112, 113, 112, 112, 111],
    "B": [104, 112, 118, 122, 135, 150, 175, 195, 210],
    "C": [130, 180, 210, 215, 218, 219, 220, 219, 218],
    "D": [130, 180, 220, 240, 235, 228, 220, 214, 210],
    "E": [130, 165, 180, 185, 190, 195, 205, 215, 225],
}


def describe(signal, time=TIME, cutoffs=CUTOFFS):
    return enhancement_curve(time_s=time, signal=signal, n_baseline=3, cutoffs=cutoffs)


def slow_description(time, signal):
    """Baseline, PE, time to peak, wash-in, wash-out, arrival and type of one curve, in plain loops."""
    base = sum(signal[:3]) / 3
    peak = max(signal)
    at = list(signal).index(peak)
    steepest = max((b - a) / (t2 - t1) for a, b, t1, t2 in zip(signal, signal[1:], time, time[1:], strict=False))
    wash_out = math.nan if at == len(time) - 1 else (signal[-1] - peak) / (time[-1] - time[at]) * 60
    arrival = next(t for t, s in zip(time, signal, strict=True) if s > base + 0.1 * (peak - base))
    early = np.interp(arrival + 60, time, signal) if arrival + 60 <= time[-1] else None
    if (peak - base) / base < 0.2:
        kind = "A"
    elif early is None:
        kind = ""
    elif early - base <= 0.5 * (signal[-1] - base):
        kind = "B"
    elif signal[-1] < 0.95 * peak:
        kind = "D"
    else:
        kind = "E" if signal[-1] > 1.1 * early else "C"
    return base, 100 * (peak - base) / base, time[at], 100 * steepest / base, 100 * wash_out / base, arrival, kind


def test_metrics():
    """E-56: baseline 100, PE 140 %, peak at 60 s, wash-in 5 %/s, wash-out -7.5 %/min, type D; arrival 30 s."""
    found = describe(SIGNAL)
    assert found.baseline == pytest.approx(100.0, rel=1e-6)
    assert found.peak_enhancement_percent == pytest.approx(140.0, rel=1e-6)
    assert found.time_to_peak_s == 60.0 and found.arrival_s == 30.0
    assert found.wash_in_percent_per_s == pytest.approx(5.0, rel=1e-6)
    assert found.wash_out_percent_per_min == pytest.approx(-7.5, rel=1e-6)
    assert found.curve_type == "D"


@pytest.mark.parametrize("name", SHAPES)
def test_one_curve_of_each_type(name):
    """Types of Chen 2002 by the project's cut-offs."""
    assert describe([100, 101, 99, *SHAPES[name]]).curve_type == name


def test_cutoffs_are_the_callers():
    """The same curve is a plateau where only a deeper fall counts as wash-out."""
    cutoffs = CurveCutoffs(
        arrival_rise_percent=10.0,
        early_s=60.0,
        none_below_percent=20.0,
        slow_up_to_percent=50.0,
        wash_out_below_percent=80.0,
        second_rise_above_percent=110.0,
    )
    assert describe(SIGNAL, cutoffs=cutoffs).curve_type == "C"


def test_voxels_at_once_are_as_one_by_one():
    """Random curves of every type, against plain loops."""
    draw = np.random.default_rng(56)
    curves = np.array([[100, 101, 99, *SHAPES[name]] for name in SHAPES] * 40, float)
    curves = curves * draw.uniform(0.5, 4.0, (200, 1)) + draw.normal(0.0, 3.0, curves.shape)
    found = describe(curves.reshape(20, 10, -1))
    assert found.curve_type.shape == (20, 10) and set(found.curve_type.ravel()) == set(SHAPES)
    for n, curve in enumerate(curves):
        at = divmod(n, 10)
        *numbers, kind = slow_description(TIME, curve)
        fast = (
            found.baseline, found.peak_enhancement_percent, found.time_to_peak_s, found.wash_in_percent_per_s,
            found.wash_out_percent_per_min, found.arrival_s,
        )  # fmt: skip
        assert [values[at] for values in fast] == pytest.approx(numbers, rel=1e-9, nan_ok=True)
        assert found.curve_type[at] == kind


@given(gain=st.floats(0.01, 100.0), later=st.floats(-50.0, 500.0))
def test_gain_and_clock_do_not_matter(gain, later):
    """Property: percent values do not know the gain; times shift with the clock."""
    found, plain = describe(SIGNAL * gain, TIME + later), describe(SIGNAL)
    assert found.peak_enhancement_percent == pytest.approx(plain.peak_enhancement_percent)
    assert found.wash_in_percent_per_s == pytest.approx(plain.wash_in_percent_per_s)
    assert found.wash_out_percent_per_min == pytest.approx(plain.wash_out_percent_per_min)
    assert found.time_to_peak_s - found.arrival_s == pytest.approx(30.0)
    assert found.curve_type == "D"


def test_no_wash_out_where_the_curve_still_rises():
    """The last point is the peak: a slope from it does not exist."""
    found = describe([100, 101, 99, *SHAPES["B"]])
    assert np.isnan(found.wash_out_percent_per_min) and found.time_to_peak_s == 300.0


def test_a_curve_that_ends_early_has_no_type():
    """60 s after arrival lie beyond the last point; hardly any enhancement can still be told."""
    assert describe(SIGNAL[:7], TIME[:7]).curve_type == ""
    assert describe([100, 101, 99, 103, 104, 105, 106], TIME[:7]).curve_type == "A"


def test_nothing_arrives_in_a_flat_curve():
    """No point lies above the threshold of a curve that does not rise."""
    found = describe(np.full(12, 80.0))
    assert found.curve_type == "A" and np.isnan(found.arrival_s) and found.peak_enhancement_percent == 0.0


def test_no_percent_of_nothing():
    """A baseline without signal gives no percentages and no type; its neighbour is not touched."""
    found = describe(np.stack([np.concatenate([[0.0, 0.0, 0.0], SIGNAL[3:]]), SIGNAL]))
    assert found.baseline[0] == 0.0 and list(found.curve_type) == ["", "D"]
    for values in (found.peak_enhancement_percent, found.time_to_peak_s, found.wash_in_percent_per_s):
        assert np.isnan(values[0]) and np.isfinite(values[1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_baseline": 0}, "baseline of 0 points"),
        ({"n_baseline": 12}, "baseline of 12 points"),
        ({"time_s": TIME[::-1]}, "increase"),
        ({"time_s": TIME[:-1]}, "match"),
    ],
)
def test_calls_that_make_no_sense(change, message):
    """A bad call raises."""
    call = {"time_s": TIME, "signal": SIGNAL, "n_baseline": 3, "cutoffs": CUTOFFS} | change
    with pytest.raises(ValueError, match=message):
        enhancement_curve(**call)
