"""Shape of one vertebra: canal, posterior wall, body and frame, found together (G-03, G-04)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spinemets.anatomy.body import below_dens, largest_piece, region_of, split, without_transverse
from spinemets.anatomy.canal import Hole, PosteriorWall, between_pedicles, find_hole, wall_in_front
from spinemets.anatomy.frames import PATIENT_ANTERIOR, Oriented, axes_of, frame_of, orient
from spinemets.anatomy.instances import Instance
from spinemets.anatomy.settings import Settings
from spinemets.geometry.planes import unit
from spinemets.geometry.resampling import Patch, SoftMask, local_extent, voxel_along_mm
from spinemets.model.region import Region
from spinemets.model.spine import Frame

Array = NDArray[np.float64]

COARSE_MM = 1.0
ROUNDS = 2
# Tilts of the first guess tried where the canal does not show along the curve (kyphosis, a single vertebra).
TILTS_DEG = (0.0, 12.0, -12.0, 24.0, -24.0, 36.0, -36.0)
# A canal wider than the body is deep: the cervical spine, whose transverse processes lie beside the body.
CERVICAL_CANAL_TO_DEPTH = 1.1


@dataclass(frozen=True, kw_only=True, eq=False)
class Canal:
    """Canal of one vertebra in patient space: centre, its own direction, width and depth [mm]."""

    centre_lps_mm: Array
    axes: Array
    width_mm: float
    depth_mm: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Shape:
    """What is known of a vertebra's form.

    Attributes
    ----------
    frame
        None where too little is left.
    body
        None where there is none (C1) or none in view.
    soft_body
        Body, smoothed.
    canal
        Its own canal, None without a hole.
    hole, wall
        Canal and posterior wall in the final frame.
    tilt_deg
        Angle between its superior axis and the curve.
    """

    frame: Frame | None
    body: Region | None
    soft_body: SoftMask | None = None
    canal: Canal | None = None
    hole: Hole | None = None
    wall: PosteriorWall | None = None
    flags: tuple[str, ...] = ()
    missing: dict[str, tuple[str, str]] | None = None


def coarse_patch(soft: SoftMask, region: Region, origin: Array, axes: Array) -> Patch:
    """Whole vertebra at about 1 mm (half a voxel on coarse grids), equal steps along all axes."""
    step = max(COARSE_MM, 0.5 * float(np.median(region.grid.spacing_mm)))
    return soft.patch(origin, axes, local_extent(region, origin, axes, 2.0), np.full(3, step))


def first_canal(soft: SoftMask, region: Region, tangent: Array, settings: Settings) -> Canal | None:
    """Look for the canal along the curve, then along directions tilted against it; its body side gives anterior."""
    origin = region.centroid_lps_mm
    start = axes_of(tangent, PATIENT_ANTERIOR if abs(tangent[1]) < 0.9 else np.array([0.0, 0.0, 1.0]))
    best: tuple[Hole, Array] | None = None
    for tilt in TILTS_DEG:
        for side in (0, 1) if tilt else (0,):
            across = start[:, side]
            angle = np.radians(tilt)
            axes = axes_of(np.cos(angle) * tangent + np.sin(angle) * np.cross(across, tangent), start[:, 1])
            hole = find_hole(coarse_patch(soft, region, origin, axes), settings.hole_min_area_mm2)
            if hole is not None and (best is None or hole.area_mm2 > best[0].area_mm2):
                best = (hole, axes)
        if best is not None and best[0].area_mm2 >= 2 * settings.hole_min_area_mm2:
            break
    if best is None:
        return None
    hole, axes = best
    toward = axes[:, :2] @ (hole.bulk_mm - hole.centre_mm)
    return Canal(
        centre_lps_mm=origin + axes[:, :2] @ hole.centre_mm,
        axes=axes_of(axes[:, 2], toward),
        width_mm=hole.left_mm[1] - hole.left_mm[0],
        depth_mm=hole.anterior_mm[1] - hole.anterior_mm[0],
    )


def borrowed_canal(region: Region, neighbour: Canal) -> Canal:
    """Canal of a vertebra without a ring of its own: the neighbour's, moved along the neighbour's superior axis."""
    up = neighbour.axes[:, 2]
    along = float((region.centroid_lps_mm - neighbour.centre_lps_mm) @ up)
    return replace(neighbour, centre_lps_mm=neighbour.centre_lps_mm + along * up)


def _hole_from(canal: Canal, origin: Array, axes: Array) -> Hole:
    centre = (canal.centre_lps_mm - origin) @ axes[:, :2]
    half_width, half_depth = 0.5 * canal.width_mm, 0.5 * canal.depth_mm
    return Hole(
        centre_mm=centre,
        left_mm=(float(centre[0] - half_width), float(centre[0] + half_width)),
        anterior_mm=(float(centre[1] - half_depth), float(centre[1] + half_depth)),
        area_mm2=canal.width_mm * canal.depth_mm,
        bulk_mm=np.array([centre[0], centre[1] + canal.depth_mm]),
    )


def cut_body(
    vertebra: Region,
    axes: Array,
    origin: Array,
    parts: tuple[Hole, PosteriorWall],
    name: str | None,
    settings: Settings,
) -> Region:
    """Body of a whole-vertebra mask in a given frame."""
    hole, wall = parts
    local = (vertebra.grid.to_lps_mm(vertebra.indices) - origin) @ axes
    chosen = split(local, wall, hole)
    if not chosen.any():
        return region_of("body", vertebra, chosen, "cut from the vertebra")
    width = hole.left_mm[1] - hole.left_mm[0]
    depth = float(np.percentile(local[chosen, 1], 98) - np.percentile(local[chosen, 1], 2))
    cervical = name.startswith("C") if name else width > CERVICAL_CANAL_TO_DEPTH * depth
    if cervical and chosen.sum() > 20:
        bin_mm = max(1.0, voxel_along_mm(vertebra.grid, axes[:, 0]))
        chosen[chosen] = without_transverse(local[chosen], bin_mm, settings.transverse_mass_share)
    if name == "C2" and chosen.sum() > 20:
        bin_mm = max(1.0, voxel_along_mm(vertebra.grid, axes[:, 2]))
        chosen[chosen] = below_dens(local[chosen], bin_mm, settings.dens_area_share)
    return largest_piece(region_of("body", vertebra, chosen, "cut from the vertebra at its posterior wall"))


def whole(instance: Instance, canal: Canal, tangent: Array, settings: Settings, *, own: bool) -> Shape:
    """Shape of a whole-vertebra mask with a known canal (`own` False: borrowed from a neighbour).

    Frame and body are found in turn, twice: the wall that cuts the body is fitted in the frame that the body's endplates
    give.
    """
    vertebra = instance.region
    soft = SoftMask.of(vertebra, settings.smoothing_voxels)
    axes, origin = canal.axes, vertebra.centroid_lps_mm
    body = instance.body
    soft_body = SoftMask.of(body, settings.smoothing_voxels) if body is not None else None
    oriented: Oriented | None = None
    hole: Hole | None = None
    wall: PosteriorWall | None = None
    for _ in range(ROUNDS + 1):
        patch = coarse_patch(soft, vertebra, origin, axes)
        hole = find_hole(patch, settings.hole_min_area_mm2) if own else None
        hole = hole or _hole_from(canal, origin, axes)
        wall = wall_in_front(patch, hole, settings.canal_width_share)
        if own and wall is not None:
            hole = between_pedicles(patch, hole, wall)
        canal = Canal(
            centre_lps_mm=origin + axes[:, :2] @ hole.centre_mm,
            axes=axes,
            width_mm=hole.left_mm[1] - hole.left_mm[0],
            depth_mm=hole.anterior_mm[1] - hole.anterior_mm[0],
        )
        if instance.body is None:
            if wall is None:
                break
            body = cut_body(vertebra, axes, origin, (hole, wall), instance.name, settings)
            if body.n_voxels < settings.min_voxels:
                break
            soft_body = SoftMask.of(body, settings.smoothing_voxels)
        if body is None or soft_body is None:
            break
        oriented = orient(
            soft_body, body, (axes, tangent), canal.centre_lps_mm, settings, inferior_only=instance.name == "C2"
        )
        settled = np.abs(oriented.axes - axes).max() < 2e-3 and np.linalg.norm(body.centroid_lps_mm - origin) < 0.1
        axes, origin = oriented.axes, body.centroid_lps_mm
        if settled:
            break
    if oriented is None or body is None or soft_body is None:
        return Shape(frame=None, body=None, canal=canal if own else None)
    hole = _moved_hole(canal, hole, origin, axes)
    flags = () if own else ("the ring of this vertebra is not in view: canal continued from its neighbour",)
    patch = coarse_patch(soft, vertebra, origin, axes)
    return Shape(
        frame=frame_of(body, oriented, canal_known=True),
        body=body,
        soft_body=soft_body,
        canal=replace(canal, axes=axes) if own else None,
        hole=hole,
        wall=wall_in_front(patch, hole, settings.canal_width_share) or wall,
        flags=flags,
    )


def _moved_hole(canal: Canal, hole: Hole | None, origin: Array, axes: Array) -> Hole:
    """The canal in the final frame; its limits keep their distance from the centre."""
    moved = _hole_from(canal, origin, axes)
    return moved if hole is None else replace(moved, area_mm2=hole.area_mm2)


def body_alone(instance: Instance, canal_lps_mm: Array | None, tangent: Array, settings: Settings) -> Shape:
    """Shape where only the body is labelled: anterior from a labelled canal or cord, else the patient's own."""
    body = instance.region
    soft = SoftMask.of(body, settings.smoothing_voxels)
    toward = PATIENT_ANTERIOR if canal_lps_mm is None else unit(body.centroid_lps_mm - canal_lps_mm)
    start = axes_of(tangent, toward)
    oriented = orient(soft, body, (start, tangent), canal_lps_mm, settings)
    return Shape(
        frame=frame_of(body, oriented, canal_known=canal_lps_mm is not None), body=body.renamed("body"), soft_body=soft
    )
