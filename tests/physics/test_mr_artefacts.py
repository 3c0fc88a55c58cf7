"""Artefacts: vectors E-84, E-85, E-87 and E-88, each against a slow picture of the thing itself."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from spinemets.physics import mr_artefacts as artefacts
from spinemets.physics import noise

WIDTHS = [(4.0, 0.8), (3.0, 0.0), (5.0, 5.0), (1.2, 0.5)]


class TestVectors:
    def test_loop(self):
        """E-84: loop of 60 mm, in its plane to 120 mm deep."""
        found = artefacts.loop_sensitivity(depth_mm=[0.0, 30.0, 60.0, 90.0, 120.0], radius_mm=60.0)
        assert found == pytest.approx([1.0, 0.715541753, 0.353553391, 0.170676983, 0.0894427191], rel=1e-6)

    def test_fat_suppression(self):
        """E-85: field off by 0 to 200 Hz, efficiency 0.95, band of 90 Hz."""
        found = artefacts.residual_fat(b0_offset_hz=[0.0, 50.0, 100.0, 200.0], efficiency=0.95, band_sigma_hz=90.0)
        assert found == pytest.approx([0.05, 0.185852953, 0.487562868, 0.919574911], rel=1e-6)

    def test_ghosts(self):
        """E-87: 2 mm of motion, detail of 0.1 per mm, orders 0 to 2."""
        found = artefacts.ghost_amplitude(order=[0, 1, 2], amplitude_mm=2.0, spatial_frequency_per_mm=0.1)
        assert found == pytest.approx([0.642511837, 0.512190709, 0.172664994], rel=1e-6)

    def test_slice(self):
        """E-88: 4 mm with flanks of 0.8 mm, interfaces from -2 to 2 mm."""
        profile = artefacts.SliceProfile(fwhm_mm=4.0, ramp_mm=0.8)
        found = profile.fraction_below([-2.0, -1.0, 0.0, 1.0, 2.0])
        assert found == pytest.approx([0.025, 0.25, 0.5, 0.75, 0.975], rel=1e-5)
        assert profile.effective_width_mm == 4.0


@pytest.mark.parametrize("radius_mm", [40.0, 60.0, 80.0])
def test_field_of_a_loop(radius_mm):
    """Biot-Savart by a line integral over 2000 pieces of wire: ``dl x r / r^3`` along the axis."""
    turn = np.linspace(0.0, 2.0 * np.pi, 2000, endpoint=False)
    wire = radius_mm * np.stack([np.cos(turn), np.sin(turn), np.zeros_like(turn)], axis=1)
    piece = radius_mm * np.stack([-np.sin(turn), np.cos(turn), np.zeros_like(turn)], axis=1) * (turn[1] - turn[0])

    def field(depth):
        away = np.array([0.0, 0.0, depth]) - wire
        return float((np.cross(piece, away) / np.linalg.norm(away, axis=1)[:, None] ** 3).sum(axis=0)[2])

    depth_mm = [0.0, 20.0, 55.0, 150.0]
    slow = [field(depth) / field(0.0) for depth in depth_mm]
    assert artefacts.loop_sensitivity(depth_mm=depth_mm, radius_mm=radius_mm) == pytest.approx(slow, rel=1e-9)


@pytest.mark.parametrize("sigma_hz", [60.0, 90.0])
def test_band_of_a_gaussian_pulse(sigma_hz):
    """The band is the spectrum of a Gaussian pulse, summed up in time."""
    width_s = 1.0 / (2.0 * np.pi * sigma_hz)
    time = np.linspace(-8.0 * width_s, 8.0 * width_s, 4001)
    pulse = np.exp(-(time**2) / (2.0 * width_s**2))
    off = np.array([0.0, 40.0, -110.0, 250.0])
    reached = np.abs((pulse * np.exp(-2j * np.pi * off[:, None] * time)).sum(axis=1)) / pulse.sum()
    slow = 1.0 - 0.95 * reached
    assert artefacts.residual_fat(b0_offset_hz=off, band_sigma_hz=sigma_hz) == pytest.approx(slow, abs=1e-9)


@pytest.mark.parametrize(("amplitude_mm", "column"), [(2.0, 40), (4.0, 20), (8.0, 60)])
@pytest.mark.parametrize("cycles", [8, 16])
def test_ghosts_of_a_moving_blob(amplitude_mm, column, cycles):
    """A blob moves along the readout while its k-space is filled line by line; transformed back, ghosts stand beside it.

    They are read in one column of the readout's spectrum: detail of one spatial frequency, column over field of view.
    """
    n, field_of_view_mm, at = 512, 400.0, 40
    x = np.linspace(-200.0, 200.0, 1024, endpoint=False)
    still, moving = np.empty(n, complex), np.empty(n, complex)
    for line in range(n):
        encoded = np.exp(-2j * np.pi * line * at / n)  # the blob lies in row `at`
        moved = amplitude_mm * np.sin(2.0 * np.pi * line * cycles / n)
        for lines, place in ((still, 0.0), (moving, moved)):
            lines[line] = np.fft.fft(np.exp(-((x - place) ** 2) / 4.5))[column] * encoded
    picture, truth = np.abs(np.fft.ifft(moving)), np.abs(np.fft.ifft(still))
    orders = np.arange(5)
    shift = artefacts.ghost_shift_px(order=orders, n_lines=n, period_lines=n / cycles)
    model = artefacts.ghost_amplitude(
        order=orders, amplitude_mm=amplitude_mm, spatial_frequency_per_mm=column / field_of_view_mm
    )
    assert model == pytest.approx(picture[at + np.rint(shift).astype(int)] / truth[at], abs=1e-6)
    assert model == pytest.approx(picture[at - np.rint(shift).astype(int)] / truth[at], abs=1e-6)


@pytest.mark.parametrize(("fwhm_mm", "ramp_mm"), WIDTHS)
def test_slice_by_quadrature(fwhm_mm, ramp_mm):
    """Trapezoid from its corners, integrated numerically below each interface."""
    profile = artefacts.SliceProfile(fwhm_mm=fwhm_mm, ramp_mm=ramp_mm)
    inner, outer = (fwhm_mm - ramp_mm) / 2.0, (fwhm_mm + ramp_mm) / 2.0 + 1e-12

    def corners(z):
        return np.interp(z, [-outer, -inner, inner, outer], [0.0, 1.0, 1.0, 0.0], left=0.0, right=0.0)

    def below(z):
        ends = [-outer, *sorted(edge for edge in (-inner, inner) if edge < z), z]
        return sum(integrate.quad(corners, a, b)[0] for a, b in pairwise(ends) if b > a)

    area = below(outer)
    assert profile.effective_width_mm == pytest.approx(area, rel=1e-9)
    for z in np.linspace(-0.6, 0.6, 14) * fwhm_mm:
        assert profile.fraction_below(z) == pytest.approx(below(min(z, outer)) / area if z > -outer else 0.0, abs=1e-9)
        assert profile.weight(z) == pytest.approx(float(corners(z)), abs=1e-6)


@pytest.mark.parametrize(("field_t", "spacing_ms", "lines"), [(1.5, 0.5, 64), (3.0, 0.35, 96)])
def test_fat_along_the_blips(field_t, spacing_ms, lines):
    """EPI: fat gains phase from line to line, and the transform puts it elsewhere."""
    hz = -3.4 * noise.GAMMA_BAR_MHZ_PER_T * field_t
    time_s = np.arange(lines) * spacing_ms / 1000.0
    fine = 64
    spectrum = np.abs(np.fft.fft(np.exp(2j * np.pi * hz * time_s), lines * fine))
    slow = np.fft.fftfreq(lines * fine, 1.0 / lines)[spectrum.argmax()]
    shift = artefacts.epi_chemical_shift_px(field_t=field_t, echo_spacing_ms=spacing_ms, n_lines=lines)
    assert (shift - slow + lines / 2) % lines - lines / 2 == pytest.approx(0.0, abs=1.0 / fine)
    assert -15.0 < shift < -6.0


@given(depth=st.floats(0.0, 300.0), more=st.floats(0.01, 100.0), radius=st.floats(20.0, 120.0))
def test_deeper_is_darker(depth, more, radius):
    """Property: sensitivity falls with depth, never below its floor, and depends on depth over radius only."""
    near, far = artefacts.loop_sensitivity(depth_mm=[depth, depth + more], radius_mm=radius)
    assert 1.0 >= near >= far > 0.0
    assert artefacts.loop_sensitivity(depth_mm=2.0 * depth, radius_mm=2.0 * radius) == pytest.approx(near)
    assert artefacts.loop_sensitivity(depth_mm=depth, radius_mm=radius, floor=0.05) == pytest.approx(max(near, 0.05))


@given(off=st.floats(0.0, 1000.0), efficiency=st.floats(0.0, 1.0))
def test_suppression_fails_both_ways(off, efficiency):
    """Property: the residue is even in the offset, between 1 - eta and 1."""
    left, right = artefacts.residual_fat(b0_offset_hz=[-off, off], band_sigma_hz=60.0, efficiency=efficiency)
    assert left == right and 1.0 - efficiency - 1e-12 <= left <= 1.0


@given(amplitude=st.floats(0.0, 10.0), frequency=st.floats(0.0, 0.3))
def test_ghosts_keep_the_energy(amplitude, frequency):
    """Property: the squares of picture and ghosts of all orders add up to 1; without motion there are none."""
    found = artefacts.ghost_amplitude(
        order=np.arange(-60, 61), amplitude_mm=amplitude, spatial_frequency_per_mm=frequency
    )
    assert (found**2).sum() == pytest.approx(1.0)
    still = artefacts.ghost_amplitude(order=[0, 1, 2], amplitude_mm=0.0, spatial_frequency_per_mm=frequency)
    assert still == pytest.approx([1.0, 0.0, 0.0])


@given(fwhm=st.floats(0.5, 10.0), share=st.floats(0.0, 1.0), height=st.floats(0.0, 12.0))
def test_slice_is_even(fwhm, share, height):
    """Property: what is below -z equals what is above z; all is below a high interface."""
    profile = artefacts.SliceProfile(fwhm_mm=fwhm, ramp_mm=share * fwhm)
    low, high = profile.fraction_below([-height, height])
    assert low + high == pytest.approx(1.0) and -1e-12 <= low <= high <= 1.0 + 1e-12
    assert profile.fraction_below(fwhm + 0.001) == pytest.approx(1.0)
    assert profile.weight(0.0) == pytest.approx(1.0) and profile.weight(fwhm / 2.0) == pytest.approx(0.5)


@pytest.mark.parametrize(("fwhm_mm", "ramp_mm"), [(4.0, -0.1), (4.0, 4.1), (0.0, 0.0)])
def test_profiles_that_are_none(fwhm_mm, ramp_mm):
    with pytest.raises(ValueError, match="flank"):
        artefacts.SliceProfile(fwhm_mm=fwhm_mm, ramp_mm=ramp_mm)
