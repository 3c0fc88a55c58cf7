"""Noise of CT: vector E-62, measured spectra, counted photons and scaling laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from spinemets.physics import ct_noise, noise
from spinemets.physics.ct_noise import Exposure, Kernel

REFERENCE = Exposure(mas=200.0, slice_mm=3.0, pixel_mm=0.7)
FACTORS = st.floats(0.1, 10.0)

# --- published vectors ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("pixel", "expected"), [(0.7, 29.3938769), (0.35, 83.1384388)])
def test_noise_scaling(pixel: float, expected: float):
    """E-62: 12 HU at 200 mAs, 3 mm; at 100 mAs and 1 mm, and with half the pixel on top."""
    scan = Exposure(mas=100.0, slice_mm=1.0, pixel_mm=pixel)
    found = ct_noise.scaled_noise_hu(reference_hu=12.0, reference=REFERENCE, scan=scan)
    assert found == pytest.approx(expected, rel=1e-6)


def test_larger_bodies():
    """Section 7: from 20 to 40 cm the noise is about 7 times as large, with water at 67 keV."""
    assert float(ct_noise.body_factor(diameter_cm=40.0, reference_cm=20.0, mu_per_cm=0.1965)) == pytest.approx(
        7.1, abs=0.1
    )


# --- slow and obviously right -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_dose_and_body_against_counted_photons(seed: int):
    """Random doses and bodies: the scatter of -ln N of counted photons, one ray through the middle."""
    draw = np.random.default_rng(seed)
    mu, photons = 0.19, 4e5
    diameter, dose = draw.uniform(15.0, 40.0), draw.uniform(0.3, 3.0)

    def scatter(photons_in, cm):
        return np.log(draw.poisson(photons_in * math.exp(-mu * cm), 60_000)).std()

    slow = scatter(dose * photons, diameter) / scatter(photons, 25.0)
    scan = Exposure(mas=dose * REFERENCE.mas, slice_mm=3.0, pixel_mm=0.7)
    found = ct_noise.scaled_noise_hu(reference_hu=1.0, reference=REFERENCE, scan=scan)
    found *= float(ct_noise.body_factor(diameter_cm=diameter, reference_cm=25.0, mu_per_cm=mu))
    assert found == pytest.approx(slow, rel=0.02)


@pytest.mark.parametrize("kernel", [Kernel.SOFT, Kernel.BONE], ids=["soft", "bone"])
def test_spectrum_against_measured_noise(kernel: Kernel):
    """The periodogram of filtered white noise, averaged in rings, is the spectrum."""
    pixel_cm, n, sigma = 0.025, 128, 20.0
    draw = np.random.default_rng(5)
    power = np.zeros((n, n))
    for _ in range(150):
        picture = sigma * noise.back_projection_noise(draw, (n, n), (10.0 * pixel_cm,) * 2, kernel.f0_per_cm / 10.0)
        power += np.abs(np.fft.fft2(picture)) ** 2 * pixel_cm**2 / n**2 / 150
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(n, pixel_cm), np.fft.fftfreq(n, pixel_cm)))
    for low in np.arange(0.6, 1.6 * kernel.f0_per_cm, 0.8):
        ring = (frequency >= low) & (frequency < low + 0.8)
        expected = kernel.power_hu2_cm2(frequency[ring], sigma_hu=sigma).mean()
        assert power[ring].mean() == pytest.approx(expected, rel=0.04)


@pytest.mark.parametrize("f0", [2.0, 3.0, 7.0])
def test_spectrum_holds_the_variance(f0: float):
    """Quadrature over the plane of frequencies."""
    kernel = Kernel(f0_per_cm=f0, fwhm_mm=1.0)
    volume, _ = integrate.quad(
        lambda f: 2.0 * math.pi * f * float(kernel.power_hu2_cm2(f, sigma_hu=11.0)), 0.0, 10.0 * f0
    )
    assert volume == pytest.approx(121.0, rel=1e-9)


@pytest.mark.parametrize("correlation", [0.0, 0.2, 0.345, 0.5])
def test_neighbouring_slices_against_throws(correlation: float):
    """Slices built with the weights correlate as asked with the next one, not with the one after."""
    own, below = ct_noise.neighbour_weights(correlation)
    white = np.random.default_rng(3).standard_normal(400_000)
    slices = own * white[1:] + below * white[:-1]
    assert slices.std() == pytest.approx(1.0, abs=0.005)
    assert np.corrcoef(slices[1:], slices[:-1])[0, 1] == pytest.approx(correlation, abs=0.01)
    assert np.corrcoef(slices[2:], slices[:-2])[0, 1] == pytest.approx(0.0, abs=0.01)


# --- properties -------------------------------------------------------------------------------------------------------


@given(mas=FACTORS, thickness=FACTORS, pixel=FACTORS)
def test_there_and_back(mas, thickness, pixel):
    """Property: scaling to a scan and back changes nothing; four times the dose is half the noise."""
    scan = Exposure(mas=200.0 * mas, slice_mm=3.0 * thickness, pixel_mm=0.7 * pixel)
    there = ct_noise.scaled_noise_hu(reference_hu=12.0, reference=REFERENCE, scan=scan)
    assert ct_noise.scaled_noise_hu(reference_hu=there, reference=scan, scan=REFERENCE) == pytest.approx(12.0)
    more = Exposure(mas=4.0 * scan.mas, slice_mm=scan.slice_mm, pixel_mm=scan.pixel_mm)
    assert ct_noise.scaled_noise_hu(reference_hu=12.0, reference=REFERENCE, scan=more) == pytest.approx(there / 2.0)


@given(first=st.floats(10.0, 40.0), second=st.floats(10.0, 40.0))
def test_bodies_chain(first, second):
    """Property: from one body to a second by way of a third is the direct way; a body is its own reference."""

    def factor(to, of):
        return float(ct_noise.body_factor(diameter_cm=to, reference_cm=of, mu_per_cm=0.2))

    assert factor(first, 25.0) * factor(second, first) == pytest.approx(factor(second, 25.0), rel=1e-9)
    assert factor(first, first) == 1.0


@given(finer=st.floats(0.3, 3.0))
def test_a_sharper_kernel_is_a_finer_pixel(finer):
    """Property: kernels and pixels follow one law, variance with the third power of what is resolved."""
    sharp = Kernel(f0_per_cm=finer * Kernel.SOFT.f0_per_cm, fwhm_mm=1.0)
    scan = Exposure(mas=REFERENCE.mas, slice_mm=REFERENCE.slice_mm, pixel_mm=REFERENCE.pixel_mm / finer)
    by_pixel = ct_noise.scaled_noise_hu(reference_hu=1.0, reference=REFERENCE, scan=scan)
    assert sharp.noise_factor(Kernel.SOFT) == pytest.approx(by_pixel, rel=1e-9)


@pytest.mark.parametrize("kernel", [Kernel.SOFT, Kernel.BONE], ids=["soft", "bone"])
def test_the_strongest_frequency(kernel: Kernel):
    """Property: no noise in the mean (ramp filter), the maximum where it is said to be."""
    f = np.linspace(0.0, 4.0 * kernel.f0_per_cm, 40_001)
    power = kernel.power_hu2_cm2(f, sigma_hu=1.0)
    assert power[0] == 0.0
    assert f[power.argmax()] == pytest.approx(kernel.peak_per_cm, abs=1e-3)


@pytest.mark.parametrize("correlation", [-0.1, 0.51])
def test_one_neighbour_cannot_correlate_more(correlation: float):
    """A bad call says what is possible."""
    with pytest.raises(ValueError, match=r"0 to 0\.5"):
        ct_noise.neighbour_weights(correlation)
