"""What disturbs an MR picture: displaced fat, surface coils, failed fat suppression, ghosts and the profile of a slice.

One effect, one function. The shift along the readout and the scaling of signal to noise are in `noise`. Lengths in mm,
frequencies in Hz.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.physics.noise import chemical_shift_px

Values = NDArray[np.float64]


def epi_chemical_shift_px(*, field_t: float, echo_spacing_ms: float, n_lines: int, shift_ppm: float = -3.4) -> float:
    """Displacement of fat along the phase encoding of echo planar imaging, in pixels: 3 to 8 and more.

    All lines are read in one go, so a pixel is as wide as ``1/(echo spacing x lines)``. `n_lines` is that of the whole
    picture; parallel imaging by R divides the effective `echo_spacing_ms` by R.
    """
    bandwidth = 1000.0 / (echo_spacing_ms * n_lines)
    return chemical_shift_px(field_t=field_t, bandwidth_hz_per_px=bandwidth, shift_ppm=shift_ppm)


def loop_sensitivity(*, depth_mm: ArrayLike, radius_mm: float, floor: float = 0.0) -> Values:
    """Sensitivity on the axis of a circular coil, relative to that in its plane: ``(1 + (z/a)^2)^-1.5`` (E-84).

    Parameters
    ----------
    depth_mm
        Distance from the plane of the loop.
    radius_mm
        40 to 80 for the elements of a posterior array.
    floor
        Least value, for what a body coil or the neighbours add far away; 0.05 in the digital spine.
    """
    along = np.asarray(depth_mm, dtype=np.float64) / radius_mm
    return np.maximum((1.0 + along**2) ** -1.5, floor)


def residual_fat(*, b0_offset_hz: ArrayLike, band_sigma_hz: float, efficiency: float = 0.95) -> Values:
    """Share of the fat signal that spectral suppression leaves where the field is off: ``1 - eta exp(-df^2/(2 s^2))``.

    A Gaussian saturation band centred on fat (E-85); `band_sigma_hz` about 90 at 3 T and 60 at 1.5 T. It does not say
    what the same offset does to water, which the band reaches when the field is off the other way.
    """
    off = np.asarray(b0_offset_hz, dtype=np.float64) / band_sigma_hz
    return np.asarray(1.0 - efficiency * np.exp(-(off**2) / 2.0))


def ghost_amplitude(*, order: ArrayLike, amplitude_mm: ArrayLike, spatial_frequency_per_mm: ArrayLike) -> Values:
    """Strength of the ghosts of sinusoidal motion, relative to a still picture: ``|J_n(2 pi k A)|`` (E-87).

    For detail of spatial frequency k along the motion, of amplitude A to either side (half of the way from end to end);
    order 0 is the picture itself. Source: expansion of Jacobi and Anger.
    """
    from scipy.special import jv  # lazy: heavy import

    depth = 2.0 * np.pi * np.asarray(spatial_frequency_per_mm, dtype=np.float64) * np.asarray(amplitude_mm)
    return np.asarray(np.abs(jv(np.asarray(order), depth)))


def ghost_shift_px(*, order: ArrayLike, n_lines: int, period_lines: float) -> Values:
    """Where the ghosts lie along the phase encoding, in pixels from the picture: ``n N/period``; they wrap around.

    `period_lines` is the period of the motion in lines: its seconds over the repetition time.
    """
    return np.asarray(order, dtype=np.float64) * n_lines / period_lines


@dataclass(frozen=True, kw_only=True)
class SliceProfile:
    """Trapezoid: flat inside, flanks of width `ramp_mm` centred half of `fwhm_mm` from the centre of the slice.

    Attributes
    ----------
    fwhm_mm
        Stated thickness of the slice.
    ramp_mm
        Width of each flank, 0 (a box) to `fwhm_mm` (a triangle).
    """

    fwhm_mm: float
    ramp_mm: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.ramp_mm <= self.fwhm_mm or self.fwhm_mm <= 0.0:
            raise ValueError(f"a flank of 0 to the thickness {self.fwhm_mm:g} mm, got {self.ramp_mm:g} mm")

    @property
    def effective_width_mm(self) -> float:
        """Area under the profile: what each flank takes inside it gives outside."""
        return self.fwhm_mm

    @property
    def _flank_mm(self) -> float:
        """Width of the flanks; those of a box are too thin to show, so that nothing is divided by 0."""
        return max(self.ramp_mm, 1e-9 * self.fwhm_mm)

    def weight(self, offset_mm: ArrayLike) -> Values:
        """Sensitivity, 1 in the centre and 0.5 at half of `fwhm_mm`, at a distance from the centre."""
        outside = np.abs(np.asarray(offset_mm, dtype=np.float64)) - self.fwhm_mm / 2.0
        return np.clip(0.5 - outside / self._flank_mm, 0.0, 1.0)

    def fraction_below(self, interface_mm: ArrayLike) -> Values:
        """Share of the signal from below an interface, its height measured from the centre of the slice (E-88)."""
        height = np.asarray(interface_mm, dtype=np.float64)
        lower, upper = (self._area(height + side * self.fwhm_mm / 2.0) for side in (1.0, -1.0))
        return np.asarray((lower - upper) / self.fwhm_mm)

    def _area(self, past_mm: Values) -> Values:
        """Integral of a flank that rises from 0 to 1, up to a distance past its middle."""
        half = self._flank_mm / 2.0
        on_flank = np.clip(past_mm, -half, half) + half
        return np.asarray(on_flank**2 / (4.0 * half) + np.maximum(past_mm - half, 0.0))
