"""`Block`: a box of sample points of a grid, whose coordinates are made only where they are needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.model.grid import Grid

# Floating arrays, float32 wherever they are as large as an image.
Array = NDArray[Any]
# A coordinate that changes by less than this (mm) from sample to sample does not depend on that index.
NO_STEP = 1e-9
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
        x, y, z = (self.linear(row[3], row[:3]) for row in self.affine[:3])
        return x, y, z

    def linear(self, constant: float, steps: NDArray[np.float64]) -> Array:
        """A number that is linear in the indices, ``constant + steps . (i, j, k)``, only as large as it must be."""
        (step_i, step_j, step_k), (i, j, k), (n_i, n_j, n_k) = steps.tolist(), self.start, self.shape
        # Large parts may cancel: in double precision, while the arrays are small.
        plane: Array = np.full((1, 1, 1), constant)
        if abs(step_i) > NO_STEP:
            plane = plane + (step_i * np.arange(i, i + n_i))[:, None, None]
        if abs(step_j) > NO_STEP:
            plane = plane + (step_j * np.arange(j, j + n_j))[None, :, None]
        if abs(step_k) <= NO_STEP:
            return plane.astype(np.float32)
        along = (step_k * np.arange(k, k + n_k))[None, None, :]
        if plane.size == 1:
            return np.asarray(plane + along, np.float32)
        return np.asarray(plane.astype(np.float32) + along.astype(np.float32))

    def ranges(self, boxes: NDArray[np.float64]) -> NDArray[np.int64]:
        """First point and end along each axis of what can meet boxes in LPS mm, with a point to spare on both sides.

        Parameters
        ----------
        boxes
            (..., 2, 3): lower and upper corner.

        Returns
        -------
        NDArray[np.int64]
            (..., 3, 2), indices in the block's arrays; the end lies at or before the start where they are apart.
        """
        centre, half = boxes.sum(axis=-2) / 2, (boxes[..., 1, :] - boxes[..., 0, :]) / 2
        middle = centre @ self.inverse[:3, :3].T + self.inverse[:3, 3] - self.start
        reach = half @ np.abs(self.inverse[:3, :3]).T
        low = np.maximum(np.floor(middle - reach) - 1, 0)
        high = np.minimum(np.ceil(middle + reach) + 2, self.shape)
        return np.stack([low, high], axis=-1).astype(np.int64)

    def meeting(self, boxes: NDArray[np.float64]) -> Iterator[tuple[int, Slices, Block]]:
        """Number of each box (n, 2, 3) that the block can meet, in order, with the place and the part that meets it."""
        ranges = self.ranges(boxes)
        for n in np.flatnonzero((ranges[..., 1] > ranges[..., 0]).all(axis=-1)).tolist():
            (i, i_end), (j, j_end), (k, k_end) = ranges[n].tolist()
            place = (slice(i, i_end), slice(j, j_end), slice(k, k_end))
            yield n, place, self.part(place)

    def within(self, box: Box) -> tuple[Slices, Block] | None:
        """Part of the block that can meet a box in LPS mm, with its place in the block's arrays; None if they are apart."""
        return next(((place, part) for _, place, part in self.meeting(np.array([box]))), None)

    def part(self, place: Slices) -> Block:
        """The points of a place in the block's arrays."""
        part = Block(
            affine=self.affine,
            start=(self.start[0] + place[0].start, self.start[1] + place[1].start, self.start[2] + place[2].start),
            shape=(place[0].stop - place[0].start, place[1].stop - place[1].start, place[2].stop - place[2].start),
            reach_mm=self.reach_mm,
        )
        vars(part)["inverse"] = self.inverse  # of the same affine
        return part
