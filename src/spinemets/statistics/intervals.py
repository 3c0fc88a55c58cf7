"""95 % intervals of ratios, differences, fractions and counts (signs.md 0.9)."""

from __future__ import annotations

import math

Interval = tuple[float, float]

# Two-sided 95 % and 68 % quantiles of the normal distribution.
Z95 = 1.96
Z68 = 1.0


def around(value: float, standard_error: float, z: float = Z95) -> Interval:
    """Interval value -/+ z * standard error."""
    return (value - z * standard_error, value + z * standard_error)


def ratio(m1: float, se1: float, m2: float, se2: float) -> tuple[float, Interval]:
    """Ratio r = m1 / m2 with r * exp(-/+ 1.96 * relSE), relSE = sqrt((se1 / m1)^2 + (se2 / m2)^2).

    Parameters
    ----------
    m1, se1
        Numerator and its standard error, same unit.
    m2, se2
        Denominator and its standard error.

    Raises
    ------
    ValueError
        If either is not positive: the log-normal interval does not exist (refuse before calling).
    """
    if not (m1 > 0 and m2 > 0):
        raise ValueError(f"a ratio with a log-normal interval needs two positive numbers, got {m1} and {m2}")
    r = m1 / m2
    relative = Z95 * math.hypot(se1 / m1, se2 / m2)
    return r, (r * math.exp(-relative), r * math.exp(relative))


def difference(m1: float, se1: float, m2: float, se2: float) -> tuple[float, Interval]:
    """Difference m1 - m2 with errors added in quadrature, in the unit of the numbers."""
    return m1 - m2, around(m1 - m2, math.hypot(se1, se2))


def wilson(k: float, n: float, z: float = Z95) -> Interval:
    """Wilson score interval of the fraction k / n.

    Parameters
    ----------
    k, n
        Successes and trials; both may be effective numbers (k / n_corr, n / n_corr), 0 <= k <= n.
    z
        Normal quantile.

    Returns
    -------
    Interval
        (0, 1) if n is 0: nothing is known.
    """
    if not 0 <= k <= n:
        raise ValueError(f"a fraction needs 0 <= k <= n, got {k} of {n}")
    if n == 0:
        return (0.0, 1.0)
    p = k / n
    middle = p + z * z / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return (max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale))
