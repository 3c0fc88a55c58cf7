"""Geometry of a radiograph: a point source, a flat detector, and where each point of the patient falls on it.

The one function `Beam.project` places both the rays of the image and the landmarks of its truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.model.grid import Grid
from spinemets.phantom.shape.block import Block
from spinemets.physics.radiograph import Projection

Points = NDArray[np.float64]
# View -> directions (LPS) of the central ray and of growing columns; rows grow towards the feet. As pictures are hung: a
# frontal one with the patient's left on its right, a left lateral one with the front on its left. In a left lateral
# one the left side lies at the detector.
DIRECTIONS: Mapping[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "AP": ((0, 1, 0), (1, 0, 0)),
    "PA": ((0, -1, 0), (1, 0, 0)),
    "left lateral": ((1, 0, 0), (0, 1, 0)),
    "right lateral": ((-1, 0, 0), (0, -1, 0)),
}
DOWN = np.array([0.0, 0.0, -1.0])


@dataclass(frozen=True, kw_only=True, eq=False)
class Beam:
    """Source and detector of one radiograph.

    Attributes
    ----------
    view
        Key of `DIRECTIONS`.
    centre_lps_mm
        Point of the patient on the central ray at the source-object distance; it falls on the picture's middle.
    projection
        Distances.
    pixel_mm
        Side of a detector pixel.
    shape
        Columns and rows.
    """

    view: str
    centre_lps_mm: Points
    projection: Projection
    pixel_mm: float
    shape: tuple[int, int]

    @property
    def axis(self) -> Points:
        """Direction of the central ray (LPS)."""
        return np.array(DIRECTIONS[self.view][0], np.float64)

    @property
    def across(self) -> Points:
        """Direction of growing columns (LPS)."""
        return np.array(DIRECTIONS[self.view][1], np.float64)

    @property
    def source_lps_mm(self) -> Points:
        """The focal spot."""
        source: Points = np.asarray(self.centre_lps_mm, np.float64) - self.projection.sod_mm * self.axis
        return source

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height of the picture on the detector."""
        return self.shape[0] * self.pixel_mm, self.shape[1] * self.pixel_mm

    def depth_mm(self, points_lps_mm: ArrayLike) -> Points:
        """Distance of points (..., 3) from the source along the central ray."""
        depth: Points = (np.asarray(points_lps_mm, np.float64) - self.source_lps_mm) @ self.axis
        return depth

    def magnification(self, points_lps_mm: ArrayLike) -> Points:
        """How many times larger things at these points (..., 3) appear on the detector."""
        return np.asarray(self.projection.sid_mm / self.depth_mm(points_lps_mm))

    def project(self, points_lps_mm: ArrayLike) -> Points:
        """Where points (..., 3) fall on the detector: (..., 2), mm from the picture's middle along columns and rows.

        Only for points beyond the source.
        """
        offset = np.asarray(points_lps_mm, np.float64) - self.source_lps_mm
        sideways = np.stack([offset @ self.across, offset @ DOWN], axis=-1)
        return np.asarray(sideways * self.magnification(points_lps_mm)[..., None])

    def pixels(self, points_lps_mm: ArrayLike) -> Points:
        """The same in pixels (column, row), 0 = middle of the first one."""
        middle = (np.array(self.shape) - 1) / 2
        return np.asarray(self.project(points_lps_mm) / self.pixel_mm + middle)

    def sees(self, points_lps_mm: ArrayLike) -> NDArray[np.bool_]:
        """Which points (..., 3) fall on the picture."""
        return np.asarray((np.abs(self.project(points_lps_mm)) <= np.array(self.size_mm) / 2).all(axis=-1))

    def grid(self, frame_uid: str | None) -> Grid:
        """Positions of the detector's pixels in the patient's frame: (columns, rows, 1)."""
        affine = np.eye(4)
        affine[:3, 0], affine[:3, 1] = self.across * self.pixel_mm, DOWN * self.pixel_mm
        affine[:3, 2] = np.cross(self.across, DOWN)
        middle = self.source_lps_mm + self.projection.sid_mm * self.axis
        affine[:3, 3] = middle - affine[:3, :2] @ ((np.array(self.shape) - 1) / 2)
        return Grid(shape_ijk=(*self.shape, 1), affine_lps_mm=affine, frame_of_reference_uid=frame_uid)

    def slab(self, lattice: Lattice, depth_mm: float, reach_mm: float, window: Window | None = None) -> Block:
        """Points in which the rays of a lattice cross a plane at a distance from the source: (1, columns, rows)."""
        (i, i_end), (j, j_end) = window or ((0, lattice.shape[0]), (0, lattice.shape[1]))
        shrink = depth_mm / self.projection.sid_mm * lattice.pitch_mm
        affine = np.eye(4)
        affine[:3, 0], affine[:3, 1], affine[:3, 2] = self.axis, self.across * shrink, DOWN * shrink
        first = -(np.array(lattice.shape) - 1) / 2
        affine[:3, 3] = self.source_lps_mm + depth_mm * self.axis + affine[:3, 1:3] @ first
        return Block(affine=affine, start=(0, i, j), shape=(1, i_end - i, j_end - j), reach_mm=reach_mm)


@dataclass(frozen=True, kw_only=True)
class Lattice:
    """Rays through points on the detector, its middle the picture's: columns and rows, and the distance between them."""

    shape: tuple[int, int]
    pitch_mm: float

    def positions_mm(self) -> tuple[Points, Points]:
        """Places on the detector along columns and rows, from the picture's middle."""
        u, v = (np.asarray((np.arange(n) - (n - 1) / 2) * self.pitch_mm, np.float64) for n in self.shape)
        return u, v


# First and end along columns and along rows.
Window = tuple[tuple[int, int], tuple[int, int]]
