"""Noise of MR magnitude and of CT reconstructions: E-36, E-83, E-89."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.physics import noise


def test_rician_moments():
    """E-36: mean and sd for nu 0 to 10, sigma 1."""
    mean, sd = noise.rician_moments([0.0, 1.0, 2.0, 3.0, 5.0, 10.0], 1.0)
    assert mean == pytest.approx([1.25331414, 1.54857246, 2.27238343, 3.17257729, 5.10106964, 10.0501269], rel=1e-5)
    assert sd == pytest.approx([0.655136378, 0.775837183, 0.914479937, 0.966826433, 0.989489026, 0.997471081], rel=1e-5)


def test_rician_moments_stay_finite_at_high_signal():
    """Scaled Bessel functions: at SNR 1000 the mean is the signal."""
    mean, sd = noise.rician_moments([1000.0], 1.0)
    assert mean == pytest.approx([1000.0], rel=1e-5)
    assert sd == pytest.approx([1.0], rel=1e-2)


def test_chemical_shift():
    """E-83: at 1.5 T and 130 Hz per pixel fat moves by 1.67 pixels; 3 T at double bandwidth is the same."""
    assert noise.chemical_shift_px(field_t=1.5, bandwidth_hz_per_px=130.0) == pytest.approx(-1.67034723, rel=1e-6)
    assert noise.chemical_shift_px(field_t=1.5, bandwidth_hz_per_px=260.0) == pytest.approx(-0.835173617, rel=1e-6)
    assert noise.chemical_shift_px(field_t=3.0, bandwidth_hz_per_px=260.0) == pytest.approx(-1.67034723, rel=1e-6)


def test_snr_scaling():
    """E-89: double voxel, two averages, double bandwidth, double field: SNR 40 -> 160."""
    found = noise.snr(reference=40.0, voxel_ratio=2.0, nex_ratio=2.0, bandwidth_ratio=2.0, field_ratio=2.0)
    assert found == pytest.approx(160.0)


def test_ct_noise_has_unit_sd_and_the_kernels_colour():
    """CT noise spectrum f exp(-(f/f0)^2): no noise at zero frequency, most near f0/sqrt 2, unit sd."""
    image = noise.back_projection_noise(np.random.default_rng(1), (256, 256), (0.5, 0.5), 0.5)
    assert image.std() == pytest.approx(1.0, rel=1e-5)
    power = np.abs(np.fft.fft2(image)) ** 2
    f = np.hypot(np.fft.fftfreq(256, 0.5)[:, None], np.fft.fftfreq(256, 0.5)[None, :])
    bands = [power[(f >= low) & (f < low + 0.1)].mean() for low in (0.0, 0.3, 0.8)]
    assert bands[1] > 2 * bands[0]
    assert bands[1] > 2 * bands[2]


def test_same_generator_state_same_noise():
    """All randomness comes from the generator that is handed in."""
    first, second = (noise.back_projection_noise(np.random.default_rng(7), (32, 32), (1.0, 1.0), 0.5) for _ in range(2))
    assert np.array_equal(first, second)
