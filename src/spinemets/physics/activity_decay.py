"""Decay of a tracer, and the mean of a frame during which it decays. Times in s."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def decay_factor(*, elapsed_s: ArrayLike, half_life_s: float) -> NDArray[np.float64]:
    """Share of the activity left: ``2^(-t/T)`` (E-72)."""
    return np.asarray(np.exp2(-np.asarray(elapsed_s, dtype=np.float64) / half_life_s))


def frame_average_factor(*, duration_s: ArrayLike, half_life_s: float) -> NDArray[np.float64]:
    """Activity at the start of a frame over its mean during the frame: ``lambda T/(1 - exp(-lambda T))`` (E-73)."""
    x = np.log(2.0) / half_life_s * np.asarray(duration_s, dtype=np.float64)
    factor: NDArray[np.float64] = np.divide(x, -np.expm1(-x), out=np.ones(x.shape), where=x > 0.0)
    return factor


def uncorrected_frame_factor(*, start_s: ArrayLike, duration_s: ArrayLike, half_life_s: float) -> NDArray[np.float64]:
    """From the mean of a frame without decay correction to the activity at injection, `start_s` earlier (E-73)."""
    mean_to_start = frame_average_factor(duration_s=duration_s, half_life_s=half_life_s)
    return np.asarray(mean_to_start / decay_factor(elapsed_s=start_s, half_life_s=half_life_s))
