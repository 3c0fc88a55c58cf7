"""The loops of `separable`: curves of one rate fitted voxel by voxel in the few dimensions that such curves span."""

from __future__ import annotations

from typing import Any

import numpy as np

from spinemets.compiled import compiled

VECTOR, MATRIX = "float64[::1]", "float64[:, ::1]"
ROWS = "Array(float32, 2, 'C', True)"
MATRIX_SEEN, CUBES_SEEN = "Array(float64, 2, 'C', True)", "Array(float64, 3, 'C', True)"
MOST_STEPS = 60
# An end of an interval, in steps of the table, is found when it moves by less.
NEAR = 0.05
# Samples from which on the correlation of residuals is told; a normal distribution's quantile.
LONG, NORMAL = 100, 1.959964
# Variance of what rounding to steps of 1 takes away.
UNIFORM = 1.0 / 12.0
# Columns of the results.
ONE = (
    "place", "low", "high", "amplitude", "amplitude_low", "amplitude_high",
    "other", "other_low", "other_high", "inverse_length", "share_of_other", "rss", "status", "reach",
    "reach_amplitude", "reach_other",
)  # fmt: skip


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


@compiled(f"float64({VECTOR}, {CUBES_SEEN}, float64, int64)")
def along(z: Any, cubes: Any, place: float, first: int) -> float:
    """Scalar product of a voxel's coordinates, from the first on, with the unit curve of a rate."""
    i = min(max(int(place), 0), len(cubes) - 1)
    u = place - i
    total = 0.0
    for j in range(first, len(z)):
        total += z[j] * (cubes[i, 0, j] + u * (cubes[i, 1, j] + u * (cubes[i, 2, j] + u * cubes[i, 3, j])))
    return total


@compiled(f"float64({VECTOR}, {CUBES_SEEN}, float64, int64)")
def bend(z: Any, cubes: Any, place: float, first: int) -> float:
    """Second derivative of `along`."""
    i = min(max(int(place), 0), len(cubes) - 1)
    u = place - i
    total = 0.0
    for j in range(first, len(z)):
        total += z[j] * (2.0 * cubes[i, 2, j] + 6.0 * u * cubes[i, 3, j])
    return total


@compiled(f"float64({VECTOR}, {CUBES_SEEN}, int64, int64)")
def slope(z: Any, cubes: Any, i: int, first: int) -> float:
    """Derivative of `along` at a node of the table."""
    total = 0.0
    for j in range(first, len(z)):
        total += z[j] * cubes[i, 1, j]
    return total


@compiled(f"float64({CUBES_SEEN}, float64, int64)")
def column(cubes: Any, place: float, j: int) -> float:
    """One column of the table at a place between its nodes."""
    i = min(max(int(place), 0), len(cubes) - 1)
    u = place - i
    return float(cubes[i, 0, j] + u * (cubes[i, 1, j] + u * (cubes[i, 2, j] + u * cubes[i, 3, j])))


@compiled(f"float64({VECTOR}, {CUBES_SEEN}, int64, int64)")
def top_between(z: Any, cubes: Any, i: int, first: int) -> float:
    """Place of the maximum of `along` in the interval after a node: the root of a quadratic, that of the falling slope."""
    one = two = three = 0.0
    for j in range(first, len(z)):
        one += z[j] * cubes[i, 1, j]
        two += z[j] * cubes[i, 2, j]
        three += z[j] * cubes[i, 3, j]
    root = np.sqrt(max(two * two - 3.0 * one * three, 0.0))
    # -one/(two - root) is (-two - root)/(3 three) without its cancellation.
    under = two - root
    u = -one / under if under != 0.0 else 0.5
    return float(i + min(max(u, 0.0), 1.0))


@compiled(f"float64({VECTOR}, {CUBES_SEEN}, {MATRIX_SEEN}, {VECTOR}, int64)")
def best_place(z: Any, cubes: Any, coarse: Any, score: Any, first: int) -> float:
    """Place of the unit curve most alike: the best of some nodes, then the zero of the slope about it."""
    some = coarse.shape[1]
    for k in range(some):
        score[k] = 0.0
    for j in range(first, len(z)):
        for k in range(some):
            score[k] += z[j] * coarse[j, k]
    best = 0
    for k in range(1, some):
        if score[k] > score[best]:
            best = k
    every = len(cubes) // (some - 1)
    left, right = max(best - 1, 0) * every, min(best + 1, some - 1) * every
    while right - left > 1:
        middle = (left + right) // 2
        if slope(z, cubes, middle, first) > 0.0:
            left = middle
        else:
            right = middle
    return top_between(z, cubes, left, first)


@compiled(f"UniTuple(float64, 2)({VECTOR}, {CUBES_SEEN}, float64, int64)")
def along_with_slope(z: Any, cubes: Any, place: float, first: int) -> Any:
    """`along`, and its derivative by a step of the table."""
    i = min(max(int(place), 0), len(cubes) - 1)
    u = place - i
    total = rise = 0.0
    for j in range(first, len(z)):
        total += z[j] * (cubes[i, 0, j] + u * (cubes[i, 1, j] + u * (cubes[i, 2, j] + u * cubes[i, 3, j])))
        rise += z[j] * (cubes[i, 1, j] + u * (2.0 * cubes[i, 2, j] + 3.0 * u * cubes[i, 3, j]))
    return total, rise


@compiled(f"float64({VECTOR}, {CUBES_SEEN}, UniTuple(float64, 3), int64, int64)")
def where_falls(z: Any, cubes: Any, start: Any, to: int, first: int) -> float:
    """Place between a maximum and an end of the table where `along` falls below a value; the end where it does not.

    `start` is the place of the maximum, the value, and a guess of the distance. Newton's steps, halved where they leave
    what is known to hold the place.
    """
    inside, least, guess = start
    outside = float(to)
    sign = 1.0 if outside > inside else -1.0
    place = inside + sign * guess
    for _ in range(MOST_STEPS):
        if abs(outside - inside) <= NEAR:
            break
        if sign * (outside - place) <= 0.0:
            # Asked about the end first: there may be nowhere to fall.
            if outside == to and along(z, cubes, outside, first) >= least:
                return float(outside)
            place = 0.5 * (inside + outside)
        value, rise = along_with_slope(z, cubes, place, first)
        if value >= least:
            inside = place
        else:
            outside = place
        then = place - (value - least) / rise if sign * rise < 0.0 else 0.5 * (inside + outside)
        if abs(then - place) <= NEAR:
            return float(then)
        place = then if sign * (then - inside) > 0.0 and sign * (outside - then) > 0.0 else 0.5 * (inside + outside)
    return float(0.5 * (inside + outside))


@compiled(f"float64({VECTOR})")
def correlation_time(rest: Any) -> float:
    """Samples that one independent one is worth: 1 + 2 (sum of the autocorrelation up to where it is none)."""
    n = len(rest)
    squares = 0.0
    for i in range(n):
        squares += rest[i] * rest[i]
    time = 1.0
    if not (squares > 0.0):
        return time
    for lag in range(1, n // 2):
        total = 0.0
        for i in range(n - lag):
            total += rest[i] * rest[i + lag]
        if total <= 0.0:
            break
        time += 2.0 * total / squares
    return time


@compiled(f"float64({VECTOR}, float64, float64, UniTuple(int64, 2))")
def reach_of(rest: Any, t: float, rss: float, numbers: Any) -> float:
    """Half-width of a 95 % interval for a curve of length 1: Student's quantile times the noise.

    Long series tell how their residuals hang together (rounded signals of a slow curve do): fewer independent samples make the noise
    larger and the quantile wider. A run of equal samples is one. Quantile of few: Cornish and Fisher's expansion. `numbers`: unknowns
    and runs.
    """
    unknowns, runs = numbers
    n = len(rest)
    free = max(n - unknowns, 1)
    if n < LONG:
        return float(t * np.sqrt(rss / free))
    independent = max(min(n / correlation_time(rest), float(runs)), unknowns + 1.0)
    few = independent - unknowns
    wide = NORMAL * (1.0 + 1.2104 / few + 1.4402 / (few * few))
    return float(max(t, wide) * np.sqrt(rss / few))


@compiled(f"int64({VECTOR}, {ROWS}, int64, {MATRIX_SEEN}, {VECTOR})")
def left_over(rest: Any, rows: Any, v: int, onto: Any, fitted: Any) -> int:
    """What a fit, in the coordinates of the curves, leaves of a voxel's samples; the number of runs of equal samples."""
    runs = 1
    for t in range(len(rest)):
        total = np.float64(rows[v, t])
        for j in range(len(fitted)):
            total -= onto[t, j] * fitted[j]
        rest[t] = total
        if t > 0 and rows[v, t] != rows[v, t - 1]:
            runs += 1
    return runs


@compiled(f"void({MATRIX}, {VECTOR}, {CUBES_SEEN}, UniTuple(float64, 2), int64)")
def directions(ways: Any, z: Any, cubes: Any, of: Any, first: int) -> None:
    """A fit, and the unit directions in which samples move its rate, amplitude and other amplitude: rows of `ways`, written.

    In the coordinates of the curves; `of`: place of the rate, and length of the fit along its unit curve.
    """
    place, most = of
    i = min(max(int(place), 0), len(cubes) - 1)
    u = place - i
    ways[:] = 0.0
    squares = 0.0
    for j in range(first, len(z)):
        ways[2, j] = column(cubes, place, j)
        ways[1, j] = cubes[i, 1, j] + u * (2.0 * cubes[i, 2, j] + 3.0 * u * cubes[i, 3, j])
        squares += ways[1, j] ** 2
        ways[0, j] = most * ways[2, j]
    for j in range(first, len(z)):
        ways[1, j] /= np.sqrt(max(squares, 1e-300))
    if first == 1:
        ways[0, 0], ways[3, 0] = z[0], 1.0


@compiled(f"void({VECTOR}, {MATRIX}, int64)")
def close_stretch(variances: Any, sums: Any, last: int) -> None:
    """Add the two ends of a stretch of samples, 0 to `last`, to the variances; start anew."""
    for k in range(len(variances)):
        late = sums[k, 1] / max(last, 1)
        variances[k] += (sums[k, 0] - late) ** 2 + late**2
        sums[k, 0] = sums[k, 1] = 0.0


@compiled(f"void({VECTOR}, {MATRIX}, {ROWS}, int64, {MATRIX_SEEN})")
def hidden_by_rounding(variances: Any, ways: Any, steps: Any, v: int, onto: Any) -> None:
    """Variance in each of the three directions of what rounding took away, where samples share their errors.

    While a curve stays within a step its errors hang together. There they are taken as straight from one end of the stretch to the
    other, both ends anywhere within half a step, and independent: a flat stretch has one error, a long one may be tilted by it.
    """
    sums = np.zeros((3, 2))
    variances[:] = 0.0
    begun, at = 0.0, 0
    for t in range(len(onto)):
        now = 0.0
        for j in range(onto.shape[1]):
            now += onto[t, j] * ways[0, j]
        step = np.float64(steps[v, t])
        if t == 0 or abs(now - begun) > step:
            close_stretch(variances, sums, t - 1 - at)
            begun, at = now, t
        for k in range(3):
            moved = 0.0
            for j in range(onto.shape[1]):
                moved += onto[t, j] * ways[k + 1, j]
            sums[k, 0] += step * moved
            sums[k, 1] += step * moved * (t - at)
    close_stretch(variances, sums, len(onto) - 1 - at)


@compiled(f"void({MATRIX}, {MATRIX}, float64, Tuple(({ROWS}, {MATRIX_SEEN})), int64)")
def shared_errors(out: Any, ways: Any, variance: float, of: Any, v: int) -> None:
    """Reaches of a voxel no less than what rounding hides; `variance` of the residuals, `of` steps and dimensions.

    Noise decouples the errors: of noise of `s` steps the share ``exp(-(2 pi s)^2)`` of the variance stays common (characteristic function
    of a rounded normal variable; Widrow and Kollar, Quantization noise, 2008), the rest scatters, and is in the residuals.
    """
    steps, onto = of
    squares = 0.0
    for t in range(steps.shape[1]):
        squares += np.float64(steps[v, t]) ** 2
    noise = max(variance * steps.shape[1] / max(squares, 1e-300) - UNIFORM, 0.0)
    share = UNIFORM * np.exp(-4.0 * np.pi**2 * noise)
    # A unit direction sums up no more than all steps: most voxels have noise enough to be left there.
    if NORMAL * np.sqrt(share * squares) <= out[v, 13]:
        return
    variances = np.empty(3)
    hidden_by_rounding(variances, ways, steps, v, onto)
    for k in range(3):
        out[v, 13 + k] = max(out[v, 13 + k], NORMAL * np.sqrt(share * variances[k]))


@compiled(
    f"void({MATRIX}, UniTuple({ROWS}, 2), Array(uint8, 1, 'C', True), {MATRIX_SEEN}, Tuple(({MATRIX_SEEN}, {CUBES_SEEN})),"
    " UniTuple(float64, 3))"
)
def one_rate(out: Any, samples: Any, wanted: Any, onto: Any, tables: Any, numbers: Any) -> None:
    """Fit ``amplitude curve(rate) + other w`` to each voxel, `w` a fixed curve or none.

    Parameters
    ----------
    out
        (n, `ONE`), written: places in steps of the table; `status` 0 = no fit, 1 = fit, 2 = no amplitude above 0.
    samples
        float32 (n, m), and what one step of rounding is in each; (0, m) = not rounded.
    wanted
        uint8 (n,).
    onto
        float64 (m, r): orthonormal; the first column is the fixed curve's where there is one.
    tables
        Unit curves at some nodes (r, k), and the coefficients of their cubic splines at all (nodes - 1, 4, r + 2): the
        last two columns are 1 over the length of the curve, and its share along the fixed one times that.
    numbers
        1 where there is a fixed curve, its length, and Student's quantile for the interval.
    """
    rows, steps = samples
    coarse, cubes = tables
    fixed, length, t = numbers
    first = 1 if fixed > 0.0 else 0
    r, last = onto.shape[1], len(cubes)
    z, score, ways, rest = np.empty(r), np.empty(coarse.shape[1]), np.empty((4, r)), np.empty(rows.shape[1])
    for v in range(len(rows)):
        out[v, 12] = 0.0
        if wanted[v] == 0:
            continue
        squares = project(z, rows, v, onto)
        if not (squares < np.inf):
            continue
        if first == 1:
            squares -= z[0] * z[0]
        place = best_place(z, cubes, coarse, score, first)
        most = along(z, cubes, place, first)
        out[v, 12] = 1.0
        if not (most > 0.0):
            out[v, 12], most = 2.0, 0.0
        rss, runs = max(squares - most * most, 0.0), len(rest)
        directions(ways, z, cubes, (place, most), first)
        if len(rest) >= LONG:
            runs = left_over(rest, rows, v, onto, ways[0])
        reach = reach_of(rest, t, rss, (2 + first, runs))
        out[v, 13] = out[v, 14] = out[v, 15] = reach
        if len(steps) > 0:
            shared_errors(out, ways, rss / max(len(rest) - 2 - first, 1), (steps, onto), v)
            reach = out[v, 13]
        least = np.sqrt(max(most * most - reach * reach, 0.0))
        guess = np.sqrt(2.0 * (most - least) / max(-bend(z, cubes, place, first), 1e-30))
        out[v, 0] = place
        out[v, 1] = where_falls(z, cubes, (place, least, guess), 0, first)
        out[v, 2] = where_falls(z, cubes, (place, least, guess), last, first)
        for k in range(3):
            unit = max(along(z, cubes, out[v, k], first), 0.0)
            out[v, 3 + k] = unit * column(cubes, out[v, k], r)
            out[v, 6 + k] = (z[0] - unit * column(cubes, out[v, k], r + 1)) / length if first == 1 else 0.0
        out[v, 9] = column(cubes, place, r)
        out[v, 10] = column(cubes, place, r + 1) / (out[v, 9] * length)
        out[v, 11] = rss
