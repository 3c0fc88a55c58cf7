"""Robust centre and spread, and how many voxels really count (signs.md 0.8-2 and 0.9)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

# A normal distribution's standard deviation divided by its median absolute deviation: 1 / quantile(0.75).
SD_PER_MAD = 1.4826
# Standard error of the median divided by that of the mean, normal distribution: sqrt(pi / 2).
MEDIAN_INEFFICIENCY = 1.2533
# Correlated voxels of an image whose point spread is not known: 1.5 per in-plane axis, 1 through-plane (mark E).
N_CORR = 2.25


class Centre(NamedTuple):
    """Median and robust standard deviation (1.4826 MAD), in the unit of the values."""

    median: float
    spread: float


def median_mad(values: ArrayLike) -> Centre:
    """Median and 1.4826 times the median absolute deviation of the finite values.

    Parameters
    ----------
    values
        Any shape; nan and infinity are left out.

    Returns
    -------
    Centre
        (nan, nan) if no finite value is left.
    """
    numbers = np.asarray(values)
    if numbers.dtype.kind == "f":
        numbers = numbers[np.isfinite(numbers)]
    numbers = numbers.astype(np.float64).ravel()
    if numbers.size == 0:
        return Centre(math.nan, math.nan)
    median = float(np.median(numbers))
    return Centre(median, SD_PER_MAD * float(np.median(np.abs(numbers - median))))


def effective_n(n: float, n_corr: float = N_CORR) -> float:
    """Independent values among `n` voxels: n / n_corr.

    Parameters
    ----------
    n
        Number of voxels.
    n_corr
        Voxels that share one independent value: product over the axes of max(1, FWHM_psf / spacing).
    """
    if n_corr < 1:
        raise ValueError(f"n_corr counts voxels that share one value and cannot be below 1, got {n_corr}")
    return n / n_corr


def se_of_median(spread: float, n_eff: float) -> float:
    """Standard error of a median: 1.2533 * spread / sqrt(n_eff), in the unit of `spread`.

    Parameters
    ----------
    spread
        1.4826 MAD.
    n_eff
        Independent values; infinite error if there are none.
    """
    return MEDIAN_INEFFICIENCY * spread / math.sqrt(n_eff) if n_eff > 0 else math.inf


def se_of_mean(sd: float, n_eff: float) -> float:
    """Standard error of a mean: sd / sqrt(n_eff), in the unit of `sd`."""
    return sd / math.sqrt(n_eff) if n_eff > 0 else math.inf
