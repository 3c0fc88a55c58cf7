"""Walls of the body as points with outward normals (G-04)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.anatomy.canal import Hole
from spinemets.anatomy.endplates import Extent
from spinemets.anatomy.settings import Settings
from spinemets.geometry.rays import first_crossing, last_crossing
from spinemets.geometry.resampling import Patch, SoftMask
from spinemets.model.region import Surface

Array = NDArray[np.float64]

# Without a labelled arch the pedicle roots are unknown: the middle share of the width that is surely free of them.
FREE_OF_PEDICLES = 0.6


@dataclass(frozen=True, kw_only=True, eq=False)
class Points:
    """Surface points of a patch found along one axis: local positions, outward normals, areas."""

    local_mm: Array
    normals: Array
    areas_mm2: Array


def crossings(patch: Patch, axis: int, direction: int, cosine: float) -> Points:
    """Surface met along one axis, searched from outside: every column gives at most one point.

    Parameters
    ----------
    patch
        Occupancy in the vertebra's frame.
    axis, direction
        0 left, 1 anterior, 2 superior; +1 the surface that faces up the axis, -1 the other.
    cosine
        Smallest cosine between normal and axis.
    """
    found = (last_crossing if direction > 0 else first_crossing)(patch.occupancy, 0.5, axis)
    others = [a for a in range(3) if a != axis]
    u, v = np.nonzero(np.isfinite(found))
    at = found[u, v]
    index = np.zeros((len(at), 3), dtype=np.intp)
    index[:, others[0]], index[:, others[1]] = u, v
    index[:, axis] = np.clip(np.round(at), 0, patch.occupancy.shape[axis] - 1)
    exact = index.astype(np.float64)
    exact[:, axis] = at
    gradient = -np.stack([g[index[:, 0], index[:, 1], index[:, 2]] for g in patch.gradient], axis=1).astype(np.float64)
    length = np.maximum(np.linalg.norm(gradient, axis=1), 1e-9)
    normals = gradient / length[:, None]
    facing = normals[:, axis] * direction
    keep = facing >= cosine
    cell = float(patch.step_mm[others[0]] * patch.step_mm[others[1]])
    return Points(
        local_mm=patch.low_mm + exact[keep] * patch.step_mm,
        normals=normals[keep],
        areas_mm2=cell / facing[keep],
    )


def inside(soft: SoftMask, lps_mm: Array) -> NDArray[np.bool_]:
    """Whether points lie in a mask (smoothed value at least 0.5, trilinear)."""
    from scipy.ndimage import map_coordinates

    index = (soft.grid.to_ijk(lps_mm) - soft.start_ijk).T
    found: NDArray[np.bool_] = map_coordinates(soft.values, index, order=1, prefilter=False) >= 0.5
    return found


def to_surface(
    name: str, points: Points, patch: Patch, uv: tuple[Array, Array], excluded: NDArray[np.bool_] | None = None
) -> Surface:
    """`Surface` in LPS."""
    return Surface(
        name=name,
        points_lps_mm=patch.origin_lps_mm + points.local_mm @ patch.axes.T,
        normals=points.normals @ patch.axes.T,
        areas_mm2=points.areas_mm2,
        uv_mm=np.stack(uv, axis=1) if len(points.areas_mm2) else np.zeros((0, 2)),
        excluded=np.zeros(len(points.areas_mm2), bool) if excluded is None else excluded,
    )


def chosen(points: Points, keep: NDArray[np.bool_]) -> Points:
    """Some of the points."""
    return Points(local_mm=points.local_mm[keep], normals=points.normals[keep], areas_mm2=points.areas_mm2[keep])


def real(points: Points, patch: Patch, vertebra: SoftMask | None, reach_mm: float) -> Points:
    """Points with no bone of the same vertebra just outside and inside the image: cuts through bone are no walls."""
    lps = patch.origin_lps_mm + points.local_mm @ patch.axes.T
    if vertebra is None or not len(lps):
        return points
    outside = lps + reach_mm * (points.normals @ patch.axes.T)
    return chosen(points, np.logical_not(inside(vertebra, outside)))


def in_view(points: Points, patch: Patch, soft: SoftMask) -> Points:
    """Points not on the border of the image."""
    index = soft.grid.to_ijk(patch.origin_lps_mm + points.local_mm @ patch.axes.T)
    last = np.asarray(soft.grid.shape_ijk) - 1.0
    free = np.asarray(soft.grid.shape_ijk) > 1
    seen: NDArray[np.bool_] = np.all(((index >= -0.05) & (index <= last + 0.05))[:, free], axis=1)
    return chosen(points, seen)


def body_walls(
    patch: Patch,
    soft: tuple[SoftMask, SoftMask | None],
    limits: tuple[Extent, Hole | None, float],
    sides: tuple[str, str],
    settings: Settings,
) -> dict[str, Surface]:
    """Six walls: superior, inferior, anterior, posterior between the pedicle roots, and one per side.

    Parameters
    ----------
    patch
        Body in its frame at the finest step the image supports.
    soft
        Body, and whole vertebra where labelled.
    limits
        Fitted extent of the body, canal (None without one) and height of the body [mm].
    sides
        Names of the frame's left side and of the other.
    """
    extent, hole, height_mm = limits
    body, vertebra = soft
    cosine = float(np.cos(np.radians(settings.wall_angle_deg)))
    reach = 1.2 * float(np.median(body.grid.spacing_mm))
    walls: dict[str, Surface] = {}
    plan = (
        ("superior", 2, 1),
        ("inferior", 2, -1),
        ("anterior", 1, 1),
        ("posterior", 1, -1),
        (sides[0], 0, 1),
        (sides[1], 0, -1),
    )
    for name, axis, direction in plan:
        points = in_view(crossings(patch, axis, direction, cosine), patch, body)
        points = real(points, patch, vertebra, reach)
        excluded = None
        if name == "posterior":
            points = chosen(points, _between_pedicles(points, extent, hole))
            excluded = _foramen(points, extent, hole, height_mm, settings)
        others = [a for a in range(3) if a != axis]
        uv = (points.local_mm[:, others[0]], points.local_mm[:, others[1]])
        walls[name] = to_surface(name, points, patch, uv, excluded)
    return walls


def _middle(extent: Extent, hole: Hole | None) -> float:
    return 0.5 * (extent.left + extent.right) if hole is None else 0.5 * (hole.left_mm[0] + hole.left_mm[1])


def _between_pedicles(points: Points, extent: Extent, hole: Hole | None) -> NDArray[np.bool_]:
    half = 0.5 * FREE_OF_PEDICLES * extent.width_mm if hole is None else 0.5 * (hole.left_mm[1] - hole.left_mm[0])
    between: NDArray[np.bool_] = np.abs(points.local_mm[:, 0] - _middle(extent, hole)) <= half
    return between


def _foramen(
    points: Points, extent: Extent, hole: Hole | None, height_mm: float, settings: Settings
) -> NDArray[np.bool_]:
    """Opening of the basivertebral vein: central third of the posterior wall, at most the stated width and height."""
    half_width = 0.5 * min(settings.foramen_width_mm, extent.width_mm / 3)
    half_height = 0.5 * min(settings.foramen_height_mm, height_mm / 3)
    across = np.abs(points.local_mm[:, 0] - _middle(extent, hole)) <= half_width
    opening: NDArray[np.bool_] = across & (np.abs(points.local_mm[:, 2]) <= half_height)
    return opening
