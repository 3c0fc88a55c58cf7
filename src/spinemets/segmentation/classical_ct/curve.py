"""The smooth curve of the canal, and a straightened picture along it.

Local coordinates of a point: `along` [mm] from the lowest point of the curve upwards, `left` and `front` [mm] across it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.model.grid import Grid
from spinemets.segmentation.classical_ct.settings import Settings

Array = NDArray[np.float64]
# Samples of the straightened picture; along the curve every millimetre.
ACROSS_MM = 1.5
LEFT_MM = np.arange(-33.0, 33.1, ACROSS_MM)
FRONT_MM = np.arange(-18.0, 60.1, ACROSS_MM)
OUTSIDE_HU = -1024.0
FRONT_LPS = np.array([0.0, -1.0, 0.0])


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """Points every millimetre, feet to head, LPS mm, with unit vectors along, to the patient's left, and to the front."""

    points: Array
    along: Array
    left: Array
    front: Array

    def __len__(self) -> int:
        return len(self.points)

    def local(self, lps_mm: Array) -> tuple[Array, Array, Array]:
        """Local coordinates (along, left, front) of points (..., 3), by two steps of projection."""
        place = np.interp(lps_mm[..., 2], self.points[:, 2], np.arange(len(self), dtype=np.float64))
        for _ in range(2):
            n = self._nearest(place)
            place = n + ((lps_mm - self.points[n]) * self.along[n]).sum(axis=-1)
        n = self._nearest(place)
        apart = lps_mm - self.points[n]
        return place, (apart * self.left[n]).sum(axis=-1), (apart * self.front[n]).sum(axis=-1)

    def _nearest(self, place: Array) -> NDArray[np.intp]:
        return np.clip(np.rint(place), 0, len(self) - 1).astype(np.intp)

    def straightened(self, hu: NDArray[Any], grid: Grid) -> NDArray[np.float32]:
        """Attenuation at (along, left, front): every mm of the curve, `LEFT_MM` and `FRONT_MM` across."""
        from scipy.ndimage import map_coordinates

        points = (
            self.points[:, None, None]
            + self.left[:, None, None] * LEFT_MM[:, None, None]
            + self.front[:, None, None] * FRONT_MM[:, None]
        )
        index = np.moveaxis(grid.to_ijk(points), -1, 0)
        picture: NDArray[np.float32] = map_coordinates(hu, index, order=1, cval=OUTSIDE_HU, output=np.float32)
        return picture


def follow(points_lps_mm: Array, score: NDArray[np.float32], settings: Settings) -> Curve | None:
    """Curve through the longest run of slices in which the canal is seen; None if that is too short for a column.

    Parameters
    ----------
    points_lps_mm
        (n, 3) traced middle of the canal, one point a slice, feet to head.
    score
        (n,) score of each.
    """
    from scipy.ndimage import gaussian_filter1d, label, uniform_filter1d

    seen = gaussian_filter1d(score, 2.0, mode="nearest") > settings.canal_least
    numbered, n = label(uniform_filter1d(seen.astype(np.float64), 5, mode="nearest") > 0.5)
    if n == 0:
        return None
    run = points_lps_mm[numbered == 1 + int(np.argmax(np.bincount(numbered)[1:]))]
    length_mm = float(np.linalg.norm(np.diff(run, axis=0), axis=1).sum())
    if length_mm < settings.column_least_mm:
        return None
    sd = settings.smooth_mm / (length_mm / (len(run) - 1))
    smooth = np.column_stack([gaussian_filter1d(run[:, :2], sd, axis=0, mode="nearest"), run[:, 2]])
    return _every_mm(smooth, settings.smooth_mm)


def _every_mm(line: Array, smooth_mm: float) -> Curve:
    from scipy.ndimage import gaussian_filter1d

    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    at = np.arange(0.0, way[-1], 1.0)
    points = np.column_stack([np.interp(at, way, line[:, axis]) for axis in range(3)])
    along = _unit(np.gradient(gaussian_filter1d(points, smooth_mm / 1.5, axis=0, mode="nearest"), axis=0))
    front = _unit(FRONT_LPS - along * (along @ FRONT_LPS)[:, None])
    return Curve(points=points, along=along, left=np.cross(along, front), front=front)


def _unit(vectors: Array) -> Array:
    lengths: Array = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / lengths
