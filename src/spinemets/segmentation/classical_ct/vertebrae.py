"""Voxels of each vertebra: the outlined body between two discs, and the bone behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.model.grid import Grid
from spinemets.segmentation.classical_ct import outline
from spinemets.segmentation.classical_ct.curve import Curve
from spinemets.segmentation.classical_ct.discs import Disc
from spinemets.segmentation.classical_ct.settings import Settings

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
# Around the curve in LPS: nothing of a vertebra lies further off.
MARGIN_MM = np.array([50.0, 75.0, 8.0])
# Attenuation of muscle, blood and fluid, by which soft tissue is known.
SOFT_HU = (-20.0, 130.0)
CANAL = 255


@dataclass(frozen=True, kw_only=True, eq=False)
class Column:
    """What was found: curve, posterior wall [mm in front of the curve at every mm], discs, straightened picture."""

    curve: Curve
    wall_mm: Array
    discs: tuple[Disc, ...]
    straight: NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Box:
    """Part of the upright image around the column, with the local coordinates of its voxels."""

    hu: NDArray[Any]
    grid: Grid
    along: Array
    left: Array
    front: Array


def around(hu: NDArray[Any], grid: Grid, curve: Curve) -> Box:
    """Cut the surroundings of the curve out of an upright image."""
    low = np.floor(grid.to_ijk(curve.points.min(axis=0) - MARGIN_MM)).astype(int)
    high = np.ceil(grid.to_ijk(curve.points.max(axis=0) + MARGIN_MM)).astype(int) + 1
    low, high = np.maximum(low, 0), np.minimum(high, hu.shape)
    part = hu[tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))]
    cut = grid.crop([int(n) for n in low], part.shape)
    along, left, front = curve.local(cut.to_lps_mm(np.moveaxis(np.indices(part.shape), 0, -1)))
    return Box(hu=part, grid=cut, along=along, left=left, front=front)


def numbered(box: Box, column: Column, settings: Settings) -> NDArray[np.uint8]:
    """Vertebrae by number from the lowest (1), and the canal (`CANAL`)."""
    outlines = [_outline(column, n, settings) for n in range(len(column.discs) - 1)]
    bodies = [_body(box, column, n, radius_mm, settings) for n, radius_mm in enumerate(outlines)]
    cut_hu = posterior_cut_hu(box, bodies, settings)
    labels = np.zeros(box.hu.shape, np.uint8)
    for n, body in enumerate(bodies, start=1):
        half_width_mm = float(outlines[n - 1][[0, len(outline.ANGLES) // 2]].mean())
        whole = body | (_behind(box, column, n - 1, half_width_mm, settings) & (box.hu > cut_hu))
        labels[_joined(whole, body) & (labels == 0)] = n
    radius = outline.canal(column.straight, cut_hu, settings)
    tube = outline.inside(column.curve, radius, (box.along, box.left, box.front))
    labels[tube & (labels == 0)] = CANAL
    return labels


def posterior_cut_hu(box: Box, bodies: list[Mask], settings: Settings) -> float:
    """Cut-off between muscle and bone: half way from the soft tissue around to the marrow, whatever contrast is in either."""
    bone = np.logical_or.reduce(bodies)
    near = (np.abs(box.left) < settings.posterior_mm[0]) & (box.front < 0) & ~bone
    soft = box.hu[near & (box.hu > SOFT_HU[0]) & (box.hu < SOFT_HU[1])]
    low, high = settings.posterior_hu
    if not bone.any() or not soft.size:
        return low
    return float(np.clip((np.median(soft) + np.median(box.hu[bone])) / 2, low, high))


def _outline(column: Column, n: int, settings: Settings) -> Array:
    """Radius [mm] of body n in each of `outline.ANGLES`."""
    return outline.body(column.straight, (column.discs[n], column.discs[n + 1]), _wall_mm(column, n), settings)


def _wall_mm(column: Column, n: int) -> float:
    """Posterior wall of body n."""
    return float(column.wall_mm[(column.discs[n].along_mm + column.discs[n + 1].along_mm) // 2])


def _body(box: Box, column: Column, n: int, radius_mm: Array, settings: Settings) -> Mask:
    """The outlined body between disc n and the next, endplates included."""
    lower, upper = column.discs[n], column.discs[n + 1]
    wall_mm = _wall_mm(column, n)
    ahead = box.front - (wall_mm + settings.body_middle_mm)
    angle = np.mod(np.arctan2(ahead, box.left), 2 * np.pi)
    limit = np.interp(angle, outline.ANGLES, radius_mm, period=2 * np.pi)
    half_voxel = settings.step_mm / 3
    above = box.along >= lower.along_mm + lower.tilt * ahead + lower.half_mm - half_voxel
    below = box.along <= upper.along_mm + upper.tilt * ahead - upper.half_mm + half_voxel
    body: Mask = (np.hypot(box.left, ahead) <= limit + half_voxel) & above & below
    return body


def _behind(box: Box, column: Column, n: int, half_width_mm: float, settings: Settings) -> Mask:
    """Where the arch and processes of vertebra n may lie; further to the side are ribs."""
    lower, upper = column.discs[n].along_mm, column.discs[n + 1].along_mm
    wall_mm = _wall_mm(column, n)
    drop, (side, back) = settings.posterior_drop_mm, settings.posterior_mm
    side = min(side, max(settings.side_least_mm, settings.side_share * half_width_mm))
    level = (box.along >= lower - drop) & (box.along < upper - drop)
    behind: Mask = level & (box.front < wall_mm + 1) & (box.front > -back) & (np.abs(box.left) < side)
    return behind


def _joined(whole: Mask, body: Mask) -> Mask:
    """The piece of `whole` that holds most of the body."""
    import cc3d

    pieces = np.asarray(cc3d.connected_components(np.ascontiguousarray(whole), connectivity=26))
    counts = np.bincount(pieces[body], minlength=2)
    counts[0] = 0
    joined: Mask = (pieces == int(counts.argmax())) & whole
    return joined
