"""Signal and noise behind magnitudes: the inverse of `noise.rician_moments`, and what the noise floor does to an ADC.

The magnitude of one complex channel with noise sigma in both parts is Rician: never 0, and above the signal where that is
faint. Sums of squares over several coils are not in it. All arrays broadcast; signals and noise have one common unit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.physics.diffusion import AdcEstimate, adc_log_linear, mono_exponential
from spinemets.physics.noise import rician_moments

Values = NDArray[np.float64]

# Noise alone (Rayleigh): mean over sigma, variance over sigma squared, mean over sd (1.91306).
NOISE_MEAN = math.sqrt(math.pi / 2.0)
NOISE_VARIANCE = 2.0 - math.pi / 2.0
NOISE_MEAN_OVER_SD = NOISE_MEAN / math.sqrt(NOISE_VARIANCE)

AT_FLOOR = "not above what noise alone gives: no signal can be told"
NOT_MOMENTS = "mean and standard deviation are not numbers above 0"

# Halvings that leave nothing of a double's 53 digits, with some to spare.
_HALVINGS = 60


@dataclass(frozen=True, kw_only=True, eq=False)
class RicianSignal:
    """Signal and noise behind magnitudes.

    Attributes
    ----------
    nu
        Signal without noise: 0 at the floor, nan where the moments are none.
    sigma
        Noise of each channel: the one given, or the one found (at the floor too).
    valid
        Whether a signal can be told.
    reason
        `AT_FLOOR` or `NOT_MOMENTS` where not valid, else empty.
    """

    nu: Values
    sigma: Values
    valid: NDArray[np.bool_]
    reason: NDArray[np.str_]


def koay_inversion(*, mean: ArrayLike, sd: ArrayLike) -> RicianSignal:
    """Signal and noise from mean and sd of magnitudes that share one signal (E-37).

    With ``r = mean/sd`` and ``xi(theta)`` the variance at sigma = 1: ``theta^2 = xi(theta) (1 + r^2) - 2``, ``sigma^2 =
    sd^2/xi``, ``nu^2 = mean^2 + (xi - 2) sigma^2``. Ratios up to that of noise alone give nu = 0 (E-38). Just above it nu
    grows as the fourth root of the excess, so the answer is uncertain there. Source: Koay and Basser 2006; solved by
    bisection, because their iteration slows down without end towards the floor.
    """
    average, spread = np.broadcast_arrays(np.asarray(mean, dtype=np.float64), np.asarray(sd, dtype=np.float64))
    usable = np.isfinite(average) & np.isfinite(spread) & (average > 0.0) & (spread > 0.0)
    r = np.where(usable, average, 1.0) / np.where(usable, spread, 1.0)

    def falls_short(theta: Values) -> NDArray[np.bool_]:
        return np.asarray(theta**2 + 2.0 < _xi(theta) * (1.0 + r**2))

    theta = np.where(r > NOISE_MEAN_OVER_SD, _bisect(falls_short, r), 0.0)
    sigma = np.where(usable, spread / np.sqrt(_xi(theta)), np.nan)
    return _judged(theta * sigma, sigma, usable)


def known_sigma_inversion(*, mean: ArrayLike, sigma: ArrayLike) -> RicianSignal:
    """Signal whose mean magnitude at a known noise is this (E-39), by bisection; a mean up to that of noise gives 0."""
    average, noise = np.broadcast_arrays(np.asarray(mean, dtype=np.float64), np.asarray(sigma, dtype=np.float64))
    usable = np.isfinite(average) & np.isfinite(noise) & (average > 0.0) & (noise > 0.0)
    m = np.where(usable, average, 1.0) / np.where(usable, noise, 1.0)

    def falls_short(theta: Values) -> NDArray[np.bool_]:
        return np.asarray(rician_moments(theta, 1.0)[0] < m)

    theta = np.where(m > NOISE_MEAN, _bisect(falls_short, m), 0.0)
    return _judged(theta * noise, noise, usable)


@dataclass(frozen=True, kw_only=True, eq=False)
class FlooredAdc:
    """What the noise floor does to a diffusion measurement.

    Attributes
    ----------
    mean_signal
        Mean magnitude at each b-value, the last axis.
    apparent
        Line through its logarithm: too low where the signal comes near the noise.
    """

    mean_signal: Values
    apparent: AdcEstimate


def adc_with_noise_floor(
    *, s0: ArrayLike, adc_mm2_per_s: ArrayLike, b_s_per_mm2: ArrayLike, sigma: float
) -> FlooredAdc:
    """Mean magnitudes of free diffusion with noise, and the ADC they show (E-40: 1.71e-3 for 2.00e-3).

    Averaging magnitudes brings out this mean, not the signal: more averages make the wrong ADC more certain.
    """
    signal = mono_exponential(s0=s0, adc_mm2_per_s=adc_mm2_per_s, b_s_per_mm2=b_s_per_mm2)
    mean, _ = rician_moments(signal, sigma)
    return FlooredAdc(mean_signal=mean, apparent=adc_log_linear(b_s_per_mm2=b_s_per_mm2, signal=mean))


def _xi(theta: Values) -> Values:
    """Variance of the magnitude at sigma = 1, ``2 + theta^2 - (pi/8) exp(-theta^2/2) [...]^2``."""
    return rician_moments(theta, 1.0)[1] ** 2


def _bisect(falls_short: Callable[[Values], NDArray[np.bool_]], high: Values) -> Values:
    """Largest theta in [0, high] that falls short; both functions below grow with theta, and theta < mean/sigma < r."""
    low = np.zeros_like(high)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        short = falls_short(middle)
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return (low + high) / 2.0


def _judged(nu: Values, sigma: Values, usable: NDArray[np.bool_]) -> RicianSignal:
    valid = usable & (nu > 0.0)
    reason = np.where(usable, np.where(valid, "", AT_FLOOR), NOT_MOMENTS)
    return RicianSignal(nu=np.where(usable, nu, np.nan), sigma=np.asarray(sigma), valid=valid, reason=reason)
