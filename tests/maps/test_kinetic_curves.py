"""Convolution with exponentials: closed forms, a fine numerical integral, delays, uneven sampling."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemets.maps.aif import parker
from spinemets.maps.kinetic_curves import PIECES, input_of, response_of
from spinemets.physics.tissue_kinetics import convolve_exponential

TIMES = np.arange(0.0, 5.0, 1.0 / 30.0)


@pytest.fixture(scope="module")
def source():
    return input_of(TIMES, parker(60 * TIMES, delay_s=20.0))


def test_samples_stay_what_they_are(source):
    assert source.plasma_mmol_per_l[::PIECES] == pytest.approx(parker(60 * TIMES, delay_s=20.0))
    assert source.seen(0.0) == pytest.approx(parker(60 * TIMES, delay_s=20.0))


def test_a_constant_input():
    """(1 - exp(-k t))/k; its integral t for k = 0."""
    flat = input_of(TIMES, np.ones(len(TIMES)))
    rates = np.array([0.0, 1e-6, 0.1, 3.0, 100.0])
    found = response_of(flat, rates).seen(0.0)
    assert found[0] == pytest.approx(TIMES)
    for rate, curve in zip(rates[1:], found[1:], strict=True):
        assert curve == pytest.approx(-np.expm1(-rate * TIMES) / rate, rel=1e-9, abs=1e-12)


@given(rate=st.floats(1e-3, 200.0))
@settings(max_examples=30, deadline=None)
def test_a_linear_input(rate):
    """t/k - (1 - exp(-k t))/k^2, exact for straight pieces whatever the step."""
    times = np.array([0.0, 0.1, 0.15, 0.7, 0.75, 2.0, 5.0])
    found = response_of(input_of(times, times), np.array([rate])).seen(0.0)[0]
    assert found == pytest.approx(times / rate + np.expm1(-rate * times) / rate**2, rel=1e-6, abs=1e-9)


def test_against_the_second_implementation(source):
    """The forward models' convolution of the same straight pieces."""
    for rate in (0.02, 0.5, 5.0, 50.0):
        other = convolve_exponential(
            time_min=source.knots_min, plasma_mmol_per_l=source.plasma_mmol_per_l, rate_per_min=rate
        )
        found = response_of(source, np.array([rate])).seen(0.0)[0]
        assert found == pytest.approx(np.asarray(other).reshape(-1)[::PIECES], rel=1e-9, abs=1e-12)


def test_a_bolus_is_not_cut_off():
    """A smooth input sampled every 2 s: closer to a fine integral than straight lines between samples are."""
    fine = np.linspace(0, 3, 9001)
    coarse = fine[::100]
    bolus = np.exp(-(((fine - 0.5) / 0.06) ** 2))
    truth = np.interp(coarse, fine, np.convolve(bolus, np.exp(-2 * fine))[: len(fine)] * fine[1])
    found = response_of(input_of(coarse, bolus[::100]), np.array([2.0])).seen(0.0)[0]
    straight = np.asarray(
        convolve_exponential(time_min=coarse, plasma_mmol_per_l=bolus[::100], rate_per_min=2.0)
    ).reshape(-1)
    after = coarse > 0.3
    assert np.abs(found - truth)[after].max() < 0.7 * np.abs(straight - truth)[after].max()


@pytest.mark.parametrize("seconds", [0.0, 0.7, 2.0, 7.3])
def test_a_delay_shifts_everything(source, seconds):
    """What tissue sees later is what an input given later makes it see."""
    delayed = response_of(source, np.array([0.0, 0.4, 8.0])).seen(seconds / 60)
    at = TIMES - seconds / 60
    for rate, curve in zip((0.0, 0.4, 8.0), delayed, strict=True):
        fine = np.asarray(
            convolve_exponential(
                time_min=source.knots_min, plasma_mmol_per_l=source.plasma_mmol_per_l, rate_per_min=rate
            )
        ).reshape(-1)
        before = at < TIMES[0]
        assert (curve[before] == 0.0).all()
        assert curve[~before] == pytest.approx(np.interp(at[~before], source.knots_min, fine), rel=5e-3, abs=1e-3)
    assert source.seen(seconds / 60)[at < 0.0] == pytest.approx(0.0)
