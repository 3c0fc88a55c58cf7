"""The loops of `separable` for two rates. Loops of one module do not call those of another: each has its projection."""

from __future__ import annotations

from typing import Any

import numpy as np

from spinemets.compiled import compiled

VECTOR, MATRIX = "float64[::1]", "float64[:, ::1]"
ROWS = "Array(float32, 2, 'C', True)"
MATRIX_SEEN, CUBES_SEEN = "Array(float64, 2, 'C', True)", "Array(float64, 3, 'C', True)"
MOST_STEPS = 60
# A rate, in steps of the table, is found when it moves by less.
STILL = 1e-7
MOST_DAMPING = 1e12
# No step goes so far that the curves there are others.
MOST_STEP = 100.0
# Columns of the results.
TWO = ("fast", "slow", "amplitude_fast", "amplitude_slow", "rss", "status")


@compiled(f"float64({VECTOR}, {ROWS}, int64, {MATRIX_SEEN})")
def project(z: Any, rows: Any, v: int, onto: Any) -> float:
    """A voxel's samples in the coordinates of the curves; the sum of their squares is returned."""
    for j in range(len(z)):
        z[j] = 0.0
    squares = 0.0
    for t in range(rows.shape[1]):
        y = np.float64(rows[v, t])
        squares += y * y
        for j in range(len(z)):
            z[j] += y * onto[t, j]
    return squares


@compiled(f"void({VECTOR}, {VECTOR}, {CUBES_SEEN}, float64)")
def curve(a: Any, derivative: Any, cubes: Any, place: float) -> None:
    """Curve of a rate, and its derivative by a step of the table."""
    i = min(max(int(place), 0), len(cubes) - 1)
    u = place - i
    for j in range(len(a)):
        a[j] = cubes[i, 0, j] + u * (cubes[i, 1, j] + u * (cubes[i, 2, j] + u * cubes[i, 3, j]))
        derivative[j] = cubes[i, 1, j] + u * (2.0 * cubes[i, 2, j] + 3.0 * u * cubes[i, 3, j])


@compiled(f"float64({VECTOR}, {VECTOR})")
def dot(a: Any, b: Any) -> float:
    """Scalar product."""
    total = 0.0
    for j in range(len(a)):
        total += a[j] * b[j]
    return total


@compiled(f"UniTuple(int64, 2)({VECTOR}, {MATRIX_SEEN}, {VECTOR}, {CUBES_SEEN})")
def best_pair(z: Any, coarse: Any, along_each: Any, pairs: Any) -> Any:
    """Nodes of the two curves that explain most with amplitudes of 0 or more; the same node twice where one does as well."""
    some = coarse.shape[1]
    for k in range(some):
        along_each[k] = 0.0
    for j in range(len(z)):
        for k in range(some):
            along_each[k] += z[j] * coarse[j, k]
    fast, slow, most = 0, 0, -1.0
    for one in range(some):
        for two in range(one):
            # Entries of the inverse of the two curves' Gram matrix.
            p, q, s = pairs[one, two, 0], pairs[one, two, 1], pairs[one, two, 2]
            x, y = along_each[one], along_each[two]
            first, second = p * x + q * y, q * x + s * y
            explained = first * x + second * y
            if first > 0.0 and second > 0.0 and explained > most:
                fast, slow, most = one, two, explained
    return fast, slow


@compiled(f"float64({VECTOR}, {MATRIX}, {CUBES_SEEN}, {VECTOR})")
def residual(x: Any, work: Any, cubes: Any, places: Any) -> float:
    """Curves, amplitudes `x` and residual at two places, into rows 0 to 4 of `work` (row 5 holds the voxel); its squares."""
    curve(work[0], work[1], cubes, places[0])
    curve(work[2], work[3], cubes, places[1])
    aa, ab, bb = dot(work[0], work[0]), dot(work[0], work[2]), dot(work[2], work[2])
    za, zb = dot(work[5], work[0]), dot(work[5], work[2])
    under = aa * bb - ab * ab
    if not (under > 1e-14 * aa * bb):
        return np.inf
    x[0], x[1] = (bb * za - ab * zb) / under, (aa * zb - ab * za) / under
    total = 0.0
    for j in range(work.shape[1]):
        rest = work[5, j] - x[0] * work[0, j] - x[1] * work[2, j]
        work[4, j] = rest
        total += rest * rest
    return total


@compiled(f"UniTuple(float64, 2)({VECTOR}, {MATRIX}, float64)")
def step_of(x: Any, work: Any, damping: float) -> Any:
    """Step of both places: Gauss and Newton's with the amplitudes solved for (Kaufman), damped (Marquardt)."""
    aa, ab, bb = dot(work[0], work[0]), dot(work[0], work[2]), dot(work[2], work[2])
    under = aa * bb - ab * ab
    total = np.zeros(5)
    along_own = np.empty(4)
    for k in range(2):
        to_a, to_b = dot(work[2 * k + 1], work[0]), dot(work[2 * k + 1], work[2])
        along_own[2 * k], along_own[2 * k + 1] = (bb * to_a - ab * to_b) / under, (aa * to_b - ab * to_a) / under
    for j in range(work.shape[1]):
        # What of the derivatives lies outside the two curves.
        one = x[0] * (work[1, j] - along_own[0] * work[0, j] - along_own[1] * work[2, j])
        two = x[1] * (work[3, j] - along_own[2] * work[0, j] - along_own[3] * work[2, j])
        total[0] += one * one
        total[1] += one * two
        total[2] += two * two
        total[3] += one * work[4, j]
        total[4] += two * work[4, j]
    p, s = total[0] * (1.0 + damping), total[2] * (1.0 + damping)
    determinant = p * s - total[1] * total[1]
    if not (determinant > 0.0):
        return 0.0, 0.0
    return (s * total[3] - total[1] * total[4]) / determinant, (p * total[4] - total[1] * total[3]) / determinant


@compiled(f"float64({VECTOR}, {VECTOR}, {MATRIX}, {CUBES_SEEN})")
def descend(x: Any, places: Any, work: Any, cubes: Any) -> float:
    """Move both places until the residual falls no more; amplitudes and the sum of squares of the last ones are kept."""
    last = float(len(cubes))
    damping = 1e-3
    now = residual(x, work, cubes, places)
    tried, trial = np.empty(2), np.empty(2)
    for _ in range(MOST_STEPS):
        fast, slow = step_of(x, work, damping)
        # Nor does one leave the table.
        tried[0] = min(max(places[0] + min(max(fast, -MOST_STEP), MOST_STEP), 0.0), last)
        tried[1] = min(max(places[1] + min(max(slow, -MOST_STEP), MOST_STEP), 0.0), last)
        moved = max(abs(tried[0] - places[0]), abs(tried[1] - places[1]))
        then = residual(trial, work, cubes, tried)
        if then <= now and trial[0] > 0.0 and trial[1] > 0.0:
            now, damping = then, max(0.1 * damping, 1e-12)
            for k in range(2):
                places[k], x[k] = tried[k], trial[k]
        else:
            damping *= 10.0
            residual(x, work, cubes, places)
        if moved < STILL or damping > MOST_DAMPING:
            break
    return float(residual(x, work, cubes, places))


@compiled(f"float64({MATRIX}, {VECTOR}, int64, int64)")
def jacobian(work: Any, x: Any, parameter: int, j: int) -> float:
    """Derivative of the fit by an amplitude (0, 1) or a place (2, 3)."""
    if parameter < 2:
        return float(work[2 * parameter, j])
    return float(x[parameter - 2] * work[2 * (parameter - 2) + 1, j])


@compiled(
    f"void(UniTuple({MATRIX}, 2), {ROWS}, Array(uint8, 1, 'C', True), {MATRIX_SEEN},"
    f" Tuple(({MATRIX_SEEN}, {CUBES_SEEN}, {CUBES_SEEN})))"
)
def two_rates(out: Any, rows: Any, wanted: Any, onto: Any, tables: Any) -> None:
    """Fit ``fast curve(rate) + slow curve(rate)`` to each voxel, both amplitudes above 0.

    Parameters
    ----------
    out
        (n, `TWO`), and (n, 10): the normal matrix of amplitudes and places (fast, slow, fast, slow), its upper triangle row
        by row; written. `status` 0 = no fit, 1 = fit, 2 = one curve does as well as two.
    rows, wanted
        As for `separable_loops.one_rate`.
    onto
        float64 (m, r): orthonormal.
    tables
        Curves at some nodes (r, k); inverse Gram matrices of their pairs (k, k, 3); coefficients of the splines of all
        curves (nodes - 1, 4, r).
    """
    found, normal = out
    coarse, pairs, cubes = tables
    r, every = onto.shape[1], len(cubes) // (coarse.shape[1] - 1)
    work, along_each = np.empty((6, r)), np.empty(coarse.shape[1])
    x, places = np.empty(2), np.empty(2)
    for v in range(len(rows)):
        found[v, 5] = 0.0
        if wanted[v] == 0:
            continue
        squares = project(work[5], rows, v, onto)
        if not (squares < np.inf):
            continue
        outside = squares - dot(work[5], work[5])
        fast, slow = best_pair(work[5], coarse, along_each, pairs)
        found[v, 5] = 2.0
        if fast == slow:
            continue
        places[0], places[1] = float(fast * every), float(slow * every)
        rss = descend(x, places, work, cubes)
        for k in range(2):
            found[v, k], found[v, 2 + k] = places[k], x[k]
        found[v, 4] = max(rss + outside, 0.0)
        found[v, 5] = 1.0
        n = 0
        for one in range(4):
            for two in range(one, 4):
                total = 0.0
                for j in range(r):
                    total += jacobian(work, x, one, j) * jacobian(work, x, two, j)
                normal[v, n] = total
                n += 1
