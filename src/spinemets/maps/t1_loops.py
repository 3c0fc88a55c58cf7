"""The loops of T1 by variable flip angles: a straight line, and the exact least squares that starts from it."""

from __future__ import annotations

from typing import Any

import numpy as np

from spinemets.compiled import compiled

VECTOR = "float64[::1]"
ROWS, SEEN = "Array(float32, 2, 'C', True)", "Array(float64, 1, 'C', True)"
WANTED = "Array(uint8, 1, 'C', True)"
MOST_STEPS = 40
# The logarithm of TR/T1 is found when it moves by less.
STILL = 1e-9
# Shares of the longitudinal magnetisation kept over TR that are looked at: T1 from TR/14 to 1e5 TR.
LOWEST_LOG, HIGHEST_LOG = np.log(1e-5), np.log(14.0)
LEAST_SLOPE = 1e-12
N_STARTS = 24


@compiled(f"void(UniTuple({VECTOR}, 4), {SEEN}, float64)")
def angles_of(seen: Any, flips: Any, scale: float) -> None:
    """Sine and cosine of true flip angles, and 1 over sine and tangent."""
    sine, cosine, up, along = seen
    for j in range(len(flips)):
        sine[j], cosine[j] = np.sin(scale * flips[j]), np.cos(scale * flips[j])
        up[j], along[j] = 1.0 / sine[j], cosine[j] / sine[j]


@compiled(f"boolean({ROWS}, int64)")
def usable(rows: Any, v: int) -> bool:
    """Whether all signals of a voxel are numbers above 0."""
    good = True
    for j in range(rows.shape[1]):
        good = good and rows[v, j] > 0.0 and rows[v, j] < np.inf
    return good


@compiled(f"UniTuple(float64, 2)({ROWS}, int64, UniTuple({VECTOR}, 4))")
def line(rows: Any, v: int, seen: Any) -> Any:
    """Slope and intercept of S/sin a over S/tan a."""
    _, _, up, along = seen
    n = len(up)
    x = y = xx = xy = 0.0
    for j in range(n):
        signal = np.float64(rows[v, j])
        one, other = signal * along[j], signal * up[j]
        x += one
        y += other
        xx += one * one
        xy += one * other
    spread = xx - x * x / n
    slope = (xy - x * y / n) / spread if spread > 0.0 else np.nan
    return slope, (y - slope * x) / n


@compiled(f"void(float64[:, ::1], {ROWS}, {WANTED}, UniTuple({SEEN}, 2))")
def linear(out: Any, rows: Any, wanted: Any, angles: Any) -> None:
    """ln(TR/T1), M0 and sensitivity of each voxel, (n, 3); nan where not wanted, or where the slope is none of a T1.

    `angles`: flip angles [rad], and their scale (n or 1). The sensitivity is as in `nonlinear`.
    """
    flips, scales = angles
    k = len(flips)
    seen = (np.empty(k), np.empty(k), np.empty(k), np.empty(k))
    sine, cosine, _, _ = seen
    one = len(scales) == 1
    angles_of(seen, flips, scales[0])
    for v in range(len(rows)):
        out[v, 0] = out[v, 1] = out[v, 2] = np.nan
        if wanted[v] == 0 or not usable(rows, v):
            continue
        if not one:
            angles_of(seen, flips, scales[v])
        e, start = line(rows, v, seen)
        if not (e > 0.0 and e < 1.0):
            continue
        turns = -np.log(e)
        gg = gd = dd = 0.0
        for j in range(k):
            under = 1.0 / (1.0 - e * cosine[j])
            g = sine[j] * (1.0 - e) * under
            d = sine[j] * turns * e * (1.0 - cosine[j]) * under * under
            gg += g * g
            gd += g * d
            dd += d * d
        out[v, 0], out[v, 1] = np.log(turns), start / (1.0 - e)
        out[v, 2] = np.sqrt(max(dd - gd * gd / gg, 0.0) / gg)


@compiled(f"UniTuple(float64, 4)({ROWS}, int64, UniTuple({VECTOR}, 4), float64)")
def at(rows: Any, v: int, seen: Any, log_turns: float) -> Any:
    """Residual, M0, and slope and bend of the residual by ln(TR/T1), M0 solved for; at one value of it.

    The shape is ``g = sin a (1 - E)/(1 - E cos a)``; of the bend the part that the residual itself makes is left out.
    """
    sine, cosine, _, _ = seen
    turns = np.exp(log_turns)
    e = np.exp(-turns)
    # d E/d ln(TR/T1)
    rise = -turns * e
    yy = yg = gg = yd = gd = dd = 0.0
    for j in range(len(sine)):
        y = np.float64(rows[v, j])
        under = 1.0 / (1.0 - e * cosine[j])
        g = sine[j] * (-np.expm1(-turns)) * under
        d = sine[j] * rise * (cosine[j] - 1.0) * under * under
        yy += y * y
        yg += y * g
        gg += g * g
        yd += y * d
        gd += g * d
        dd += d * d
    m0 = yg / gg
    left = yy - m0 * yg
    gradient = -m0 * (yd - m0 * gd)
    bend = m0 * m0 * (dd - gd * gd / gg)
    return left, m0, gradient, bend


@compiled(f"float64({ROWS}, int64, UniTuple({VECTOR}, 4), float64)")
def search(rows: Any, v: int, seen: Any, start: float) -> float:
    """ln(TR/T1) of least residual: damped Newton steps from a start."""
    x, damping = start, 1e-4
    left, _, gradient, bend = at(rows, v, seen, x)
    for _ in range(MOST_STEPS):
        step = -gradient / max(bend * (1.0 + damping), 1e-300)
        then = min(max(x + min(max(step, -1.0), 1.0), LOWEST_LOG), HIGHEST_LOG)
        other, _, slope, curve = at(rows, v, seen, then)
        moved = abs(then - x)
        if other <= left:
            x, left, gradient, bend, damping = then, other, slope, curve, 0.1 * damping
        else:
            damping = 10.0 * damping + 1e-3
        if moved < STILL:
            break
    return float(x)


@compiled(f"void(float64[:, ::1], {ROWS}, {WANTED}, UniTuple({SEEN}, 2))")
def nonlinear(out: Any, rows: Any, wanted: Any, angles: Any) -> None:
    """ln(TR/T1), M0, residual, sensitivity and length of the fitted signals of each voxel, (n, 5); nan where not wanted.

    The sensitivity is the length of the part of ``d g/d ln T1`` that no change of M0 makes, over that of ``g``.
    """
    flips, scales = angles
    n = len(flips)
    seen = (np.empty(n), np.empty(n), np.empty(n), np.empty(n))
    one = len(scales) == 1
    angles_of(seen, flips, scales[0])
    for v in range(len(rows)):
        for k in range(5):
            out[v, k] = np.nan
        if wanted[v] == 0 or not usable(rows, v):
            continue
        if not one:
            angles_of(seen, flips, scales[v])
        slope, _ = line(rows, v, seen)
        if slope > LEAST_SLOPE and slope < 1.0 - LEAST_SLOPE:
            start = min(max(np.log(-np.log(slope)), LOWEST_LOG), HIGHEST_LOG)
        else:
            # The line says nothing: the best of a row of starts.
            start, least = 0.0, np.inf
            for k in range(N_STARTS):
                x = LOWEST_LOG + (HIGHEST_LOG - LOWEST_LOG) * k / (N_STARTS - 1)
                left, _, _, _ = at(rows, v, seen, x)
                if left < least:
                    start, least = x, left
        x = search(rows, v, seen, start)
        left, m0, _, bend = at(rows, v, seen, x)
        squares = 0.0
        for j in range(len(flips)):
            squares += np.float64(rows[v, j]) ** 2
        out[v, 0], out[v, 1], out[v, 2] = x, m0, max(left, 0.0)
        length = np.sqrt(max(squares - left, 1e-300))
        out[v, 3], out[v, 4] = np.sqrt(max(bend, 0.0)) / length, length
