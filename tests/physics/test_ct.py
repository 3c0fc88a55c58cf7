"""CT numbers, noise and blur: vectors E-57 to E-67."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.physics import ct

PARTS = {"hu_bone": 1650.0, "hu_fat": -80.0, "hu_soft": 45.0}


def test_mixture_adds_by_volume():
    """E-57: HU of parts 1650, -75, 50; 10 % bone, 40 % fat, 50 % soft tissue read 160."""
    mu = {"bone": 0.53, "fat": 0.185, "soft": 0.21}
    hu = {name: float(ct.hu_from_mu(value, 0.2)) for name, value in mu.items()}
    assert hu == pytest.approx({"bone": 1650.0, "fat": -75.0, "soft": 50.0})
    assert ct.mixture_hu(hu, {"bone": 0.1, "fat": 0.4, "soft": 0.5}) == pytest.approx(160.0)


def test_trabecular_voxel():
    """E-58: mineral 0 to 180 mg/ml with half of the marrow fat."""
    hu = ct.trabecular_hu(mineral_mg_per_ml=[0.0, 60.0, 120.0, 180.0], fat_fraction=0.5, **PARTS)
    assert hu == pytest.approx([-17.5, 74.8908025, 167.281605, 259.672407], rel=1e-6)


def test_marrow_fat_moves_the_reading():
    """E-59: the same mineral reads 67 HU less when fat rises from 0.2 to 0.8."""
    hu = ct.trabecular_hu(mineral_mg_per_ml=120.0, fat_fraction=[0.2, 0.5, 0.8], **PARTS)
    assert hu == pytest.approx([200.626097, 167.281605, 133.937113], rel=1e-6)


@pytest.mark.parametrize(
    ("bone", "fat", "expected"),
    [
        (2230.0, -99.0, 285.632745),
        (1864.0, -87.0, 240.104442),
        (1650.0, -80.0, 213.477006),
        (1501.0, -74.0, 195.422431),
    ],
)
def test_tube_voltage(bone, fat, expected):
    """E-60: 150 mg/ml at 80, 100, 120 and 140 kVp."""
    hu = ct.trabecular_hu(mineral_mg_per_ml=150.0, fat_fraction=0.5, hu_bone=bone, hu_fat=fat, hu_soft=45.0)
    assert hu == pytest.approx(expected, rel=1e-6)


def test_myelogram():
    """E-61: 8 mg iodine per ml at 27.7 HU per mg/ml on 8 HU."""
    assert ct.iodine_hu(hu_without=8.0, iodine_mg_per_ml=8.0, hu_per_mg_per_ml=27.7) == pytest.approx(229.6)


def test_noise_scaling():
    """E-62: half the mAs and a third of the slice give 29.4 HU; half the pixel on top 83.1 HU."""
    half = {"mas_ratio": 0.5, "slice_ratio": 1 / 3}
    assert ct.noise_hu(reference_hu=12.0, **half) == pytest.approx(29.3938769, rel=1e-6)
    assert ct.noise_hu(reference_hu=12.0, pixel_ratio=0.5, **half) == pytest.approx(83.1384388, rel=1e-6)


def test_gaussian_blur():
    """E-63: FWHM 1 mm is sigma 0.4247 mm; MTF 50 % at 4.41 and 10 % at 8.04 per cm."""
    assert ct.sigma_from_fwhm_mm(1.0) == pytest.approx(0.4246609, rel=1e-6)
    assert ct.mtf_frequency_per_cm(1.0, 0.5) == pytest.approx(4.412712, rel=1e-6)
    assert ct.mtf_frequency_per_cm(1.0, 0.1) == pytest.approx(8.0426783, rel=1e-6)


def test_thin_shell_reads_too_low():
    """E-64: a 0.4 mm cortex of 1650 HU reads 623 at FWHM 1 mm."""
    peaks = ct.shell_peak_hu(thickness_mm=[0.2, 0.4, 0.8, 1.6], hu_shell=1650.0, hu_background=40.0, fwhm_mm=1.0)
    assert peaks == pytest.approx([339.726222, 623.357037, 1092.57051, 1554.06903], rel=1e-5)


def test_shell_peak_equals_a_numerical_convolution():
    """E-64 by the slow way: a finely sampled shell, convolved with the Gaussian."""
    step, thickness, sigma = 0.002, 0.5, ct.sigma_from_fwhm_mm(1.2)
    x = np.arange(-6, 6, step)
    profile = np.where(np.abs(x) < thickness / 2, 1500.0, 100.0)
    kernel = np.exp(-(x**2) / (2 * sigma**2))
    blurred = np.convolve(profile, kernel / kernel.sum(), mode="same")[len(x) // 2 - 200 : len(x) // 2 + 200]
    found = ct.shell_peak_hu(thickness_mm=thickness, hu_shell=1500.0, hu_background=100.0, fwhm_mm=1.2)
    assert found == pytest.approx([blurred.max()], rel=5e-3)


def test_slice_partial_volume():
    """E-65: an endplate that cuts a 3 mm slice."""
    hu = ct.slice_partial_volume_hu(
        slice_mm=3.0, edge_offset_mm=[-1.5, -0.75, 0.0, 0.75, 1.5], hu_above=900.0, hu_below=80.0
    )
    assert hu == pytest.approx([900.0, 695.0, 490.0, 285.0, 80.0])


@pytest.mark.parametrize(
    ("water", "bone", "expected"),
    [(0.01, 0.0, 0.00198117989), (10.0, 0.0, 1.96183003), (20.0, 0.0, 3.88834483), (30.0, 4.0, 7.58888826)],
)
def test_beam_hardening(water, bone, expected):
    """E-66: three-bin spectrum through water and bone."""
    found = ct.polychromatic_line_integral(
        weight=[0.3, 0.4, 0.3],
        mu_water_per_cm=[0.2269, 0.1929, 0.1763],
        mu_bone_per_cm=[0.814, 0.498, 0.384],
        water_cm=water,
        bone_cm=bone,
    )
    assert found == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("ti", "water", "expected"), [(0.0, 30.0, 2.47875218e-3), (0.6, 29.4, 5.87285198e-4), (3.0, 27.0, 1.8506012e-6)]
)
def test_metal_transmission(ti, water, expected):
    """E-67: a titanium screw along the ray starves the detector."""
    found = ct.transmission(mu_per_cm=[2.6, 0.2], path_cm=[ti, water])
    assert found == pytest.approx(expected, rel=1e-5)
    assert 1 / math.sqrt(1e6 * expected) == pytest.approx(1 / math.sqrt(1e6 * found), rel=1e-5)


@given(hu=st.floats(50, 300), fat=st.floats(0.0, 0.9))
def test_mineral_is_the_inverse(hu, fat):
    """Property: the mineral found for an HU gives that HU back."""
    mineral = ct.mineral_for_hu(hu=hu, fat_fraction=fat, **PARTS)
    assert float(ct.trabecular_hu(mineral_mg_per_ml=mineral, fat_fraction=fat, **PARTS)) == pytest.approx(hu)
