"""T1 of flip angles: E-41 and E-42, both methods, a slow fit, B1, what the angles cannot tell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from spinemets.maps.t1 import METHODS, fit_vfa, rules
from spinemets.model.errors import UsageError
from spinemets.physics.variable_flip_angle import fit_t1, spoiled_signal

FLIPS = np.array([2.0, 5, 10, 15, 20, 25, 30])
TR_S = 0.0073


def signals(t1_s, m0=1000.0, b1=1.0, flips=FLIPS, tr_s=TR_S):
    return spoiled_signal(t1_ms=1000 * np.asarray(t1_s), m0=m0, tr_ms=1000 * tr_s, flip_deg=flips, b1_scale=b1)


@pytest.mark.parametrize("method", METHODS)
def test_two_angles(method):
    """E-41."""
    found = fit_vfa([39.4028732, 28.2529594], [3, 15], 0.005, method=method)
    assert found.valid
    assert found.t1_s == pytest.approx(1.2, rel=3e-6)
    assert found.m0 == pytest.approx(1000.0, rel=3e-6)


@pytest.mark.parametrize("method", METHODS)
def test_a_wrong_flip_angle(method):
    """E-42: 10 % less than nominal reads 971 for 1200 ms, unless B1 is known."""
    signal = [37.2125513, 30.6462763]
    assert fit_vfa(signal, [3, 15], 0.005, method=method).t1_s == pytest.approx(0.970770217, rel=2e-5)
    assert fit_vfa(signal, [3, 15], 0.005, 0.9, method=method).t1_s == pytest.approx(1.2, rel=2e-5)


@given(t1=st.floats(0.15, 4.0), m0=st.floats(1.0, 1e5))
@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("method", METHODS)
def test_exact_without_noise(method, t1, m0):
    found = fit_vfa(signals(t1, m0), FLIPS, TR_S, method=method)
    assert found.t1_s == pytest.approx(t1, rel=3e-5)
    assert found.m0 == pytest.approx(m0, rel=3e-5)


def test_against_the_second_implementation():
    """The straight line, voxel by voxel B1 included."""
    draw = np.random.default_rng(1)
    t1, b1 = draw.uniform(0.2, 2.0, (4, 5)), draw.uniform(0.8, 1.2, (4, 5))
    rows = signals(t1, b1=b1) * draw.uniform(0.99, 1.01, (4, 5, 7))
    found = fit_vfa(rows, FLIPS, TR_S, b1, method="linear")
    other = fit_t1(signal=rows, flip_deg=FLIPS, tr_ms=1000 * TR_S, b1_scale=b1)
    assert found.t1_s == pytest.approx(other.t1_ms / 1000, rel=1e-4)


def test_against_a_slow_least_squares():
    draw = np.random.default_rng(2)
    rows = signals(draw.uniform(0.2, 2.5, 12)) + 0.4 * draw.standard_normal((12, 7))
    found = fit_vfa(rows, FLIPS, TR_S)

    def left(p, y):
        return spoiled_signal(t1_ms=np.exp(p[0]), m0=p[1], tr_ms=1000 * TR_S, flip_deg=FLIPS).reshape(-1) - y

    for row, t1 in zip(rows.astype(np.float32), found.t1_s, strict=True):
        best = min(
            (
                least_squares(left, [np.log(start), 1000.0], args=(row,), x_scale=[1, 1000])
                for start in (300, 900, 2500)
            ),
            key=lambda r: r.cost,
        )
        assert t1 == pytest.approx(np.exp(best.x[0]) / 1000, rel=1e-4)


def test_intervals_hold_the_truth():
    draw = np.random.default_rng(3)
    found = fit_vfa(signals(np.full(4000, 0.9)) + 0.4 * draw.standard_normal((4000, 7)), FLIPS, TR_S)
    assert 0.93 < ((found.ci95_s[:, 0] <= 0.9) & (found.ci95_s[:, 1] >= 0.9)).mean() < 0.97


def test_what_the_angles_cannot_tell():
    """T1 of 30 ms with scatter of a few percent: not valid, whatever the fit says."""
    draw = np.random.default_rng(4)
    found = fit_vfa(signals(np.full(200, 0.03)) * (1 + 0.03 * draw.standard_normal((200, 7))), FLIPS, TR_S)
    assert not found.valid.any()
    assert np.isnan(found.t1_s).all() and (found.sensitivity < rules()["least_sensitivity"]).all()


def test_two_angles_have_no_interval():
    found = fit_vfa(signals(1.0, flips=[3.0, 15.0]), [3, 15], TR_S)
    low, high = found.ci95_s
    assert low < 1e-20 and high > 1e20


def test_not_valid():
    """0, negative, no number, outside the mask, a B1 that is none."""
    rows = np.tile(np.asarray(signals(1.0)).reshape(-1), (6, 1))
    rows[0, 2], rows[1, 3], rows[2, 0] = 0.0, -1.0, np.nan
    b1 = np.array([1, 1, 1, 1, 0.0, np.nan])
    mask = [True] * 3 + [False] + [True] * 2
    for method in METHODS:
        found = fit_vfa(rows, FLIPS, TR_S, b1, mask=mask, method=method)
        assert not found.valid.any() and np.isnan(found.t1_s).all()


def test_signals_that_rise_all_the_way():
    """No T1 gives them a slope: the search starts from a row of values and ends at a limit, not valid."""
    assert not fit_vfa(np.sin(np.radians(FLIPS)) ** 2, FLIPS, TR_S).valid


@pytest.mark.parametrize(
    ("flips", "tr", "b1", "method"),
    [([5], TR_S, None, "linear"), ([5, 5], TR_S, None, "linear"), ([0, 5], TR_S, None, "linear"), ([5, 10], 0, None, "linear"), ([5, 10], TR_S, np.ones(3), "linear"), ([5, 10], TR_S, None, "other")],
)  # fmt: skip
def test_refusals(flips, tr, b1, method):
    with pytest.raises(UsageError):
        fit_vfa(np.ones((4, len(flips))), flips, tr, b1, method=method)


def test_numbers_of_the_table():
    """Limits in order: what is told exactly may be told less clearly, and times are those of tissue."""
    found = rules()
    assert 0.0 < found["least_sensitivity_if_exact"] < found["least_sensitivity"] < 1.0
    assert found["shortest_s"] < 0.1
    assert found["longest_s"] > 4.0


def test_exact_signals_tell_less_clear_times():
    """22 ms at TR 5 ms and 3 to 35 degrees: told where the signals follow the model to a per mille, not where they scatter by percent."""
    flips = np.array([3.0, 6, 9, 15, 24, 35])
    clean = signals(0.0221, 5000.0, flips=flips, tr_s=0.005)
    draw = np.random.default_rng(6)
    exact = fit_vfa(clean * (1 + 2e-4 * draw.standard_normal((50, 6))), flips, 0.005)
    rough = fit_vfa(clean * (1 + 0.03 * draw.standard_normal((50, 6))), flips, 0.005)
    assert exact.valid.mean() > 0.9 and np.nanmedian(exact.t1_s) == pytest.approx(0.0221, rel=5e-3)
    assert rough.valid.mean() < 0.2


def test_sensitivity_is_that_of_the_signals():
    """Length of the derivative by ln T1 across the signals, over their length, by differences."""
    found = fit_vfa(signals(0.9), FLIPS, TR_S)
    step = 1e-4
    change = (signals(0.9 * np.exp(step)) - signals(0.9 * np.exp(-step))) / (2 * step)
    shape = np.asarray(signals(0.9)).reshape(-1)
    change = np.asarray(change).reshape(-1)
    across = change - shape * float(change @ shape) / float(shape @ shape)
    assert found.sensitivity == pytest.approx(np.linalg.norm(across) / np.linalg.norm(shape), rel=1e-4)
