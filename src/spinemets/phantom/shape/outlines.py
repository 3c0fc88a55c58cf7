"""Where rays in a plane leave a surface, compiled: each ray is followed only as far as it must be."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.compiled import compiled

Numbers = NDArray[np.float64]
# numba's notation of float64 numbers that a loop only reads: a line and a plane of them.
LINE = "Array(float64, 1, 'C', True)"
PLANE = "Array(float64, 2, 'C', True)"


@compiled(f"float64({PLANE}, float64, float64)")
def _read(values: Numbers, i: float, j: float) -> Any:
    """Value between nodes, linear along both axes; beyond the edge that at the edge."""
    last_i, last_j = values.shape[0] - 1, values.shape[1] - 1
    i, j = min(max(i, 0.0), float(last_i)), min(max(j, 0.0), float(last_j))
    low_i, low_j = min(int(i), last_i - 1), min(int(j), last_j - 1)
    s, t = i - low_i, j - low_j
    near = (1.0 - t) * values[low_i, low_j] + t * values[low_i, low_j + 1]
    far = (1.0 - t) * values[low_i + 1, low_j] + t * values[low_i + 1, low_j + 1]
    return (1.0 - s) * near + s * far


@compiled(f"void(float64[::1], boolean[::1], {PLANE}, {LINE}, {PLANE}, {LINE})")
def leave(
    found: Numbers, left: NDArray[np.bool_], values: Numbers, origin: Numbers, directions: Numbers, radii: Numbers
) -> None:
    """Radius at which each ray first meets a value of 0 or more, linear between the radii at which it is read.

    Parameters
    ----------
    found
        Radius by ray; 0 where a ray begins there, and where none is met what the last two values would give, at most
        the last radius.
    left
        Whether there is such a value.
    values
        (i, j), read linearly, beyond the edge that at the edge.
    origin, directions
        Index (i, j) at which all rays begin; its change per mm along each.
    radii
        Increasing from 0, mm.
    """
    last = len(radii) - 1
    for n in range(len(found)):
        before, here, number = 0.0, 0.0, 0
        left[n] = False
        for m in range(last + 1):
            before, number = here, m
            here = _read(values, origin[0] + radii[m] * directions[n, 0], origin[1] + radii[m] * directions[n, 1])
            if here >= 0.0:
                left[n] = True
                break
        if number == 0:
            found[n] = 0.0
            continue
        share = min(max(-before / (here - before), 0.0), 1.0) if here > before else 0.0
        found[n] = radii[number - 1] + share * (radii[number] - radii[number - 1])
