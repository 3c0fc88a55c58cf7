"""Decay: vectors E-72 and E-73, integrals over frames, limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from spinemets.physics import activity_decay

F18_S = 6586.2


def test_after_a_time():
    """E-72: an hour and a half after the injection."""
    assert float(activity_decay.decay_factor(elapsed_s=5400.0, half_life_s=F18_S)) == pytest.approx(
        0.56648272, rel=1e-6
    )


def test_decay_none_with_a_frame():
    """E-73: a frame of 10 min, an hour after the injection, without decay correction."""
    assert float(activity_decay.decay_factor(elapsed_s=3600.0, half_life_s=F18_S)) == pytest.approx(
        0.68463292, rel=1e-6
    )
    average = activity_decay.frame_average_factor(duration_s=600.0, half_life_s=F18_S)
    assert float(average) == pytest.approx(1.03190496, rel=1e-6)
    total = activity_decay.uncorrected_frame_factor(start_s=3600.0, duration_s=600.0, half_life_s=F18_S)
    assert float(total) == pytest.approx(1.50723831, rel=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_frames_against_an_integral(seed: int):
    """E-73 for random nuclides and frames: the mean activity of a frame, integrated."""
    draw = np.random.default_rng(seed)
    half_life, start, duration = draw.uniform(100.0, 20_000.0), draw.uniform(0.0, 5000.0), draw.uniform(1.0, 3000.0)
    counted, _ = integrate.quad(lambda t: 0.5 ** (t / half_life), start, start + duration, epsabs=0.0, epsrel=1e-11)
    found = activity_decay.uncorrected_frame_factor(start_s=start, duration_s=duration, half_life_s=half_life)
    assert float(found) == pytest.approx(duration / counted, rel=1e-8)


@given(half_life=st.floats(60.0, 1e6), duration=st.floats(0.0, 1e4))
def test_decay_in_its_limits(half_life, duration):
    """Property: half after one half-life; a frame of no length has its start's activity, a long one less."""
    assert float(activity_decay.decay_factor(elapsed_s=half_life, half_life_s=half_life)) == pytest.approx(0.5)
    factor = float(activity_decay.frame_average_factor(duration_s=duration, half_life_s=half_life))
    assert 1.0 <= factor <= 2.0 ** (duration / half_life) * (1.0 + 1e-12)
