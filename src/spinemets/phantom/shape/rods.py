"""Distance to a union of bars, compiled: each bar only visits the samples of its own box."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.compiled import compiled

_TINY = np.float32(1e-3)
_HALF, _ZERO, _ONE = np.float32(0.5), np.float32(0.0), np.float32(1.0)


@compiled("void(float32[:,:,::1], float64[:,:,::1], float32[:,::1], int64[:,:,::1], float32)")
def join(
    joined: NDArray[np.float32],
    lines: NDArray[np.float64],
    sections: NDArray[np.float32],
    ranges: NDArray[np.int64],
    blend: Any,
) -> None:
    """Join bars to what is in `joined` (mm), one after the other, with fillets of about `blend` mm.

    In a bar's coordinates (t along it, u and v along its half axes) the point on the axis nearest to a sample lies at
    the share ``s = clip(t/length, 0, 1)``; there the half axes are h_u, h_v and the cap's radius ``c = min(h_u, h_v)``.
    With b = t - s length, ``F^2 = (u/h_u)^2 + (v/h_v)^2 + (b/c)^2`` and ``r^2 = u^2 + v^2 + b^2`` the distance is
    that along the ray from the axis, ``r (1 - 1/F)``.

    Parameters
    ----------
    lines
        lines[n, c] = coordinate c (t, u, v) of bar n: its value at sample (0, 0, 0) and its steps along i, j, k.
    sections
        sections[n] = length, 1/length, first half axis and its change to the end, second half axis and its change.
    ranges
        ranges[n, axis] = first sample and end of the box of bar n.
    """
    quarter = np.float32(0.25) / blend
    for n in range(len(lines)):
        length, inverse, start_u, grow_u, start_v, grow_v = sections[n]
        step_t, step_u, step_v = np.float32(lines[n, 0, 3]), np.float32(lines[n, 1, 3]), np.float32(lines[n, 2, 3])
        first, end = ranges[n, 2]
        for i in range(ranges[n, 0, 0], ranges[n, 0, 1]):
            for j in range(ranges[n, 1, 0], ranges[n, 1, 1]):
                # The beginning of a row in double precision: it may be far from the bar.
                at = lines[n, :, 0] + i * lines[n, :, 1] + j * lines[n, :, 2] + first * lines[n, :, 3]
                t0, u0, v0 = np.float32(at[0]), np.float32(at[1]), np.float32(at[2])
                row = joined[i, j, first:end]
                for k in range(len(row)):
                    along = np.float32(k)
                    t, u, v = t0 + along * step_t, u0 + along * step_u, v0 + along * step_v
                    share = min(max(t * inverse, _ZERO), _ONE)
                    half_u, half_v = start_u + share * grow_u, start_v + share * grow_v
                    beyond = t - share * length
                    cap = min(half_u, half_v)
                    f_u, f_v, f_b = u / half_u, v / half_v, beyond / cap
                    norm = math.sqrt(f_u * f_u + f_v * f_v + f_b * f_b)
                    radius = math.sqrt(u * u + v * v + beyond * beyond)
                    distance = max(radius - (radius + _TINY * cap) / (norm + _TINY), -cap)
                    other = row[k]
                    gap = max(blend - abs(other - distance), _ZERO)
                    row[k] = min(other, distance) - gap * gap * quarter
