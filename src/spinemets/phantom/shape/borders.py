"""Distances to borders and their joins, compiled: one pass over rows of samples instead of one for each operation.

Arrays have three axes, each as long as the result's or 1 (it then counts for every sample of that axis).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.compiled import ROW, SEEN, compiled

Rows = NDArray[np.float32]
# Keeps the quotient along a ray finite at the centre of a figure.
TINY = np.float32(1e-3)
_ZERO, _HALF, _ONE = np.float32(0.0), np.float32(0.5), np.float32(1.0)
# Coefficients of the series in `_power`, the bits of the root of 1/2, and the largest power of 2 that it gives.
_LOG = tuple(np.float32(2 / math.log(2) / (2 * n + 1)) for n in range(5))
_EXP = tuple(np.float32(math.log(2) ** n / math.factorial(n)) for n in range(7))
_ROOT_OF_HALF = np.float32(math.sqrt(0.5)).view(np.int32)
_LARGEST = np.float32(126.0)


@compiled(f"{ROW}(float32[::1], {SEEN}, int64, int64)")
def _row(space: Rows, values: Rows, i: int, j: int) -> Rows:
    """Row (i, j) of the values: as it stands, or its only number repeated in `space`."""
    row: Rows = values[min(i, values.shape[0] - 1), min(j, values.shape[1] - 1)]
    if len(row) == len(space):
        return row
    space[:] = row[0]
    return space


@compiled(f"void(float32[:,:,::1], {SEEN}, float32)")
def coverage(shares: Rows, distances: Rows, reach: Any) -> None:
    """Share of a sample inside a surface, ``clip(1/2 - d/reach, 0, 1)``."""
    scale = _ONE / reach
    for i in range(shares.shape[0]):
        for j in range(shares.shape[1]):
            out, d = shares[i, j], distances[i, j]
            for k in range(len(out)):
                out[k] = min(max(_HALF - d[k] * scale, _ZERO), _ONE)


@compiled(f"void(float32[:,:,::1], {SEEN}, {SEEN}, {SEEN})")
def along_ray(distances: Rows, radius: Rows, norm: Rows, smallest: Rows) -> None:
    """Distance along the ray from the centre, ``r (1 - 1/F)``; at the centre minus the smallest half axis."""
    space = np.empty((3, distances.shape[2]), np.float32)
    for i in range(distances.shape[0]):
        for j in range(distances.shape[1]):
            r, f, s = _row(space[0], radius, i, j), _row(space[1], norm, i, j), _row(space[2], smallest, i, j)
            out = distances[i, j]
            for k in range(len(out)):
                out[k] = max(r[k] - (r[k] + TINY * s[k]) / (f[k] + TINY), -s[k])


@compiled(f"void(float32[:,:,::1], {SEEN}, {SEEN}, {SEEN}, {SEEN})")
def ellipse(distances: Rows, along_u: Rows, along_v: Rows, half_u: Rows, half_v: Rows) -> None:
    """Distance along the ray to an ellipse: ``F^2 = (u/a)^2 + (v/b)^2``, ``r^2 = u^2 + v^2``."""
    space = np.empty((4, distances.shape[2]), np.float32)
    for i in range(distances.shape[0]):
        for j in range(distances.shape[1]):
            u, v = _row(space[0], along_u, i, j), _row(space[1], along_v, i, j)
            a, b = _row(space[2], half_u, i, j), _row(space[3], half_v, i, j)
            out = distances[i, j]
            for k in range(len(out)):
                f_u, f_v = u[k] / a[k], v[k] / b[k]
                norm = math.sqrt(f_u * f_u + f_v * f_v)
                radius = math.sqrt(u[k] * u[k] + v[k] * v[k])
                smallest = min(a[k], b[k])
                out[k] = max(radius - (radius + TINY * smallest) / (norm + TINY), -smallest)


@compiled("float32(float32, float32)")
def _power(x: Any, exponent: Any) -> Any:
    """``x^e = 2^(e log2 x)`` for x >= 0 to 3e-6 of its value, by series that work on several samples at once.

    ``x = 2^n m`` with m between the roots of 1/2 and 2: ``log2 x = n + 2/ln 2 (z + z^3/3 + z^5/5 + ...)`` with
    z = (m - 1)/(m + 1). ``2^y = 2^n (1 + f ln 2 + (f ln 2)^2/2! + ...)`` with n the integer nearest to y, f = y - n. A
    float32 is taken apart and put together by its bits: above the 23 of its fraction stands n + 127.
    """
    bits = np.float32(x).view(np.int32)
    whole = (bits - _ROOT_OF_HALF) >> np.int32(23)
    m = np.int32(bits - (np.int32(whole) << np.int32(23))).view(np.float32)
    z = (m - _ONE) / (m + _ONE)
    t = z * z
    log2 = np.float32(whole) + z * (_LOG[0] + t * (_LOG[1] + t * (_LOG[2] + t * (_LOG[3] + t * _LOG[4]))))
    y = min(max(exponent * log2, -_LARGEST), _LARGEST)
    n = np.floor(y + _HALF)
    f = y - n
    up = _EXP[3] + f * (_EXP[4] + f * (_EXP[5] + f * _EXP[6]))
    scale = np.int32((np.int32(n) + np.int32(127)) << np.int32(23)).view(np.float32)
    return scale * (_ONE + f * (_EXP[1] + f * (_EXP[2] + f * up)))


@compiled(f"void(float32[:,:,:,::1], {SEEN}, {SEEN}, UniTuple({SEEN}, 2), float32)")
def superellipse(found: Rows, along_u: Rows, along_v: Rows, halves: tuple[Rows, Rows], exponent: Any) -> None:
    """Distance to first order and norm of a superellipse.

    ``F^p = (u/a)^p + (v/b)^p``, ``d = (F - 1)/|grad F|`` with ``|grad F| = F/F^p |((u/a)^(p-1)/a, (v/b)^(p-1)/b)|``;
    F is at least `TINY`.
    """
    space = np.empty((4, found.shape[3]), np.float32)
    lower, inverse, least = exponent - _ONE, _ONE / exponent, _power(TINY, exponent)
    for i in range(found.shape[1]):
        for j in range(found.shape[2]):
            u, v = _row(space[0], along_u, i, j), _row(space[1], along_v, i, j)
            a, b = _row(space[2], halves[0], i, j), _row(space[3], halves[1], i, j)
            distance, norm = found[0, i, j], found[1, i, j]
            for k in range(len(norm)):
                f_u, f_v = abs(u[k]) / a[k], abs(v[k]) / b[k]
                g_u, g_v = _power(f_u, lower), _power(f_v, lower)
                power = max(g_u * f_u + g_v * f_v, least)
                f = _power(power, inverse)
                s_u, s_v = g_u / a[k], g_v / b[k]
                gradient = f / power * math.sqrt(s_u * s_u + s_v * s_v)
                distance[k] = (f - _ONE) / max(gradient, TINY)
                norm[k] = f


@compiled(f"void(float32[:,:,::1], {SEEN}, {SEEN}, float32, float32)")
def join(joined: Rows, first: Rows, second: Rows, blend: Any, sign: Any) -> None:
    """Smooth minimum (sign 1) or maximum (sign -1): ``min(p, q) - max(blend - |p - q|, 0)^2/(4 blend)``."""
    space = np.empty((2, joined.shape[2]), np.float32)
    quarter = np.float32(0.25) / blend
    for i in range(joined.shape[0]):
        for j in range(joined.shape[1]):
            p, q = _row(space[0], first, i, j), _row(space[1], second, i, j)
            out = joined[i, j]
            for k in range(len(out)):
                gap = max(blend - abs(p[k] - q[k]), _ZERO)
                out[k] = sign * (min(sign * p[k], sign * q[k]) - gap * gap * quarter)
