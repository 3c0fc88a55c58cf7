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
