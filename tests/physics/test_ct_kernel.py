"""Kernels of CT: closed forms against quadrature and against blurred edges, noise against its spectrum."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from spinemets.physics.ct import sigma_from_fwhm_mm
from spinemets.physics.ct_kernel import PointSpread, noise_amplitude

BONE = PointSpread(fwhm_mm=0.6, overshoot=0.10)
SOFT = PointSpread(fwhm_mm=1.0)
BODY = PointSpread(fwhm_mm=1.2)
KERNELS = pytest.mark.parametrize("kernel", [BONE, SOFT, BODY], ids=["bone", "soft", "body"])


def line_spread(kernel, x):
    """Derivative of the edge."""
    step = 1e-5
    return (kernel.edge(x + step) - kernel.edge(x - step)) / (2 * step)


# --- closed forms against slow ones -----------------------------------------------------------------------------------


@KERNELS
def test_transfer_is_the_transform_of_the_line_spread(kernel):
    """Quadrature of the line spread times a cosine."""
    for f in (0.0, 0.3, 0.8, 1.4):
        slow, _ = integrate.quad(
            lambda x, f=f: float(line_spread(kernel, x)) * np.cos(2 * np.pi * f * x), -4.0, 4.0, limit=200
        )
        assert float(kernel.transfer(f)) == pytest.approx(slow, abs=1e-5)


@KERNELS
def test_the_width_is_the_one_asked_for(kernel):
    """At half the FWHM the line spread is half of its height, and nowhere before."""
    x = np.linspace(0.0, kernel.fwhm_mm / 2, 50)
    share = line_spread(kernel, x) / line_spread(kernel, 0.0)
    assert share[-1] == pytest.approx(0.5, abs=1e-6)
    assert (share[:-1] > 0.5).all()


@pytest.mark.parametrize("overshoot", [0.02, 0.10, 0.25])
def test_edges_overshoot_as_asked(overshoot):
    """Largest value of an edge, searched for."""
    kernel = PointSpread(fwhm_mm=0.6, overshoot=overshoot)
    assert kernel.edge(np.linspace(-3, 3, 60_001)).max() == pytest.approx(1.0 + overshoot, abs=1e-6)
    assert kernel.edge(np.linspace(-3, 3, 60_001)).min() == pytest.approx(-overshoot, abs=1e-6)


def test_without_overshoot_it_is_a_gaussian():
    """Limits: the Gaussian's standard deviation and its 10-90 % width of 2.563 of them."""
    assert SOFT.enhancement == 0.0 and SOFT.sigma_mm == sigma_from_fwhm_mm(1.0)
    assert SOFT.edge_width_mm == pytest.approx(2.5631 * SOFT.sigma_mm, rel=1e-4)
    assert BONE.edge_width_mm < PointSpread(fwhm_mm=0.6).edge_width_mm


# --- filters ----------------------------------------------------------------------------------------------------------


@KERNELS
@pytest.mark.parametrize("angle_deg", [0.0, 11.0, 45.0])
def test_edge_width_on_pixels_against_the_closed_form(kernel, angle_deg):
    """A slanted edge on fine pixels, each the mean over itself, filtered along both axes."""
    pixel, n = 0.2, 121
    i, j = (np.indices((n, n)) - (n - 1) / 2) * pixel
    angle = np.radians(angle_deg)
    across = i * np.cos(angle) + j * np.sin(angle)
    # What an edge leaves in a pixel, by 8 x 8 points in each.
    parts = (np.arange(8) - 3.5) / 8 * pixel
    image = np.mean([(across + a * np.cos(angle) + b * np.sin(angle) > 0) for a in parts for b in parts], axis=0)
    image = kernel.blurred(image, pixel, pixel)
    inner = np.s_[30:-30, 30:-30]
    order = np.argsort(across[inner], axis=None)
    x, seen = across[inner].ravel()[order], image[inner].ravel()[order]
    assert seen == pytest.approx(kernel.edge(x), abs=0.02)
    if angle_deg:
        rising = np.abs(x) < 0.75 * kernel.edge_width_mm
        width = np.interp(0.9, seen[rising], x[rising]) - np.interp(0.1, seen[rising], x[rising])
        assert width == pytest.approx(kernel.edge_width_mm, rel=0.08)


@given(fwhm=st.floats(0.3, 2.0), overshoot=st.floats(0.0, 0.2), pixel=st.floats(0.15, 1.0))
def test_taps_keep_the_mean_and_are_even(fwhm, overshoot, pixel):
    """Property: what is uniform stays as it is, nothing moves."""
    smooth, sharp = PointSpread(fwhm_mm=fwhm, overshoot=overshoot).taps(pixel, pixel)
    assert smooth.sum() == pytest.approx(1.0) and sharp.sum() == pytest.approx(0.0, abs=1e-9)
    for taps in (smooth, sharp):
        assert len(taps) % 2 == 1 and taps == pytest.approx(taps[::-1], abs=1e-9)


def test_pictures_are_blurred_one_by_one():
    """A stack, float32, is what each picture gives alone; a point gives what is the same in all directions."""
    image = np.zeros((2, 31, 31), np.float32)
    image[1, 15, 15] = 1.0
    found = BONE.blurred(image, 0.25)
    assert found.dtype == np.float32 and not found[0].any()
    assert found[1] == pytest.approx(BONE.blurred(image[1], 0.25), abs=1e-7)
    assert found[1] == pytest.approx(found[1].T, abs=1e-6)
    # At 5 pixels along an axis, and at (3, 4).
    assert found[1, 20, 15] == pytest.approx(found[1, 18, 19], abs=2e-3 * float(found.max()))


@given(scale=st.floats(0.2, 5.0))
def test_units(scale):
    """Property: all lengths scaled, everything scales."""
    scaled = PointSpread(fwhm_mm=0.6 * scale, overshoot=0.10)
    assert scaled.edge_width_mm == pytest.approx(scale * BONE.edge_width_mm, rel=1e-6)
    found, expected = (np.concatenate(k.taps(p, p)) for k, p in ((scaled, 0.35 * scale), (BONE, 0.35)))
    assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("fwhm", "overshoot"), [(0.0, 0.1), (-1.0, 0.0), (0.6, -0.1), (0.6, 0.5)])
def test_what_is_no_point_spread(fwhm, overshoot):
    """A bad call says what is possible."""
    with pytest.raises(ValueError, match=r"0 to 0\.3"):
        PointSpread(fwhm_mm=fwhm, overshoot=overshoot)


# --- noise ------------------------------------------------------------------------------------------------------------


def noise(amplitude, shape, seed):
    """White noise through the amplitude."""
    white = np.random.default_rng(seed).standard_normal(shape)
    return np.fft.irfft2(np.fft.rfft2(white) * amplitude, s=shape)


@pytest.mark.parametrize(("pixel", "f0"), [(0.2, 0.7), (0.35, 0.7), (0.8, 0.27), (0.8, 0.7)])
def test_noise_has_unit_sd_whatever_the_pixel(pixel, f0):
    """Pixels too large for the kernel keep its variance."""
    shape = (96, 128)
    found = np.mean([noise(noise_amplitude(shape, pixel, f0), shape, seed).var() for seed in range(20)])
    assert found == pytest.approx(1.0, rel=0.02)


@pytest.mark.parametrize("f0", [0.27, 0.3, 0.7])
def test_noise_has_the_spectrum_of_the_kernel(f0):
    """The periodogram in rings is ``f exp(-(f/f0)^2)``."""
    shape, pixel = (128, 128), 0.25
    power = np.mean(
        [np.abs(np.fft.fft2(noise(noise_amplitude(shape, pixel, f0), shape, seed))) ** 2 for seed in range(60)], axis=0
    )
    f = np.hypot(np.fft.fftfreq(128, pixel)[:, None], np.fft.fftfreq(128, pixel)[None, :])
    model = f * np.exp(-((f / f0) ** 2))
    for low in np.arange(0.1, 1.5 * f0, 0.1):
        ring = (f >= low) & (f < low + 0.1)
        assert power[ring].sum() / power.sum() == pytest.approx(model[ring].sum() / model.sum(), rel=0.05)


def test_coarse_pixels_are_samples_of_fine_ones():
    """Folding: every second sample of noise on fine pixels has the spectrum of noise on coarse ones."""
    fine, coarse = noise_amplitude((128, 128), 0.4, 0.7), noise_amplitude((64, 64), 0.8, 0.7)
    power = np.mean([np.abs(np.fft.rfft2(noise(fine, (128, 128), n)[::2, ::2])) ** 2 for n in range(300)], axis=0)
    assert power.mean(axis=0) / 64**2 == pytest.approx((coarse**2).mean(axis=0), rel=0.06)
