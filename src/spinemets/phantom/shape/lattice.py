"""Evenly spaced samples read between their nodes, compiled: a periodic lattice, and a table along a line."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.compiled import ROW, SEEN, compiled

# The same for the wanted points, and for coordinates that may count for a whole axis.
WANTED = "Array(boolean, 3, 'A', True)"
NUMBERS = "Array(float64, 1, 'C', True)"
POINTS = "Array(float32, 3, 'A', True)"
Samples = NDArray[np.float32]


@compiled("Tuple((int64, int64, float32))(float32, int64)")
def _around(position: Any, size: int) -> tuple[int, int, Any]:
    """Nodes below and above a position (in steps) of a periodic axis, and the way from one to the other."""
    # The period is taken off in floating point: the remainder of integers would cost more than all else here.
    period = np.float32(size)
    position -= period * np.floor(position / period)
    low = min(int(position), size - 1)
    return low, low + 1 if low + 1 < size else 0, position - np.float32(low)


@compiled(f"void(float32[:,:,::1], {SEEN}, {WANTED}, UniTuple({POINTS}, 3), {ROW})")
def periodic(
    values: Samples,
    nodes: Samples,
    wanted: NDArray[np.bool_],
    points: tuple[Samples, Samples, Samples],
    per_mm: Samples,
) -> None:
    """Trilinear value of a periodic lattice at the wanted points (mm), `per_mm` nodes to the millimetre; others stay."""
    u, v, w = points
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            out = values[i, j]
            for k in range(len(out)):
                if not wanted[i, j, k]:
                    continue
                x, y, z = u[i, j, k] * per_mm[0], v[i, j, k] * per_mm[1], w[i, j, k] * per_mm[2]
                x0, x1, x = _around(x, nodes.shape[0])
                y0, y1, y = _around(y, nodes.shape[1])
                z0, z1, z = _around(z, nodes.shape[2])
                c00 = nodes[x0, y0, z0] + z * (nodes[x0, y0, z1] - nodes[x0, y0, z0])
                c01 = nodes[x0, y1, z0] + z * (nodes[x0, y1, z1] - nodes[x0, y1, z0])
                c10 = nodes[x1, y0, z0] + z * (nodes[x1, y0, z1] - nodes[x1, y0, z0])
                c11 = nodes[x1, y1, z0] + z * (nodes[x1, y1, z1] - nodes[x1, y1, z0])
                c0, c1 = c00 + y * (c01 - c00), c10 + y * (c11 - c10)
                out[k] = c0 + x * (c1 - c0)


@compiled(f"void(float32[::1], {NUMBERS}, float64, float64, {NUMBERS})")
def along_line(
    values: Samples, places: NDArray[np.float64], first: float, step: float, table: NDArray[np.float64]
) -> None:
    """Linear value of a table that starts at `first`, its nodes `step` apart; beyond its ends the values there."""
    last = len(table) - 1
    for n in range(len(values)):
        position = min(max((places[n] - first) / step, 0.0), float(last))
        low = min(int(position), last - 1)
        values[n] = table[low] + (position - low) * (table[low + 1] - table[low])
