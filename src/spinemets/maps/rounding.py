"""Whether signals are rounded, to which step, and how much of their errors of rounding is common to them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
# Samples that are looked at; differences that a step has to divide, and to which share of it.
ASKED, FEWEST, WHOLE = 1 << 16, 3, 0.02
# Variance of what rounding to steps of 1 takes away: it lies evenly within half a step.
UNIFORM = 1.0 / 12.0
# 95 % of what lies evenly within half a step lies within this share of a step.
HALF_WIDTH = 0.475


def step_of(values: ArrayLike) -> float:
    """Step of which all differences of some values are multiples; 0 = none that single precision could tell.

    Parameters
    ----------
    values
        Signals (voxels, time), any that are not numbers left out. Whole voxels are looked at, evenly spread, of so many samples in all.
    """
    rows: NDArray[Any] = np.asarray(values)
    every = max(1, rows.size // ASKED)
    distinct = np.unique(rows[::every])
    distinct = distinct[np.isfinite(distinct)].astype(np.float64)
    apart = np.diff(distinct)
    if len(apart) < FEWEST:
        return 0.0
    number = np.rint(apart / apart.min())
    step = float(apart.sum() / number.sum())
    told = np.finfo(np.float32).eps * np.abs(distinct).max() < WHOLE * step
    return step if told and (np.abs(apart / step - number) <= WHOLE * number).all() else 0.0


def common_share(noise_variance: ArrayLike) -> Array:
    """Share of the variance of rounding that samples of one level have in common.

    Parameters
    ----------
    noise_variance
        Of noise before rounding, in squared steps. Without noise samples of one level have one error. Noise of `s` steps leaves the share
        ``exp(-(2 pi s)^2)`` in common: the characteristic function of noise at the frequency of the steps (Widrow B and Kollar I,
        Quantization noise, 2008). From half a step on nothing is left, and rounding is noise like any other.
    """
    return np.asarray(np.exp(-4.0 * np.pi**2 * np.maximum(noise_variance, 0.0)))
