"""The loop of fat fractions from magnitudes: from each quarter of the fractions the best of a lattice, refined; then what is ruled out."""

from __future__ import annotations

from typing import Any

import numpy as np

from spinemets.compiled import compiled

VECTOR, MATRIX = "float64[::1]", "float64[:, ::1]"
SEEN, SEEN_MATRIX = "Array(float64, 1, 'C', True)", "Array(float64, 2, 'C', True)"
ECHOES = "Array(complex128, 1, 'C', True)"
KNOWN = f"Tuple(({ECHOES}, {SEEN}))"
# Columns of a result: fraction, rate, 1 where the other side of one half is not ruled out, ends of the interval.
RESULT = 5
STARTS = 4
HALF, EDGE = 0.5, 1e-9
MOST_STEPS, MOST_RATE_PER_S = 60, 2000.0
# Step of fraction, and of rate against this rate, below which refining ends.
STILL, RATE_PER_S = 1e-7, 100.0
# Fractions that are one and the same answer, reached from both sides; single precision leaves this share of the energy.
SAME, ROUNDING = 0.02, 1e-12


@compiled(f"float64({VECTOR}, {VECTOR}, {SEEN}, float64, float64, {KNOWN})")
def linearised(normal: Any, against: Any, seen: Any, fraction: float, rate: float, known: Any) -> float:
    """Normal matrix (its entries 00, 01, 11) of fraction and rate, what of the residual lies along them, and its sum of squares.

    The total is solved for: the columns are those of the projected model (Golub and Pereyra, the residual's own change left out).
    """
    fat, times = known
    square, along = 0.0, 0.0
    # Sums over echoes of the model's shape s and its derivatives f (fraction) and r (rate), for a total of 1.
    sf, sr, ff, fr, rr, yf, yr, yy = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(len(times)):
        real, imaginary = 1.0 + fraction * (fat[k].real - 1.0), fraction * fat[k].imag
        size = np.sqrt(real * real + imaginary * imaginary)
        decay = np.exp(-rate * times[k])
        shape = size * decay
        by_fraction = (real * (fat[k].real - 1.0) + imaginary * fat[k].imag) / max(size, 1e-12) * decay
        by_rate = -times[k] * shape
        square += shape * shape
        along += seen[k] * shape
        yy += seen[k] * seen[k]
        sf += shape * by_fraction
        sr += shape * by_rate
        ff += by_fraction * by_fraction
        fr += by_fraction * by_rate
        rr += by_rate * by_rate
        yf += seen[k] * by_fraction
        yr += seen[k] * by_rate
    if not square > 0.0:
        normal[:] = 0.0
        against[:] = 0.0
        return yy
    total = along / square
    normal[0] = total * total * (ff - sf * sf / square)
    normal[1] = total * total * (fr - sf * sr / square)
    normal[2] = total * total * (rr - sr * sr / square)
    against[0] = total * (yf - total * sf)
    against[1] = total * (yr - total * sr)
    return max(yy - along * along / square, 0.0)


@compiled("float64(float64, float64)")
def alone(normal: float, against: float) -> float:
    """Step of one unknown where the other stays."""
    return against / normal if normal > 0.0 else 0.0


@compiled("boolean(float64, float64, float64, float64)")
def beyond(value: float, step: float, low: float, high: float) -> bool:
    """Whether a value is at an end of its range and is to leave it."""
    return (value <= low and step < 0.0) or (value >= high and step > 0.0)


@compiled(f"UniTuple(float64, 2)({VECTOR}, {VECTOR})")
def steps(normal: Any, against: Any) -> Any:
    """Steps of fraction and rate; of the rate alone where one cannot be told from the other."""
    one, other = normal[0] * (1.0 + 1e-9), normal[2] * (1.0 + 1e-9)
    determinant = one * other - normal[1] * normal[1]
    if not determinant > 0.0:
        return 0.0, alone(other, against[1])
    step = (other * against[0] - normal[1] * against[1]) / determinant
    return step, (one * against[1] - normal[1] * against[0]) / determinant


@compiled(f"float64({VECTOR}, {SEEN}, {KNOWN})")
def refine(at: Any, seen: Any, known: Any) -> float:
    """Least squares of fraction (0 to 1) and rate from a start, in place; the residual sum of squares.

    Gauss and Newton's steps, halved where they do not help; where one is at the end of its range the other moves on alone.
    """
    normal, against, trial, ahead = np.empty(3), np.empty(2), np.empty(3), np.empty(2)
    cost = linearised(normal, against, seen, at[0], at[1], known)
    share = 1.0
    for _ in range(MOST_STEPS):
        step, change = steps(normal, against)
        if beyond(at[0], step, 0.0, 1.0):
            step, change = 0.0, alone(normal[2], against[1])
        elif beyond(at[1], change, 0.0, MOST_RATE_PER_S):
            step, change = alone(normal[0], against[0]), 0.0
        fraction = min(max(at[0] + share * step, 0.0), 1.0)
        rate = min(max(at[1] + share * change, 0.0), MOST_RATE_PER_S)
        moved = abs(fraction - at[0]) + abs(rate - at[1]) / RATE_PER_S
        if moved < STILL:
            break
        there = linearised(trial, ahead, seen, fraction, rate, known)
        if there <= cost:
            at[0], at[1], cost, share = fraction, rate, there, min(1.0, 2.0 * share)
            normal[:] = trial
            against[:] = ahead
        else:
            share *= 0.5
    return cost


@compiled(f"float64({SEEN}, float64, float64, {KNOWN})")
def spread(seen: Any, fraction: float, rate: float, known: Any) -> float:
    """Variance of the fraction for a noise of 1, rate and total fitted too; infinite where it is not told."""
    normal, against = np.empty(3), np.empty(2)
    linearised(normal, against, seen, fraction, rate, known)
    determinant = normal[0] * normal[2] - normal[1] * normal[1]
    return normal[2] / determinant if determinant > 1e-14 * normal[0] * normal[2] else np.inf


@compiled(f"void({VECTOR}, {SEEN}, {KNOWN}, Tuple(({SEEN}, {SEEN}, {SEEN_MATRIX})), float64)")
def fitted(out: Any, seen: Any, known: Any, lattice: Any, quantile: float) -> None:
    """One voxel: see `fit`."""
    fractions, rates, shapes = lattice
    answers, costs, at = np.empty((STARTS, 2)), np.empty(STARTS), np.empty(2)
    energy = 0.0
    for k in range(len(seen)):
        energy += seen[k] * seen[k]
    along = np.empty(len(fractions))
    for n in range(len(fractions)):
        total = 0.0
        for k in range(len(seen)):
            total += shapes[n, k] * seen[k]
        along[n] = total
    best = 0
    for start in range(STARTS):
        # Two starts on either side of one half: the residual has a minimum of its own near it.
        low, most, chosen = start / STARTS, -np.inf, 0
        for n in range(len(fractions)):
            if low - EDGE <= fractions[n] <= low + 1.0 / STARTS + EDGE and along[n] > most:
                most, chosen = along[n], n
        at[0], at[1] = fractions[chosen], rates[chosen]
        costs[start] = refine(at, seen, known)
        answers[start] = at
        if costs[start] < costs[best]:
            best = start
    found = answers[best, 0]
    # What a fit may leave over beyond the least before it is ruled out: F of one and so many degrees of freedom.
    freedom = max(len(seen) - 3, 1)
    allowed = quantile * quantile * costs[best] / freedom + ROUNDING * energy
    unsure, low, high = 0.0, 1.0, 0.0
    for start in range(STARTS):
        beyond = costs[start] - costs[best]
        if beyond > allowed:
            continue
        here = answers[start, 0]
        if (here >= HALF) != (found >= HALF) and abs(here - found) > SAME:
            unsure = 1.0
        width = np.sqrt((allowed - beyond) * spread(seen, here, answers[start, 1], known))
        low, high = min(low, here - width), max(high, here + width)
    out[0], out[1], out[2] = found, answers[best, 1], unsure
    out[3], out[4] = max(low, 0.0), min(high, 1.0)


@compiled(
    f"void({MATRIX}, {SEEN_MATRIX}, Array(uint8, 1, 'C', True), {KNOWN}, Tuple(({SEEN}, {SEEN}, {SEEN_MATRIX})), float64)"
)
def fit(out: Any, rows: Any, wanted: Any, known: Any, lattice: Any, quantile: float) -> None:
    """Fractions of all voxels.

    Parameters
    ----------
    out
        (n, `RESULT`), written; nan where not wanted.
    rows
        Magnitudes (n, echoes).
    wanted
        uint8 (n,).
    known
        Modulation of fat (echoes,), echo times [s].
    lattice
        Fractions and rates [1/s] to start from, each (m,), and their echoes for a norm of 1 (m, echoes).
    quantile
        Of Student's distribution for 95 %.
    """
    for v in range(len(rows)):
        if wanted[v] == 0:
            out[v] = np.nan
        else:
            fitted(out[v], rows[v], known, lattice, quantile)
