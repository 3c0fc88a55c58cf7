"""Functions of one section of the canal, read along rays from a pole."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from spinemets.phantom.anatomy.canal import Canal
from spinemets.phantom.pathology.canal.region import REACH_MM, section_plane

Numbers = NDArray[np.float64]
Pole = tuple[float, float]


class Rays:
    """Rays around a pole in the axial plane of a canal at a height, the first forwards, then to the patient's left.

    Values of a function are (u index, v index): u to the left of the canal's centre, v behind it, in mm.
    """

    def __init__(self, canal: Canal, z: float, step_mm: float, n: int) -> None:
        self.block = section_plane(canal, z, step_mm)
        u, v, _ = canal.across(self.block)
        self.u, self.v = (np.broadcast_to(a, self.block.shape)[:, 0, :].astype(float) for a in (u, v))
        self.angle = np.arange(n) * 2 * np.pi / n
        self.step_mm = step_mm / 2
        self.radii = np.arange(0.0, REACH_MM - 2.0, self.step_mm)

    @cached_property
    def _per_mm(self) -> tuple[float, float]:
        """Indices per mm of u and v: v runs along one index, u along the other, both linear."""
        return (
            (len(self.u) - 1) / float(self.u[-1, 0] - self.u[0, 0]),
            (self.v.shape[1] - 1) / float(self.v[0, -1] - self.v[0, 0]),
        )

    @cached_property
    def _directions(self) -> Numbers:
        """Change of the index per mm along each ray."""
        return np.stack([np.sin(self.angle) * self._per_mm[0], -np.cos(self.angle) * self._per_mm[1]], axis=1)

    def _origin(self, pole: Pole) -> Numbers:
        """Index of a pole."""
        return np.array([(pole[0] - self.u[0, 0]) * self._per_mm[0], (pole[1] - self.v[0, 0]) * self._per_mm[1]])

    def middle(self, values: Numbers) -> Pole:
        """(u, v) of the middle of what lies inside a surface."""
        inside = values < 0
        return float(self.u[inside].mean()), float(self.v[inside].mean())

    def read(self, values: Numbers, pole: Pole) -> Numbers:
        """Values (angle, radius)."""
        from scipy.ndimage import map_coordinates  # lazy: heavy import

        places = self._origin(pole)[:, None, None] + self._directions.T[:, :, None] * self.radii
        found: Numbers = map_coordinates(values, places, order=1, mode="nearest")
        return found

    def met(self, values: Numbers, pole: Pole) -> tuple[Numbers, NDArray[np.bool_]]:
        """Radius at which each ray first meets a value of 0 or more, 0 where it begins there, and whether it meets one."""
        from spinemets.phantom.shape import outlines  # lazy: compiled

        found, left = np.empty(len(self.angle)), np.empty(len(self.angle), bool)
        plane = np.ascontiguousarray(values, np.float64)
        outlines.leave(found, left, plane, self._origin(pole), self._directions, self.radii)
        return found, left

    def outline(self, values: Numbers, pole: Pole) -> Numbers:
        """Radius at which each ray leaves a surface that holds the pole; 0 where it starts outside."""
        return self.met(values, pole)[0]

    def points(self, radius: Numbers, pole: Pole) -> Numbers:
        """(u, v) of an outline."""
        return np.stack([pole[0] + radius * np.sin(self.angle), pole[1] - radius * np.cos(self.angle)], axis=1)


def area(points: Numbers) -> float:
    """Area of a closed outline."""
    u, v = points.T
    return float(abs(np.sum(u * np.roll(v, -1) - v * np.roll(u, -1))) / 2)


def nearest(points: Numbers, others: Numbers) -> Numbers:
    """Distance of each point to the nearest of others."""
    from scipy.spatial import cKDTree  # lazy: heavy import

    found: Numbers = cKDTree(others).query(points)[0]
    return found
