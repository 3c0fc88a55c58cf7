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


@pytest.mark.parametrize("nu", [29.99, 30.01, 1e3, 1e6, 1e9])
def test_rician_variance_keeps_its_digits(nu):
    """Far above the noise the variance is ``1 - u/2``, u = (sigma/nu)^2; formula and series meet at SNR 30."""
    mean, sd = noise.rician_moments(nu, 1.0)
    u = nu**-2.0
    assert 1.0 - sd**2 == pytest.approx(u / 2.0 + u**2 / 2.0, rel=1e-5, abs=1e-15)
    assert mean == pytest.approx(nu * (1.0 + u / 2.0), rel=1e-6)


def test_rician_moments_of_several_noises():
    """Both moments scale with the noise; voxels may have their own."""
    mean, sd = noise.rician_moments([0.0, 10.0, 100.0], [2.0, 5.0, 2.0])
    plain = noise.rician_moments([0.0, 2.0, 50.0], 1.0)
    assert mean == pytest.approx(plain[0] * [2.0, 5.0, 2.0])
    assert sd == pytest.approx(plain[1] * [2.0, 5.0, 2.0])


@pytest.mark.parametrize(
    ("field_t", "bandwidth", "px", "mm"),
    [
        (1.5, 130.0, -1.67034723, -1.33627779),
        (1.5, 260.0, -0.835173617, -0.668138894),
        (3.0, 260.0, -1.67034723, -1.33627779),
    ],
)
def test_chemical_shift(field_t, bandwidth, px, mm):
    """E-83: at 1.5 T and 130 Hz per pixel fat moves by 1.67 pixels; 3 T at double bandwidth is the same; 0.8 mm pixels."""
    call = {"field_t": field_t, "bandwidth_hz_per_px": bandwidth}
    assert noise.chemical_shift_px(**call) == pytest.approx(px, rel=1e-6)
    assert noise.chemical_shift_mm(**call, pixel_mm=0.8) == pytest.approx(mm, rel=1e-6)


@pytest.mark.parametrize(("field_t", "bandwidth"), [(1.5, 130.0), (3.0, 260.0), (3.0, 700.0)])
def test_chemical_shift_of_a_read_out_line(field_t, bandwidth):
    """Fat and water in one place, read out: sampled precession, transformed; fat appears that far away."""
    n, fine, at = 128, 64, 10.0
    time_s = np.arange(n) / (n * bandwidth)
    shift_hz = -3.4 * 42.577478518 * field_t
    places = np.fft.fftfreq(n * fine, 1.0 / n)
    seen = [
        places[np.abs(np.fft.fft(np.exp(2j * np.pi * (at * bandwidth + off) * time_s), n * fine)).argmax()]
        for off in (0.0, shift_hz)
    ]
    moved = noise.chemical_shift_px(field_t=field_t, bandwidth_hz_per_px=bandwidth)
    assert seen[1] - seen[0] == pytest.approx(moved, abs=1.0 / fine)


def test_snr_scaling():
    """E-89: double voxel, two averages, double bandwidth, double field: SNR 40 -> 160."""
    found = noise.snr(
        reference=40.0, voxel_ratio=5.12 / 2.56, nex_ratio=2 / 1, bandwidth_ratio=260.0 / 130.0, field_ratio=3.0 / 1.5
    )
    assert found == pytest.approx(160.0, rel=1e-6)


@pytest.mark.parametrize(("voxel", "nex", "bandwidth", "field"), [(1.0, 4, 1.0, 1.0), (0.5, 3, 2.0, 2.0)])
def test_snr_by_throws(voxel, nex, bandwidth, field):
    """Signal grows with voxel and field, noise with the root of the bandwidth; averages of thrown noise."""
    throws = np.random.default_rng(89).normal(0.0, np.sqrt(bandwidth), (nex, 200_000)).mean(axis=0)
    slow = 30.0 * voxel * field / throws.std()
    found = noise.snr(reference=30.0, voxel_ratio=voxel, nex_ratio=nex, bandwidth_ratio=bandwidth, field_ratio=field)
    assert found == pytest.approx(slow, rel=0.01)


def test_parallel_imaging_costs_lines_and_geometry():
    """Half of the lines at g 1.2: 1/(1.2 sqrt 2); g 1 is the default."""
    assert noise.snr(reference=50.0, nex_ratio=0.5, g_factor=1.2) == pytest.approx(50.0 / 1.2 / np.sqrt(2.0))
    assert noise.snr(reference=50.0) == 50.0


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
