"""Image noise: Rician magnitude noise of MR, coloured noise of filtered back-projection, and scaling rules."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray


def rician_moments(nu: ArrayLike, sigma: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and sd of the magnitude of a complex value `nu` with noise `sigma` per channel (E-36).

    Mean ``sigma sqrt(pi/2) L_1/2(-nu^2/(2 sigma^2))`` with ``L_1/2(x) = e^(x/2) ((1-x) I0(-x/2) - x I1(-x/2))``;
    second moment ``nu^2 + 2 sigma^2``. Exponentially scaled Bessel functions keep it finite at high signal.
    """
    from scipy.special import ive  # lazy: only checks and tests need it

    signal = np.asarray(nu, dtype=np.float64)
    x = signal**2 / (2.0 * sigma**2)
    mean = sigma * math.sqrt(math.pi / 2.0) * ((1.0 + x) * ive(0, x / 2.0) + x * ive(1, x / 2.0))
    sd: NDArray[np.float64] = np.sqrt(signal**2 + 2.0 * sigma**2 - mean**2)
    return np.asarray(mean, dtype=np.float64), sd


def snr(
    *,
    reference: float,
    voxel_ratio: float = 1.0,
    nex_ratio: float = 1.0,
    bandwidth_ratio: float = 1.0,
    field_ratio: float = 1.0,
) -> float:
    """MR signal-to-noise from a reference: ``B0 x voxel x sqrt(NEX/bandwidth)``, ratios new over reference (E-89)."""
    return reference * field_ratio * voxel_ratio * math.sqrt(nex_ratio / bandwidth_ratio)


def chemical_shift_px(*, field_t: float, bandwidth_hz_per_px: float, shift_ppm: float = -3.4) -> float:
    """Displacement of fat along the readout in pixels (E-83); negative = towards lower frequency."""
    gamma_bar_mhz_per_t = 42.577478518
    return shift_ppm * gamma_bar_mhz_per_t * field_t / bandwidth_hz_per_px


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
