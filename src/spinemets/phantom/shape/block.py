"""`Block`: a box of sample points of a grid, whose coordinates are made only where they are needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.model.grid import Grid

# Floating arrays, float32 wherever they are as large as an image.
Array = NDArray[Any]
Slices = tuple[slice, slice, slice]
Box = tuple[tuple[float, float, float], tuple[float, float, float]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Block:
    """Sample points ``affine @ (i, j, k)`` for i, j, k in a box of indices.

    Attributes
    ----------
    affine
        4 x 4, index to LPS mm.
    start, shape
        First index and number of points along each axis.
    reach_mm
        Width over which a surface is blurred by the size of a sample (side of the voxel or sub-slab).
    """

    affine: NDArray[np.float64]
    start: tuple[int, int, int]
    shape: tuple[int, int, int]
    reach_mm: float

    @classmethod
    def of_grid(cls, grid: Grid, reach_mm: float | None = None) -> Block:
        """All points of a grid; reach = mean voxel side unless given."""
        reach = float(np.mean(grid.spacing_mm)) if reach_mm is None else reach_mm
        return cls(affine=np.array(grid.affine_lps_mm), start=(0, 0, 0), shape=grid.shape_ijk, reach_mm=reach)

    @cached_property
    def inverse(self) -> NDArray[np.float64]:
        """4 x 4, LPS mm to index."""
        inverse: NDArray[np.float64] = np.asarray(np.linalg.inv(self.affine), dtype=np.float64)
        return inverse

    @cached_property
    def axes(self) -> tuple[Array, Array, Array]:
        """x, y, z in LPS mm, each only as large as it must be to broadcast to `shape`."""
        index: list[Array] = [
            np.arange(first, first + n, dtype=np.float64).reshape([-1 if a == axis else 1 for a in range(3)])
            for axis, (first, n) in enumerate(zip(self.start, self.shape, strict=True))
        ]
        return (self._axis(0, index), self._axis(1, index), self._axis(2, index))

    def _axis(self, row: int, index: list[Array]) -> Array:
        """One LPS coordinate from the indices that it depends on."""
        value: Array = np.full((1, 1, 1), self.affine[row, 3])
        for column, along in enumerate(index):
            if abs(self.affine[row, column]) > 1e-9:
                value = value + self.affine[row, column] * along
        return value.astype(np.float32)

    def within(self, box: Box) -> tuple[Slices, Block] | None:
        """Part of the block that can meet a box in LPS mm, with its place in the block's arrays; None if they are apart."""
        corners = np.array([[box[a][0], box[b][1], box[c][2]] for a in (0, 1) for b in (0, 1) for c in (0, 1)])
        ijk = corners @ self.inverse[:3, :3].T + self.inverse[:3, 3]
        low = np.maximum(np.floor(ijk.min(axis=0)).astype(int) - 1, self.start)
        high = np.minimum(np.ceil(ijk.max(axis=0)).astype(int) + 2, np.add(self.start, self.shape))
        if np.any(high <= low):
            return None
        place = tuple(slice(int(a - s), int(b - s)) for a, b, s in zip(low, high, self.start, strict=True))
        part = Block(
            affine=self.affine,
            start=(int(low[0]), int(low[1]), int(low[2])),
            shape=(int(high[0] - low[0]), int(high[1] - low[1]), int(high[2] - low[2])),
            reach_mm=self.reach_mm,
        )
        return (place[0], place[1], place[2]), part
