"""Distance to the nearest of many strands that run along the canal, compiled."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from spinemets.compiled import SEEN, compiled

Rows = NDArray[np.float32]
TABLE = "Array(float32, 3, 'C', True)"


@compiled(f"void(float32[:,:,::1], UniTuple({SEEN}, 3), {TABLE}, float64, float64)")
def nearest(distances: Rows, along: tuple[Rows, Rows, Rows], strands: Rows, first: float, step: float) -> None:
    """Distance to the nearest strand in the plane across them, less its radius there.

    Parameters
    ----------
    along
        u, v, z of the samples, each axis as long as the result's or 1.
    strands
        strands[n, (u, v, radius), height] at heights `first`, `first + step`, ...; a radius below 0 = no strand there.
    """
    u, v, z = along
    last = strands.shape[2] - 1
    for i in range(distances.shape[0]):
        for j in range(distances.shape[1]):
            out = distances[i, j]
            u_row = u[min(i, u.shape[0] - 1), min(j, u.shape[1] - 1)]
            v_row = v[min(i, v.shape[0] - 1), min(j, v.shape[1] - 1)]
            z_row = z[min(i, z.shape[0] - 1), min(j, z.shape[1] - 1)]
            for k in range(len(out)):
                here = z_row[min(k, len(z_row) - 1)]
                u_here, v_here = u_row[min(k, len(u_row) - 1)], v_row[min(k, len(v_row) - 1)]
                position = min(max((here - first) / step, 0.0), float(last))
                low = min(int(position), last - 1)
                share = np.float32(position - low)
                best = np.float32(1e3)
                for n in range(strands.shape[0]):
                    a, b, r = strands[n, 0], strands[n, 1], strands[n, 2]
                    radius = r[low] + share * (r[low + 1] - r[low])
                    if radius <= np.float32(0.0):
                        continue
                    du = u_here - a[low] - share * (a[low + 1] - a[low])
                    dv = v_here - b[low] - share * (b[low + 1] - b[low])
                    best = min(best, math.sqrt(du * du + dv * dv) - radius)
                out[k] = best
