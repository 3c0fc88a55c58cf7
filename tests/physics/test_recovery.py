"""Recovery of spheres: vector E-79, convolution, quadrature, throws, limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, ndimage

from spinemets.physics import recovery
from spinemets.physics.ct import sigma_from_fwhm_mm

RADII = [3.0, 5.0, 10.0, 20.0]
RADIUS, FWHM = st.floats(0.01, 100.0), st.floats(1.0, 20.0)

# --- published vectors ------------------------------------------------------------------------------------------------


def test_recovery_of_the_centre_and_of_the_mean():
    """E-79: radii 3 to 20 mm at 6 mm FWHM."""
    centre = recovery.sphere_centre_recovery(radius_mm=RADII, fwhm_mm=6.0)
    mean = recovery.sphere_mean_recovery(radius_mm=RADII, fwhm_mm=6.0)
    assert centre == pytest.approx([0.291249469, 0.721969741, 0.99849747, 1.0], rel=1e-5)
    assert mean == pytest.approx([0.215292642, 0.442880048, 0.701651852, 0.84835123], rel=1e-5)


def test_apparent_uptake():
    """E-79: 8 on a background of 1.5."""
    centre = recovery.sphere_centre_recovery(radius_mm=RADII, fwhm_mm=6.0)
    mean = recovery.sphere_mean_recovery(radius_mm=RADII, fwhm_mm=6.0)
    values = {"lesion": 8.0, "background": 1.5}
    found = recovery.apparent(**values, recovery=centre)
    assert found == pytest.approx([3.39312155, 6.19280332, 7.99023356, 8.0], rel=1e-5)
    found = recovery.apparent(**values, recovery=mean)
    assert found == pytest.approx([2.89940217, 4.37872032, 6.06073704, 7.01428299], rel=1e-5)


# --- slow and obviously right -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_recovery_against_photons_thrown_about(seed: int):
    """Random spheres: points within it, each moved by a Gaussian step; those that stay, and steps from the centre."""
    draw = np.random.default_rng(seed)
    radius, fwhm = draw.uniform(2.0, 15.0), draw.uniform(3.0, 12.0)
    steps = sigma_from_fwhm_mm(fwhm) * draw.standard_normal((300_000, 3))
    direction = draw.standard_normal((300_000, 3))
    start = radius * draw.random((300_000, 1)) ** (1 / 3) * direction / np.linalg.norm(direction, axis=1, keepdims=True)
    stays = (np.linalg.norm(start + steps, axis=1) < radius).mean()
    reaches = (np.linalg.norm(steps, axis=1) < radius).mean()
    assert float(recovery.sphere_mean_recovery(radius_mm=radius, fwhm_mm=fwhm)) == pytest.approx(stays, abs=0.005)
    assert float(recovery.sphere_centre_recovery(radius_mm=radius, fwhm_mm=fwhm)) == pytest.approx(reaches, abs=0.005)


@pytest.mark.parametrize("seed", range(4))
def test_recovery_against_quadrature(seed: int):
    """Random spheres: density of a step's length, and the overlap of two spheres that far apart, integrated."""
    draw = np.random.default_rng(10 + seed)
    radius, fwhm = draw.uniform(1.0, 20.0), draw.uniform(3.0, 12.0)
    sigma = sigma_from_fwhm_mm(fwhm)

    def density(r):
        return math.sqrt(2.0 / math.pi) * r**2 / sigma**3 * math.exp(-(r**2) / (2.0 * sigma**2))

    centre, _ = integrate.quad(density, 0.0, radius, epsabs=1e-13)
    mean, _ = integrate.quad(
        lambda r: density(r) * (1.0 - 3.0 * r / (4.0 * radius) + r**3 / (16.0 * radius**3)), 0.0, 2.0 * radius,
        epsabs=1e-13, limit=200,
    )  # fmt: skip
    assert float(recovery.sphere_centre_recovery(radius_mm=radius, fwhm_mm=fwhm)) == pytest.approx(centre, rel=1e-8)
    assert float(recovery.sphere_mean_recovery(radius_mm=radius, fwhm_mm=fwhm)) == pytest.approx(mean, rel=1e-8)


def test_recovery_against_a_blurred_picture():
    """A ball of voxels, blurred as a picture is: its middle voxel, and the mean over its own mask."""
    voxel, radius, fwhm = 0.5, 6.0, 5.0
    x = (np.arange(81) - 40) * voxel
    ball = (x[:, None, None] ** 2 + x[None, :, None] ** 2 + x[None, None, :] ** 2 < radius**2).astype(float)
    picture = ndimage.gaussian_filter(ball, sigma_from_fwhm_mm(fwhm) / voxel, truncate=5.0)
    centre = float(recovery.sphere_centre_recovery(radius_mm=radius, fwhm_mm=fwhm))
    mean = float(recovery.sphere_mean_recovery(radius_mm=radius, fwhm_mm=fwhm))
    assert picture[40, 40, 40] == pytest.approx(centre, abs=0.01)
    assert picture[ball > 0].mean() == pytest.approx(mean, abs=0.01)


# --- properties -------------------------------------------------------------------------------------------------------


@given(radius=RADIUS, fwhm=FWHM, more=st.floats(1.0001, 3.0))
def test_larger_spheres_keep_more_and_the_centre_most(radius, fwhm, more):
    """Property: 0 <= mean <= centre <= 1, both grow with the radius, and only radius over FWHM counts."""
    centre, mean = (
        f(radius_mm=[radius, more * radius], fwhm_mm=fwhm)
        for f in (recovery.sphere_centre_recovery, recovery.sphere_mean_recovery)
    )
    assert 0.0 < mean[0] <= mean[1] <= 1.0
    assert centre[0] <= centre[1] <= 1.0
    assert (mean <= centre * (1.0 + 1e-12)).all()
    scaled = recovery.sphere_mean_recovery(radius_mm=2.0 * radius, fwhm_mm=2.0 * fwhm)
    assert float(scaled) == pytest.approx(mean[0], rel=1e-9)


def test_limits():
    """A tiny sphere keeps its volume over that of the blur; a huge one loses a rind of 1.2 sigma."""
    sigma = sigma_from_fwhm_mm(6.0)
    tiny = sigma * 1e-3
    volume = 4.0 / 3.0 * math.pi * tiny**3 / (2.0 * math.pi * sigma**2) ** 1.5
    for found in (recovery.sphere_centre_recovery, recovery.sphere_mean_recovery):
        assert float(found(radius_mm=tiny, fwhm_mm=6.0)) == pytest.approx(volume, rel=1e-5)
        assert float(found(radius_mm=0.0, fwhm_mm=6.0)) == 0.0
    huge = 1e4 * sigma
    rind = 1.0 - float(recovery.sphere_mean_recovery(radius_mm=huge, fwhm_mm=6.0))
    # Mean length of a step, sqrt(8/pi) sigma, times the loss of overlap per length, 3/(4R).
    assert rind == pytest.approx(math.sqrt(8.0 / math.pi) * sigma * 3.0 / (4.0 * huge), rel=1e-6)


@given(lesion=st.floats(0.0, 50.0), background=st.floats(0.0, 10.0), share=st.floats(0.0, 1.0))
def test_apparent_lies_between(lesion, background, share):
    """Property: between background and lesion, hot or cold; all or nothing at the ends."""
    found = float(recovery.apparent(lesion=lesion, background=background, recovery=share))
    assert min(lesion, background) - 1e-9 <= found <= max(lesion, background) + 1e-9
    assert float(recovery.apparent(lesion=lesion, background=background, recovery=0.0)) == background
