"""The loops of `field_map`: a region that grows from what is certain, and sweeps over what it left."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np

from spinemets.compiled import compiled

OUT = "Tuple((int8[::1], float32[::1]))"
CANDIDATES = "Array(float32, 2, 'C', True)"
GRID, NUMBERS = "UniTuple(int64, 3)", "UniTuple(float64, 2)"


@compiled(f"UniTuple(float64, 2)({OUT}, int64, {GRID})")
def around(out: Any, v: int, grid: Any) -> Any:
    """Mean field of the neighbours that have one, and how many they are; those across a face count twice."""
    _, field = out
    planes, rows, columns = grid
    i, j, k = v // (rows * columns), (v // columns) % rows, v % columns
    total = weight = 0.0
    for a in range(max(i - 1, 0), min(i + 2, planes)):
        for b in range(max(j - 1, 0), min(j + 2, rows)):
            for c in range(max(k - 1, 0), min(k + 2, columns)):
                at = (a * rows + b) * columns + c
                if at == v or np.isnan(field[at]):
                    continue
                near = 2.0 if abs(a - i) + abs(b - j) + abs(c - k) == 1 else 1.0
                total += near * field[at]
                weight += near
    return (total / weight if weight > 0.0 else 0.0), weight


@compiled(f"void({OUT}, {CANDIDATES}, {CANDIDATES}, Tuple((int64, float64, float64)), {NUMBERS})")
def decide(out: Any, fields: Any, against: Any, of: Any, numbers: Any) -> None:
    """Give a voxel the candidate and the number of periods that its neighbours' mean and its own residual favour."""
    which, field = out
    v, reference, weight = of
    period, smooth = numbers
    least = np.inf
    for c in range(fields.shape[1]):
        if not (against[v, c] < np.inf):
            continue
        here = fields[v, c]
        if period > 0.0:
            here += period * np.floor((reference - here) / period + 0.5)
        score = against[v, c] + weight * ((here - reference) / smooth) ** 2
        if score < least:
            least = score
            which[v], field[v] = c, here


@compiled(
    f"void({OUT}, {CANDIDATES}, {CANDIDATES}, Tuple((Array(float32, 1, 'C', True), int64, int64, int64)), {NUMBERS})"
)
def grow(out: Any, fields: Any, against: Any, of: Any, numbers: Any) -> None:
    """Let the region grow over all voxels with a candidate; what touches none of it starts anew at the field nearest 0.

    `of`: how certain each voxel is (the least number first), and the shape.
    """
    certain, planes, rows, columns = of
    grid = (planes, rows, columns)
    n = len(fields)
    order = np.argsort(certain)
    queued = np.zeros(n, np.uint8)
    for start in order:
        if not (against[start, 0] < np.inf):
            break
        if queued[start] == 1:
            continue
        queued[start] = 1
        waiting = [(certain[start], start)]
        while len(waiting) > 0:
            _, v = heapq.heappop(waiting)
            reference, weight = around(out, v, grid)
            # Nobody near: the own residual alone decides, and the field is the one nearest 0.
            decide(out, fields, against, (v, reference, min(weight, 4.0)), numbers)
            i, j, k = v // (rows * columns), (v // columns) % rows, v % columns
            for a in range(max(i - 1, 0), min(i + 2, planes)):
                for b in range(max(j - 1, 0), min(j + 2, rows)):
                    for c in range(max(k - 1, 0), min(k + 2, columns)):
                        at = (a * rows + b) * columns + c
                        if queued[at] == 0 and against[at, 0] < np.inf:
                            queued[at] = 1
                            heapq.heappush(waiting, (certain[at], at))


@compiled(f"void({OUT}, {CANDIDATES}, {CANDIDATES}, {GRID}, {NUMBERS})")
def sweep(out: Any, fields: Any, against: Any, grid: Any, numbers: Any) -> None:
    """Decide each voxel once more, with all its neighbours known."""
    _, field = out
    for v in range(len(fields)):
        if np.isnan(field[v]):
            continue
        reference, weight = around(out, v, grid)
        if weight > 0.0:
            decide(out, fields, against, (v, reference, min(weight, 4.0)), numbers)
