"""Signals as concentrations: slopes by differences, and how sure a baseline is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.maps import kinetic_fits
from spinemets.maps.kinetic_signals import NORMAL, Curves, Signal, _baseline_half_width, concentrations

KNOWN = Signal(tr_s=0.005, flip_angle_deg=25.0, r1=4.5, t10_s=1.0, baseline=4)
SIGNAL = np.array([[20.0, 20, 21, 20, 35, 60, 50], [30.0, 31, 30, 30, 44, 41, 40]])
START = SIGNAL[:, :4].mean(axis=1, keepdims=True)
T10, ANGLES = np.array([[1.0], [1.4]]), np.array([[25.0], [22.0]])


def curves(step=0.0, signal=SIGNAL):
    return Curves(signal=signal, flip_angle_deg=ANGLES, t10_s=T10, t10_ci95_s=None, known=KNOWN, step=step)


def test_concentrations_of_curves():
    found = curves().concentrations(T10, START)
    assert found == pytest.approx(concentrations(SIGNAL, START, (T10, ANGLES), (0.005, 4.5)))
    assert np.abs(found[:, :4]).max() < 0.1 and (found[:, 4:] > 0.05).all()


def test_slopes_against_differences():
    step = 1e-4
    above, below = (curves(signal=SIGNAL + s).concentrations(T10, START) for s in (step, -step))
    assert curves().slopes(START) == pytest.approx((above - below) / (2 * step), rel=1e-6)


def test_no_slope_above_saturation():
    signal = SIGNAL.copy()
    signal[0, 5] = 2000.0
    found = curves(signal=signal).slopes(START)
    assert np.isnan(found[0, 5]) and np.isfinite(found[1]).all()


def fitted(rss):
    nothing = np.zeros(2)
    return kinetic_fits.Fitted(
        parameters={}, rss=rss, found=np.array([True, True]), n_parameters=2, delay_s=nothing, delay_ci_s=np.zeros((2, 2))
    )  # fmt: skip


def test_a_baseline_scatters_as_all_points_do():
    """Noise of 1 in each signal: four points are sure to 1.96/2, whatever they themselves look like."""
    slopes = curves().slopes(START)
    best = fitted(5 * np.square(slopes).mean(axis=1))
    assert _baseline_half_width(curves(), best, slopes)[:, 0] == pytest.approx(2 * [NORMAL / 2])


@pytest.mark.parametrize(("noise", "wanted"), [(0.0, np.hypot(0.475, NORMAL / np.sqrt(48))), (3.0, 3 * NORMAL / 2)])
def test_a_rounded_baseline_is_no_surer_than_its_step(noise, wanted):
    """Without noise all its points have one error of rounding; much noise leaves nothing of that."""
    slopes = curves().slopes(START)
    best = fitted(5 * (noise**2 + 1 / 12) * np.square(slopes).mean(axis=1))
    assert _baseline_half_width(curves(step=1.0), best, slopes)[:, 0] == pytest.approx(2 * [wanted], rel=0.02)


def test_what_was_not_fitted_has_no_noise():
    slopes = curves().slopes(START)
    best = replace(fitted(np.array([np.nan, 1.0])), found=np.array([False, True]))
    found = _baseline_half_width(curves(), best, slopes)
    assert found[0, 0] == 0.0 and found[1, 0] > 0.0
