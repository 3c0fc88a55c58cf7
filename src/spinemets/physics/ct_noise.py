"""Noise of CT: how it scales with dose, slice, pixel, kernel and body, and how it is spread over spatial frequencies.

Filtered back-projection: white noise of the projections passes the ramp filter and the kernel's roll-off, so slow waves
are missing and the grain is as fine as the kernel allows. Frequencies per cm, noise in HU. Not valid for iterative or
learned reconstruction, whose noise is smoother and depends on the picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.physics.ct import noise_hu


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """What the noise of a scan depends on: tube current x time, slice, and the pixel its kernel resolves."""

    mas: float
    slice_mm: float
    pixel_mm: float


def scaled_noise_hu(*, reference_hu: float, reference: Exposure, scan: Exposure) -> float:
    """Noise sd of a scan from that of a reference scan of the same body: variance ~ 1/(mAs x slice x pixel^3) (E-62).

    Valid where photons make the noise, not the detector's electronics (thin slices of large bodies). Source: Brooks RA,
    Di Chiro G, Med Phys 1976; 3:237.
    """
    return noise_hu(
        reference_hu=reference_hu,
        mas_ratio=scan.mas / reference.mas,
        slice_ratio=scan.slice_mm / reference.slice_mm,
        pixel_ratio=scan.pixel_mm / reference.pixel_mm,
    )


def body_factor(*, diameter_cm: ArrayLike, reference_cm: float, mu_per_cm: float) -> NDArray[np.float64]:
    """Noise of a body over that of a reference body: ``exp(mu (d - d_ref)/2)``, the photons lost on the longer way.

    From 20 to 40 cm of water at 67 keV (0.196 per cm) it is 7. Valid without dose modulation.
    """
    longer = np.asarray(diameter_cm, dtype=np.float64) - reference_cm
    return np.asarray(np.exp(mu_per_cm * longer / 2.0))


@dataclass(frozen=True, kw_only=True)
class Kernel:
    """Reconstruction kernel: a ramp filter that rolls off as ``exp(-(f/f0)^2)`` in the power of noise.

    Attributes
    ----------
    f0_per_cm
        Roll-off.
    fwhm_mm
        Blur of edges in the slice.
    """

    SOFT: ClassVar[Kernel]
    """Soft tissue. A choice of this project: section 7 of the forward models' specification."""
    BONE: ClassVar[Kernel]
    """Bone; its overshoot at edges is not modelled. Same source."""

    f0_per_cm: float
    fwhm_mm: float

    @property
    def peak_per_cm(self) -> float:
        """Frequency at which the noise is strongest: ``f0/sqrt 2``."""
        return self.f0_per_cm / math.sqrt(2.0)

    def power_hu2_cm2(self, frequency_per_cm: ArrayLike, *, sigma_hu: float) -> NDArray[np.float64]:
        """Noise power spectrum in the slice at radial frequency f: ``2 sigma^2 f exp(-(f/f0)^2)/(pi^1.5 f0^3)``.

        Its integral over the plane of frequencies is the variance, as long as pixels are small enough to hold f0.
        """
        f = np.asarray(frequency_per_cm, dtype=np.float64)
        height = 2.0 * sigma_hu**2 / (math.pi**1.5 * self.f0_per_cm**3)
        power: NDArray[np.float64] = height * f * np.exp(-((f / self.f0_per_cm) ** 2))
        return power

    def noise_factor(self, reference: Kernel) -> float:
        """Noise sd over that of another kernel from the same projections: ``(f0/f0_ref)^1.5``.

        The volume under ``f exp(-(f/f0)^2)`` goes with f0^3, which is the pixel^3 of `scaled_noise_hu`.
        """
        return float((self.f0_per_cm / reference.f0_per_cm) ** 1.5)


Kernel.SOFT = Kernel(f0_per_cm=3.0, fwhm_mm=1.0)
Kernel.BONE = Kernel(f0_per_cm=7.0, fwhm_mm=0.6)


def neighbour_weights(correlation: float) -> tuple[float, float]:
    """Weights of a slice's own noise and of its lower neighbour's, so that adjacent slices correlate by this much.

    Of unit variance; slices two apart are independent. ``w0^2 + w1^2 = 1``, ``w0 w1 = correlation``.

    Raises
    ------
    ValueError
        If the correlation is outside 0 to 0.5, which is all that one neighbour can give.
    """
    if not 0.0 <= correlation <= 0.5:
        raise ValueError(f"one neighbour correlates adjacent slices by 0 to 0.5, not by {correlation:g}")
    plus, minus = math.sqrt(1.0 + 2.0 * correlation), math.sqrt(1.0 - 2.0 * correlation)
    return (plus + minus) / 2.0, (plus - minus) / 2.0
