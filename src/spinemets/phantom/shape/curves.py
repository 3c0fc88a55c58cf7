"""Smooth lines along the body (canal, bodies, back) as functions of height z, read by table interpolation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from spinemets.phantom.shape.block import Array

STEP_MM = 1.0
MARGIN_MM = 160.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """A number that changes with z: samples every millimetre."""

    z: NDArray[np.float64]
    values: NDArray[np.float64]

    @classmethod
    def through(cls, points: list[tuple[float, float]], smooth_mm: float = 8.0) -> Curve:
        """Straight pieces through (z, value) points, continued straight (half slope) at the ends, smoothed."""
        from scipy.ndimage import gaussian_filter1d  # lazy: heavy import

        known = sorted(points)
        zs = np.array([p[0] for p in known])
        vs = np.array([p[1] for p in known])
        z = np.arange(zs[0] - MARGIN_MM, zs[-1] + MARGIN_MM, STEP_MM)
        values = np.interp(z, zs, vs)
        return cls(z=z, values=gaussian_filter1d(values, smooth_mm / STEP_MM, mode="nearest"))

    def at(self, z: Array) -> Array:
        """Value at heights z."""
        from spinemets.phantom.shape import lattice  # lazy: compiled

        places = np.ascontiguousarray(z, np.float64)
        found: Array = np.empty(np.shape(z), np.float32)
        lattice.along_line(found.reshape(-1), places.reshape(-1), self.z[0], self.z[1] - self.z[0], self.values)
        return found

    @cached_property
    def slope(self) -> Curve:
        """Derivative with respect to z."""
        return Curve(z=self.z, values=np.gradient(self.values, STEP_MM))
