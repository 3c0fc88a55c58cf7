"""Image noise: Rician magnitude noise of MR, coloured noise of filtered back-projection, and scaling rules."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Protons, without the 2 pi; the specification of the forward models fixes all its digits.
GAMMA_BAR_MHZ_PER_T = 42.577478518
# Ratio of signal to noise from which the variance is a series: there the difference of two squares loses its digits, and
# the series is exact to 1e-11.
FAR_SNR = 30.0


def rician_moments(nu: ArrayLike, sigma: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and sd of the magnitude of a complex value `nu` with noise `sigma` per channel (E-36).

    Mean ``sigma sqrt(pi/2) L_1/2(-nu^2/(2 sigma^2))`` with ``L_1/2(x) = e^(x/2) ((1-x) I0(-x/2) - x I1(-x/2))``;
    second moment ``nu^2 + 2 sigma^2``. Exponentially scaled Bessel functions keep it finite at high signal, and the
    variance there is ``sigma^2 (1 - u/2 - u^2/2 - 11 u^3/8)``, u = (sigma/nu)^2.
    """
    from scipy.special import i0e, i1e  # lazy: only checks and tests need it

    scale = np.asarray(sigma, dtype=np.float64)
    theta = np.asarray(nu, dtype=np.float64) / scale
    x = theta**2 / 2.0
    mean = math.sqrt(math.pi / 2.0) * ((1.0 + x) * i0e(x / 2.0) + x * i1e(x / 2.0))
    far = np.abs(theta) > FAR_SNR
    u = 1.0 / np.where(far, theta, FAR_SNR) ** 2
    series = 1.0 - u / 2.0 - u**2 / 2.0 - 11.0 * u**3 / 8.0
    variance = np.where(far, series, 2.0 + np.where(far, 0.0, theta**2 - mean**2))
    return np.asarray(mean * scale), np.asarray(np.sqrt(variance) * scale)


def snr(
    *,
    reference: float,
    voxel_ratio: float = 1.0,
    nex_ratio: float = 1.0,
    bandwidth_ratio: float = 1.0,
    field_ratio: float = 1.0,
    g_factor: float = 1.0,
) -> float:
    """MR signal-to-noise from a reference: ``B0 x voxel x sqrt(NEX/bandwidth) / g``, ratios new over reference (E-89).

    A parallel acquisition reads fewer lines: `nex_ratio` carries that, `g_factor` (1 or more) what its coils lose on top.
    """
    return reference * field_ratio * voxel_ratio * math.sqrt(nex_ratio / bandwidth_ratio) / g_factor


def chemical_shift_px(*, field_t: float, bandwidth_hz_per_px: float, shift_ppm: float = -3.4) -> float:
    """Displacement of fat along the readout in pixels (E-83); negative = towards lower frequency."""
    return shift_ppm * GAMMA_BAR_MHZ_PER_T * field_t / bandwidth_hz_per_px


def chemical_shift_mm(*, field_t: float, bandwidth_hz_per_px: float, pixel_mm: float, shift_ppm: float = -3.4) -> float:
    """Displacement of fat along the readout in mm (E-83); sign as in `chemical_shift_px`."""
    pixels = chemical_shift_px(field_t=field_t, bandwidth_hz_per_px=bandwidth_hz_per_px, shift_ppm=shift_ppm)
    return pixels * pixel_mm


def back_projection_noise(
    generator: np.random.Generator, shape: tuple[int, int], pixel_mm: tuple[float, float], f0_per_mm: float
) -> NDArray[np.float32]:
    """One slice of CT noise of unit sd, power spectrum ``f exp(-(f/f0)^2)`` (ramp filter with a kernel's roll-off).

    Parameters
    ----------
    f0_per_mm
        Roll-off of the kernel: about 0.3 for soft tissue, 0.7 for bone.
    """
    fx = np.fft.fftfreq(shape[0], pixel_mm[0])[:, None]
    fy = np.fft.rfftfreq(shape[1], pixel_mm[1])[None, :]
    frequency = np.sqrt(fx**2 + fy**2)
    amplitude = np.sqrt(frequency * np.exp(-((frequency / f0_per_mm) ** 2)))
    white = generator.standard_normal(shape)
    noise = np.fft.irfft2(np.fft.rfft2(white) * amplitude, s=shape)
    return np.asarray(noise / noise.std(), dtype=np.float32)
