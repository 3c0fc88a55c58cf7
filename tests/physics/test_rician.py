"""Magnitudes: vectors E-36 to E-40, the density by quadrature, throws, the published iteration, a root search."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, optimize, special, stats

from spinemets.physics import noise, rician
from spinemets.physics.diffusion import FEW_B


class TestVectors:
    def test_mean_and_sd(self):
        """E-37: moments of E-36 back to signals 1, 2, 5 and noise 1."""
        found = rician.koay_inversion(
            mean=[1.54857246, 2.27238343, 5.10106964], sd=[0.775837183, 0.914479937, 0.989489026]
        )
        assert found.nu == pytest.approx([1.0, 2.0, 5.0], rel=1e-5)
        assert found.sigma == pytest.approx([1.0, 1.0, 1.0], rel=1e-5)
        assert found.valid.all() and set(found.reason) == {""}

    def test_lower_bound(self):
        """E-38: a ratio of 1.894, below 1.91306, is noise: nu 0, and said."""
        found = rician.koay_inversion(mean=[1.25], sd=[0.66])
        assert found.nu == pytest.approx([0.0]) and found.sigma == pytest.approx([1.00742383], rel=1e-6)
        assert not found.valid[0] and found.reason[0] == rician.AT_FLOOR
        assert pytest.approx(1.91306, abs=5e-6) == rician.NOISE_MEAN_OVER_SD

    def test_known_sigma(self):
        """E-39: mean 83.4 at noise 50 is a signal of 60."""
        found = rician.known_sigma_inversion(mean=83.4137597, sigma=50.0)
        assert found.nu == pytest.approx(60.0, rel=1e-6)
        assert found.valid and found.sigma == 50.0

    def test_noise_floor_of_adc(self):
        """E-40: 2.00e-3 reads 1.71e-3 where the second signal is as strong as the noise."""
        found = rician.adc_with_noise_floor(s0=100.0, adc_mm2_per_s=0.002, b_s_per_mm2=[0.0, 1500.0], sigma=5.0)
        assert found.mean_signal == pytest.approx([100.125078, 7.7310179], rel=1e-5)
        assert found.apparent.adc_mm2_per_s == pytest.approx(0.0017074531, rel=1e-5)


def density(x, nu, sigma):
    """Rician density with a scaled Bessel function."""
    return x / sigma**2 * np.exp(-((x - nu) ** 2) / (2 * sigma**2)) * special.ive(0, x * nu / sigma**2)


@pytest.mark.parametrize(("nu", "sigma"), [(0.0, 1.0), (0.3, 1.0), (40.0, 25.0), (3.0, 0.5), (120.0, 4.0)])
def test_moments_by_quadrature(nu, sigma):
    """Mean and sd of `noise.rician_moments` (E-36) from its density, and back from these moments to nu and sigma."""
    ends = (max(0.0, nu - 12 * sigma), nu + 12 * sigma)
    first, second = (
        integrate.quad(lambda x, n=n: x**n * density(x, nu, sigma), *ends, epsabs=0, epsrel=1e-12, limit=200)[0]
        for n in (1, 2)
    )
    mean, sd = noise.rician_moments(nu, sigma)
    assert mean == pytest.approx(first, rel=1e-9)
    assert sd == pytest.approx(np.sqrt(second - first**2), rel=1e-6)
    if nu > 0.5 * sigma:
        found = rician.koay_inversion(mean=first, sd=np.sqrt(second - first**2))
        assert (found.nu, found.sigma) == (pytest.approx(nu, rel=1e-5), pytest.approx(sigma, rel=1e-5))
        assert rician.known_sigma_inversion(mean=first, sigma=sigma).nu == pytest.approx(nu, rel=1e-7)


@pytest.mark.parametrize("nu", [1.5, 4.0, 20.0])
def test_throws(nu):
    """Signal and noise behind 400 000 thrown magnitudes, with and without knowing the noise."""
    throws = np.random.default_rng(37).normal(0.0, 2.0, (2, 400_000))
    magnitude = np.hypot(2.0 * nu + throws[0], throws[1])
    found = rician.koay_inversion(mean=magnitude.mean(), sd=magnitude.std())
    assert found.nu == pytest.approx(2.0 * nu, rel=0.02) and found.sigma == pytest.approx(2.0, rel=0.01)
    assert rician.known_sigma_inversion(mean=magnitude.mean(), sigma=2.0).nu == pytest.approx(2.0 * nu, rel=0.01)


def published_xi(theta):
    """The factor as Koay and Basser print it."""
    bessel = (2 + theta**2) * special.iv(0, theta**2 / 4) + theta**2 * special.iv(1, theta**2 / 4)
    return 2 + theta**2 - np.pi / 8 * np.exp(-(theta**2) / 2) * bessel**2


@pytest.mark.parametrize("r", [1.95, 2.2, 3.0, 5.0, 12.0])
def test_published_iteration(r):
    """Fixed point of the printed formula, iterated thousands of times because it slows down towards the floor."""
    theta = 1.0
    for _ in range(4000):
        theta = np.sqrt(published_xi(theta) * (1 + r**2) - 2)
    found = rician.koay_inversion(mean=r, sd=1.0)
    assert found.nu / found.sigma == pytest.approx(theta, rel=1e-6)
    assert found.sigma == pytest.approx(1 / np.sqrt(published_xi(theta)), rel=1e-6)
    assert found.nu**2 == pytest.approx(r**2 + (published_xi(theta) - 2) * float(found.sigma) ** 2, rel=1e-5)


def test_root_search_of_another_library():
    """scipy's Rice distribution, bracketed root search, random means."""
    for mean in np.random.default_rng(39).uniform(1.3, 25.0, 10):
        slow = optimize.brentq(lambda nu, mean=mean: stats.rice.mean(nu) - mean, 1e-3, 30.0, xtol=1e-12)
        assert rician.known_sigma_inversion(mean=3.0 * mean, sigma=3.0).nu == pytest.approx(3.0 * slow, rel=1e-8)


def test_floored_adc_by_throws():
    """Magnitudes averaged over many throws show the biased ADC: averaging does not help."""
    draw = np.random.default_rng(40)
    b, sigma = np.array([0.0, 500.0, 1000.0, 1500.0]), 8.0
    clean = 100.0 * np.exp(-b * 1.8e-3)
    throws = draw.normal(0.0, sigma, (2, 200_000, b.size))
    averaged = np.hypot(clean + throws[0], throws[1]).mean(axis=0)
    slope, _ = np.polyfit(b, np.log(averaged), 1)
    found = rician.adc_with_noise_floor(s0=100.0, adc_mm2_per_s=1.8e-3, b_s_per_mm2=b, sigma=sigma)
    assert found.mean_signal == pytest.approx(averaged, rel=5e-3)
    assert found.apparent.adc_mm2_per_s == pytest.approx(-slope, rel=5e-3)
    assert found.apparent.adc_mm2_per_s < 1.7e-3


@given(nu=st.floats(0.5, 1e4), sigma=st.floats(0.01, 100.0))
def test_forward_and_back(nu, sigma):
    """Property: moments of signals from half the noise upwards give signal and noise back."""
    theta = nu / 10.0 + 0.45
    mean, sd = noise.rician_moments(theta * sigma, sigma)
    found = rician.koay_inversion(mean=mean, sd=sd)
    # Towards the floor nu is the fourth root of a difference: a few digits less.
    assert found.nu == pytest.approx(theta * sigma, rel=1e-6) and found.sigma == pytest.approx(sigma, rel=1e-6)
    assert rician.known_sigma_inversion(mean=mean, sigma=sigma).nu == pytest.approx(theta * sigma, rel=1e-9)


@given(low=st.floats(0.0, 50.0), more=st.floats(0.01, 50.0), sigma=st.floats(0.1, 20.0))
def test_magnitudes_never_fall_below_signal_or_floor(low, more, sigma):
    """Property: the mean grows with the signal, is above it and above the floor; the noise it shows grows to sigma."""
    mean, sd = noise.rician_moments([low, low + more], sigma)
    assert mean[1] > mean[0] >= max(low, rician.NOISE_MEAN * sigma) - 1e-9
    assert np.sqrt(rician.NOISE_VARIANCE) * sigma - 1e-9 <= sd[0] <= sd[1] + 1e-9 <= sigma + 2e-9


def test_no_bias_far_above_the_noise():
    """Limit: at SNR 1000 the mean is the signal and the sd the noise; the ADC is the true one."""
    found = rician.koay_inversion(mean=1000.0, sd=1.0)
    assert (found.nu, found.sigma) == (pytest.approx(1000.0, rel=1e-5), pytest.approx(1.0, rel=1e-5))
    floored = rician.adc_with_noise_floor(s0=1e5, adc_mm2_per_s=1e-3, b_s_per_mm2=[0.0, 800.0], sigma=1.0)
    assert floored.apparent.adc_mm2_per_s == pytest.approx(1e-3, rel=1e-6)


def test_background_is_noise():
    """Rayleigh background: mean 1.2533 and sd 0.6551 sigma; both inverses say that there is no signal."""
    assert (rician.NOISE_MEAN, np.sqrt(rician.NOISE_VARIANCE)) == pytest.approx((1.2533, 0.6551), abs=5e-5)
    known = rician.known_sigma_inversion(mean=[1.0, 1.2533, 1.3], sigma=1.0)
    assert list(known.valid) == [False, False, True] and list(known.nu[:2]) == [0.0, 0.0]
    assert list(known.reason) == [rician.AT_FLOOR, rician.AT_FLOOR, ""]


def test_what_are_no_moments():
    """Zero, negative and missing moments give no signal and no noise, beside voxels that do."""
    found = rician.koay_inversion(mean=[2.0, 0.0, -1.0, np.nan, 2.0, 2.0], sd=[0.9, 1.0, 1.0, 1.0, 0.0, np.inf])
    assert list(found.valid) == [True, *[False] * 5] and set(found.reason[1:]) == {rician.NOT_MOMENTS}
    assert np.isnan(found.nu[1:]).all() and np.isnan(found.sigma[1:]).all()
    known = rician.known_sigma_inversion(mean=[2.0, np.nan, 2.0], sigma=[1.0, 1.0, -1.0])
    assert list(known.reason) == ["", rician.NOT_MOMENTS, rician.NOT_MOMENTS] and np.isnan(known.nu[1:]).all()


def test_shapes():
    """Means of voxels against one noise; a refusal of the ADC is passed on."""
    assert rician.known_sigma_inversion(mean=np.full((2, 3), 5.0), sigma=1.0).nu.shape == (2, 3)
    found = rician.adc_with_noise_floor(s0=[1.0, 2.0], adc_mm2_per_s=1e-3, b_s_per_mm2=[800.0, 800.0], sigma=0.1)
    assert found.mean_signal.shape == (2, 2) and set(found.apparent.reason) == {FEW_B}
