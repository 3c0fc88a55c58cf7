"""Local frame of a vertebra from its endplates and its canal (G-03)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spinemets.anatomy.endplates import plane, surfaces
from spinemets.anatomy.settings import Settings
from spinemets.geometry.planes import Plane, angle_deg, orthogonal_to, unit
from spinemets.geometry.resampling import SoftMask, local_extent, voxel_along_mm
from spinemets.model.region import Region
from spinemets.model.spine import Frame

Array = NDArray[np.float64]

PATIENT_ANTERIOR = np.array([0.0, -1.0, 0.0])
PATIENT_LEFT = np.array([1.0, 0.0, 0.0])
NO_CANAL = "no canal in the label map: anterior is the patient's own"
NO_ENDPLATE = "both endplates destroyed or out of view: axis taken from the neighbours"
# Tilts in the sagittal plane from which the fit starts again where it found no endplate at all (a sacrum, a sharp
# kyphosis; one missing endplate is usual where the image ends), and how far from the curve it may end: at 90 degrees the walls would be taken for endplates.
RESTART_DEG = (30.0, -30.0, 55.0, -55.0)
FARTHEST_DEG = 65.0
ROUNDS = 8
SETTLED_DEG = 0.05
# Steps of one voxel spread evenly have a standard deviation of 1 / sqrt(12) voxel.
STEP_NOISE = 0.29


@dataclass(frozen=True, kw_only=True, eq=False)
class Oriented:
    """Axes of a vertebra and what they rest on.

    `axes` has the columns left, anterior, superior; `superior_plane` and `inferior_plane` are None where the endplate was
    not used.
    """

    axes: Array
    superior_plane: Plane | None
    inferior_plane: Plane | None
    flags: tuple[str, ...] = ()


def axes_of(superior: Array, anterior: Array) -> Array:
    """Columns left, anterior, superior: anterior made orthogonal to superior, left = superior x anterior.

    With anterior (0, -1, 0) and superior (0, 0, 1) left is (1, 0, 0), the patient's left in LPS.
    """
    s = unit(superior)
    a = orthogonal_to(anterior, s)
    return np.stack([np.cross(s, a), a, s], axis=1)


def steps_mm(region: Region, axes: Array, finest_mm: float) -> Array:
    """Sample distance along each axis: half a voxel that way, never finer than `finest_mm`."""
    half = [0.5 * voxel_along_mm(region.grid, axes[:, n]) for n in range(3)]
    return np.maximum(half, finest_mm)


def usable_planes(
    both: tuple[Plane | None, Plane | None], axes: Array, tangent: Array, settings: Settings
) -> tuple[tuple[Plane | None, Plane | None], tuple[str, ...]]:
    """Drop the plane of a destroyed endplate, and of two that contradict each other the one farther from the curve."""
    flags: list[str] = []
    kept: list[Plane | None] = []
    for name, found in zip(("superior", "inferior"), both, strict=True):
        if found is None:
            flags.append(f"{name} endplate cannot be fitted: the other one gives the axis")
        elif found.spread > settings.destroyed_spread_mm:
            flags.append(f"{name} endplate is uneven by {found.spread:.1f} mm: the other one gives the axis")
            kept.append(None)
            continue
        kept.append(found)
    upper, lower = kept
    if upper is not None and lower is not None:
        normals = [axes @ upper.normal, axes @ lower.normal]
        if angle_deg(normals[0], normals[1]) > settings.disagreement_deg:
            worse = int(angle_deg(normals[1], tangent) > angle_deg(normals[0], tangent))
            kept[worse] = None
            flags.append(
                f"endplates point {angle_deg(normals[0], normals[1]):.0f} degrees apart: "
                f"the {('inferior', 'superior')[worse]} one gives the axis"
            )
    return (kept[0], kept[1]), tuple(flags)


def orient(
    soft: SoftMask,
    body: Region,
    start: tuple[Array, Array],
    canal_lps_mm: Array | None,
    settings: Settings,
    *,
    inferior_only: bool = False,
) -> Oriented:
    """Find the axes of a body by fitting its endplates in better and better aligned frames.

    Parameters
    ----------
    soft, body
        The body, smoothed and as voxels.
    start
        Axes of the first guess, kept where no endplate can be fitted, and direction of the spine's curve.
    canal_lps_mm
        Middle of the canal behind the body; None = anterior is the patient's own.
    inferior_only
        True for C2, whose upper end is the dens.
    """
    centre = body.centroid_lps_mm
    toward = PATIENT_ANTERIOR if canal_lps_mm is None else centre - canal_lps_mm
    best = _settled(soft, body, start, toward, settings, inferior_only=inferior_only)
    for tilt in RESTART_DEG:
        if _n_planes(best):
            break
        angle = np.radians(tilt)
        leaning = np.cos(angle) * start[0][:, 2] + np.sin(angle) * start[0][:, 1]
        other = (axes_of(leaning, start[0][:, 1] - np.tan(angle) * start[0][:, 2]), start[1])
        found = _settled(soft, body, other, toward, settings, inferior_only=inferior_only)
        if _n_planes(found) > _n_planes(best) and angle_deg(found.axes[:, 2], start[1]) <= FARTHEST_DEG:
            best = found
    planes = (best.superior_plane, best.inferior_plane)
    flags = best.flags
    if inferior_only and planes[1] is not None:
        flags = ("C2: the inferior endplate alone gives the axis",)
    flags = (*flags, *_coarse(body, best.axes, settings))
    if planes == (None, None):
        flags = (NO_ENDPLATE,)
    return replace(best, flags=flags)


def _n_planes(found: Oriented) -> int:
    return sum(p is not None for p in (found.superior_plane, found.inferior_plane))


def _settled(
    soft: SoftMask,
    body: Region,
    start: tuple[Array, Array],
    toward: Array,
    settings: Settings,
    *,
    inferior_only: bool,
) -> Oriented:
    """Fit the endplates, align the axes, and again until they rest; without a plane the start is kept."""
    axes, tangent = start
    centre = body.centroid_lps_mm
    planes: tuple[Plane | None, Plane | None] = (None, None)
    flags: tuple[str, ...] = ()
    for _ in range(ROUNDS):
        step = steps_mm(body, axes, 1.0)
        patch = soft.patch(centre, axes, local_extent(body, centre, axes, 3.0), step)
        plates = surfaces(patch, body.grid)
        noise = STEP_NOISE * voxel_along_mm(body.grid, axes[:, 2])
        upper = None if inferior_only else plane(plates, "superior", settings.inner_share, noise)
        lower = plane(plates, "inferior", settings.inner_share, noise)
        planes, flags = usable_planes((upper, lower), axes, tangent, settings)
        normals = [axes @ p.normal for p in planes if p is not None]
        superior = unit(np.sum(normals, axis=0)) if normals else axes[:, 2]
        updated = axes_of(superior, toward)
        moved = max(angle_deg(updated[:, n], axes[:, n]) for n in range(3))
        axes = updated
        if moved < SETTLED_DEG:
            break
    return Oriented(axes=axes, superior_plane=planes[0], inferior_plane=planes[1], flags=flags)


def _coarse(body: Region, axes: Array, settings: Settings) -> tuple[str, ...]:
    """Flags of axes that thick slices leave uncertain: one step of the mask over the endplate or the canal's distance."""
    size = np.ptp((body.grid.to_lps_mm(body.indices) - body.centroid_lps_mm) @ axes, axis=0)
    flags = []
    along = voxel_along_mm(body.grid, axes[:, 2])
    if along > settings.thick_slice_mm + 0.05:
        doubt = np.degrees(np.arctan2(along, settings.inner_share * max(float(size[1]), 1.0)))
        flags.append(f"voxels of {along:.1f} mm along the spine: superior is uncertain by up to {doubt:.0f} degrees")
    across = voxel_along_mm(body.grid, axes[:, 0])
    if across > settings.thick_slice_mm + 0.05:
        doubt = np.degrees(np.arctan2(0.5 * across, 0.75 * max(float(size[1]), 1.0)))
        flags.append(f"slices of {across:.1f} mm: anterior is uncertain by up to {doubt:.0f} degrees")
    return tuple(flags)


def frame_of(body: Region, oriented: Oriented, *, canal_known: bool) -> Frame:
    """`Frame` with its wedge: angle between the endplates in the sagittal plane, anterior lower positive."""
    upper, lower = oriented.superior_plane, oriented.inferior_plane
    wedge = None
    if upper is not None and lower is not None:
        wedge = float(np.degrees(np.arctan(lower.slope_y) - np.arctan(upper.slope_y)))
    flags = oriented.flags if canal_known else (*oriented.flags, NO_CANAL)
    return Frame(
        origin_lps_mm=body.centroid_lps_mm,
        left=oriented.axes[:, 0],
        anterior=oriented.axes[:, 1],
        superior=oriented.axes[:, 2],
        wedge_deg=wedge,
        flags=flags,
    )
