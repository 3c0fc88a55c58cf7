"""Counting photons: Poisson numbers, and the error of the geometric mean of two views."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def poisson_sd(counts: ArrayLike) -> NDArray[np.float64]:
    """Standard deviation of a count: the root of its expectation (E-82)."""
    return np.sqrt(_counts(counts))


def relative_sd(counts: ArrayLike) -> NDArray[np.float64]:
    """Standard deviation over expectation, ``1/sqrt(N)``; infinite where nothing is expected (E-82)."""
    return np.sqrt(_variance_of_log(counts))


def geometric_mean_relative_sd(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """Relative standard deviation of ``sqrt(A P)`` of two independent counts: ``sqrt(1/A + 1/P)/2`` (E-82).

    Propagation of error to first order: valid where both counts are above about 20.
    """
    half: NDArray[np.float64] = np.sqrt(_variance_of_log(first) + _variance_of_log(second)) / 2.0
    return half


def counted(generator: np.random.Generator, expected: ArrayLike) -> NDArray[np.int64]:
    """One draw for each expected count."""
    return np.asarray(generator.poisson(_counts(expected)), dtype=np.int64)


def _counts(counts: ArrayLike) -> NDArray[np.float64]:
    expected = np.asarray(counts, dtype=np.float64)
    if np.any(expected < 0.0):
        raise ValueError(f"counts are not below 0: {expected.min():g}")
    return expected


def _variance_of_log(counts: ArrayLike) -> NDArray[np.float64]:
    """``1/N``, the variance of ln N to first order."""
    expected = _counts(counts)
    variance: NDArray[np.float64] = np.full(expected.shape, np.inf)
    np.divide(1.0, expected, out=variance, where=expected > 0.0)
    return variance
