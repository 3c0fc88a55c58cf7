"""Endplate surfaces, fitted walls and sizes of a body at sub-voxel precision (G-03, G-08)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.geometry.planes import Plane, huber_fit, huber_plane
from spinemets.geometry.rays import first_crossing, last_crossing
from spinemets.geometry.resampling import Patch
from spinemets.model.grid import Grid
from spinemets.model.spine import Endplates

Array = NDArray[np.float64]

FACING = float(np.cos(np.radians(45.0)))


@dataclass(frozen=True, kw_only=True, eq=False)
class Plates:
    """Both endplates over the columns of a patch, local mm.

    Attributes
    ----------
    left_mm, anterior_mm
        Positions of the columns.
    superior_mm, inferior_mm
        (nl, na) height of the surfaces; nan outside the footprint or where the image ends first.
    superior_cosine, inferior_cosine
        (nl, na) cosine of the angle between the surface's outward normal and the column.
    superior_cut, inferior_cut
        Share of the footprint's columns that leave the image before the surface is met.
    """

    left_mm: Array
    anterior_mm: Array
    superior_mm: Array
    inferior_mm: Array
    superior_cosine: Array
    inferior_cosine: Array
    superior_cut: float
    inferior_cut: float


def surfaces(patch: Patch, grid: Grid) -> Plates:
    """Both endplates of a body: outermost crossing of half the column's own plateau along superior.

    Half of the plateau instead of 0.5 keeps the surface in place in the outermost columns, where smoothing lowers the
    whole column. `grid` tells where the image ends.
    """
    plateau = patch.occupancy.max(axis=2).astype(np.float64)
    footprint = plateau >= 0.5
    level = np.where(footprint, plateau / 2, np.inf)
    up = patch.low_mm[2] + patch.step_mm[2] * last_crossing(patch.occupancy, level, 2)
    down = patch.low_mm[2] + patch.step_mm[2] * first_crossing(patch.occupancy, level, 2)
    facing = (_cosine(patch, up, 2, 1), _cosine(patch, down, 2, -1))
    up, up_cut = _inside_image(patch, grid, up)
    down, down_cut = _inside_image(patch, grid, down)
    return Plates(
        left_mm=patch.along(0),
        anterior_mm=patch.along(1),
        superior_mm=up,
        inferior_mm=down,
        superior_cosine=facing[0],
        inferior_cosine=facing[1],
        superior_cut=up_cut,
        inferior_cut=down_cut,
    )


def _cosine(patch: Patch, positions: Array, axis: int, direction: int) -> Array:
    """Cosine between the outward normal (minus the occupancy gradient) at a crossing and the axis it was found along."""
    index = np.nan_to_num((positions - patch.low_mm[axis]) / patch.step_mm[axis])
    nearest = np.clip(np.round(index).astype(int), 0, patch.occupancy.shape[axis] - 1)
    nearest = np.expand_dims(nearest, axis)
    parts = [np.take_along_axis(g, nearest, axis=axis).squeeze(axis).astype(np.float64) for g in patch.gradient]
    length = np.sqrt(sum(p**2 for p in parts))
    cosine: Array = -direction * parts[axis] / np.maximum(length, 1e-9)
    return cosine


def _inside_image(patch: Patch, grid: Grid, heights: Array) -> tuple[Array, float]:
    """Set crossings beyond the outermost voxel centres to nan: there the image ends, not the bone."""
    left, anterior = np.meshgrid(patch.along(0), patch.along(1), indexing="ij")
    found = np.isfinite(heights)
    if not found.any():
        return heights, 1.0
    local = np.stack([left[found], anterior[found], heights[found]], axis=1)
    index = grid.to_ijk(patch.origin_lps_mm + local @ patch.axes.T)
    last = np.asarray(grid.shape_ijk) - 1.0
    # An axis with one voxel has no inside: it cannot tell.
    outside = ((index < -0.05) | (index > last + 0.05))[:, np.asarray(grid.shape_ijk) > 1].any(axis=1)
    kept = heights.copy()
    kept[found] = np.where(outside, np.nan, heights[found])
    return kept, float(outside.mean())


def plane(plates: Plates, which: str, inner_share: float, noise_mm: float) -> Plane | None:
    """Huber plane of one endplate on the inner share of its footprint, None where too few columns are left.

    x = left, y = anterior, z = superior, mm; `noise_mm` is the height of the mask's own steps. Columns whose surface stands steeper than `FACING` are walls seen askew in a
    frame that is not aligned yet; without them the fit converges from 45 degrees off.
    """
    heights = plates.superior_mm if which == "superior" else plates.inferior_mm
    cosine = plates.superior_cosine if which == "superior" else plates.inferior_cosine
    found = np.isfinite(plates.superior_mm) | np.isfinite(plates.inferior_mm)
    if not found.any():
        return None
    rows, columns = np.nonzero(found)
    left, anterior = plates.left_mm[rows], plates.anterior_mm[columns]
    inner = np.ones(len(rows), bool)
    for axis in (left, anterior):
        low, high = np.percentile(axis, [1, 99])
        inner &= np.abs(axis - 0.5 * (low + high)) <= 0.5 * inner_share * (high - low)
    values = heights[rows, columns]
    use = inner & np.isfinite(values) & (cosine[rows, columns] >= FACING)
    if use.sum() < 9 or use.sum() < 0.3 * inner.sum():
        return None
    return huber_plane(left[use], anterior[use], values[use], noise_mm)


@dataclass(frozen=True, kw_only=True)
class Extent:
    """Fitted walls at mid-height: local positions [mm] of the four walls around the body.

    `posterior_lean`, `anterior_lean`: how far these walls move anteriorly per mm of height (a sheared body leans).
    """

    right: float
    left: float
    posterior: float
    anterior: float
    posterior_lean: float = 0.0
    anterior_lean: float = 0.0

    @property
    def width_mm(self) -> float:
        """Left-right distance."""
        return self.left - self.right

    @property
    def depth_mm(self) -> float:
        """Anteroposterior distance at the midline."""
        return self.anterior - self.posterior

    def common_depth(self, height_mm: float) -> tuple[float, float]:
        """Depth range that lies under both endplates: the walls moved by their lean over half the height."""
        back = self.posterior + 0.5 * height_mm * abs(self.posterior_lean)
        front = self.anterior - 0.5 * height_mm * abs(self.anterior_lean)
        return (back, front) if front - back >= 0.5 * self.depth_mm else (self.posterior, self.anterior)


def extent(patch: Patch) -> Extent | None:
    """Fit the walls around a body: position = c0 + c1 u + c2 u^2 + c3 s with Huber weights, taken at the middle.

    u runs along the wall over the middle half of the body; osteophytes at the rims are outliers of the fit and so lie
    outside the fitted depth. Points whose normal stands more than 45 degrees off are endplate (a wedged body), not wall.
    The patch's origin must lie in the body's middle.
    """
    solid = patch.occupancy >= 0.5
    if not solid.any():
        return None
    half = [
        0.25 * float(np.ptp(patch.along(a)[solid.any(axis=tuple(b for b in range(3) if b != a))])) for a in range(3)
    ]
    found: dict[str, float] = {}
    for name, axis, direction in (("right", 0, -1), ("left", 0, 1), ("posterior", 1, -1), ("anterior", 1, 1)):
        crossing = last_crossing if direction > 0 else first_crossing
        other = 1 - axis
        position = patch.low_mm[axis] + patch.step_mm[axis] * crossing(patch.occupancy, 0.5, axis)
        u, s = np.meshgrid(patch.along(other), patch.along(2), indexing="ij")
        use = np.isfinite(position) & (np.abs(u) <= half[other]) & (_cosine(patch, position, axis, direction) >= FACING)
        if use.sum() < 8:
            return None
        design = np.stack([np.ones(int(use.sum())), u[use], u[use] ** 2, s[use]], axis=1)
        coefficients, _ = huber_fit(design, position[use])
        found[name] = float(coefficients[0])
        if axis == 1:
            found[f"{name}_lean"] = float(coefficients[3])
    return Extent(**found)


def height_map(plates: Plates) -> Endplates:
    """Public form of the surfaces, sampled on a patch whose columns span exactly the fitted walls."""
    return Endplates(
        left_mm=plates.left_mm,
        anterior_mm=plates.anterior_mm,
        superior_mm=plates.superior_mm,
        inferior_mm=plates.inferior_mm,
    )
