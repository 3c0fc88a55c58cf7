"""Parts of the arch: pedicles, laminae, articular, transverse and spinous processes (G-04)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.anatomy.body import region_of
from spinemets.anatomy.canal import Hole, PosteriorWall
from spinemets.anatomy.settings import Settings
from spinemets.anatomy.walls import Points, chosen, crossings, in_view, real, to_surface
from spinemets.geometry.resampling import Patch, SoftMask, local_extent
from spinemets.model.region import Region, Surface
from spinemets.model.spine import Frame

Array = NDArray[np.float64]

# Depth behind the posterior wall as a share of the canal's depth: pedicles end where articular processes begin.
PEDICLE_END = 0.55
PEDICLE_ROWS = (0.1, 0.5)
# Where the transverse process leaves the pedicle itself (L5) or a lateral mass joins it (C3-C7) no isthmus shows: the
# lateral border is set at most this far outside the canal, as a share of its half-width, and in mm in the neck.
PEDICLE_CAP_SHARE = 1.25
CERVICAL_CAP_MM = 7.0
# The spinous process begins behind the canal, by the thickness of the laminae's union.
SPINOUS_START_MM = 4.0
DRAWN = "drawn in the vertebra's frame"
DENS_HALF_WIDTH_MM = 8.0
SPINOUS_WIDTH_SHARE = 0.45
LAMINA_WIDTH_SHARE = 0.95


@dataclass(frozen=True, kw_only=True)
class PedicleSize:
    """Smallest width of one pedicle along left, and its lateral distance from the canal's midline [mm].

    `width_mm` is None where no isthmus shows and the border is a cap.
    """

    width_mm: float | None
    lateral_mm: float


def pedicle_size(
    patch: Patch, hole: Hole, wall: PosteriorWall, direction: int, *, cervical: bool
) -> PedicleSize | None:
    """Measure one pedicle on a patch of the whole vertebra.

    In every coronal row of the canal's front half the bone beside the canal is followed outward from its medial surface to
    its lateral one; the row's width is the 80th percentile over the heights where there is bone, the pedicle's the
    smallest of the rows.
    """
    left, anterior = patch.along(0), patch.along(1)
    middle = 0.5 * (hole.left_mm[0] + hole.left_mm[1])
    half = 0.5 * (hole.left_mm[1] - hole.left_mm[0])
    depth = hole.anterior_mm[1] - hole.anterior_mm[0]
    front = float(wall.anterior_mm(np.array([middle]), np.array([0.0]))[0])
    outward = np.flatnonzero((left - middle) * direction >= 0)
    outward = outward if direction > 0 else outward[::-1]
    distance = np.abs(left[outward] - middle)
    sizes: list[tuple[float, float]] = []
    for row in np.flatnonzero(
        (anterior <= front - PEDICLE_ROWS[0] * depth) & (anterior >= front - PEDICLE_ROWS[1] * depth)
    ):
        solid = patch.occupancy[outward][:, row, :] >= 0.5
        start = solid.argmax(axis=0)
        met = solid.any(axis=0) & (distance[start] <= half + 5.0)
        if met.sum() < 2:
            continue
        empty_after = ~solid & (np.arange(len(outward))[:, None] > start[None, :])
        end = np.where(empty_after.any(axis=0), empty_after.argmax(axis=0), len(outward) - 1)
        width = (end - start)[met] * float(patch.step_mm[0])
        lateral = distance[np.minimum(end, len(distance) - 1)][met]
        pick = int(np.argsort(width)[int(0.8 * (len(width) - 1))])
        sizes.append((float(width[pick]), float(lateral[pick])))
    if not sizes:
        return None
    width_mm, lateral_mm = min(sizes)
    cap = half + (CERVICAL_CAP_MM if cervical else PEDICLE_CAP_SHARE * half)
    if lateral_mm > cap:
        return PedicleSize(width_mm=None, lateral_mm=cap)
    return PedicleSize(width_mm=width_mm, lateral_mm=lateral_mm)


def parts(
    behind: Region,
    frame: Frame,
    canal: tuple[Hole, PosteriorWall],
    pedicles: tuple[PedicleSize | None, PedicleSize | None],
    sides: tuple[str, str],
    *,
    dens: bool,
) -> dict[str, Region]:
    """Partition of what is not body: every voxel belongs to exactly one part.

    Behind the posterior wall, inside the pedicle's lateral border and in front of the articular processes: pedicle. Lateral
    of that border: transverse process. Behind: lamina beside the canal, articular process lateral of it, spinous process
    in the midline behind the laminae's union.
    """
    hole, wall = canal
    local = frame.to_local_mm(behind.grid.to_lps_mm(behind.indices))
    left, anterior, superior = local.T
    middle = 0.5 * (hole.left_mm[0] + hole.left_mm[1])
    half = 0.5 * (hole.left_mm[1] - hole.left_mm[0])
    depth = hole.anterior_mm[1] - hole.anterior_mm[0]
    front = wall.anterior_mm(left, superior)
    share = (front - anterior) / depth
    found: dict[str, Region] = {"posterior_elements": behind.renamed("posterior_elements")}
    spinous = (anterior < hole.anterior_mm[0] - SPINOUS_START_MM) & (
        np.abs(left - middle) <= max(4.0, SPINOUS_WIDTH_SHARE * half)
    )
    found["spinous"] = region_of("spinous", behind, spinous, DRAWN)
    peg = (
        (share < 0) & (superior > 0) & (np.abs(left - middle) <= DENS_HALF_WIDTH_MM) if dens else np.zeros_like(spinous)
    )
    found["dens"] = region_of("dens", behind, peg, DRAWN)
    for side, sign, pedicle in zip(sides, (1, -1), pedicles, strict=True):
        across = (left - middle) * sign
        here = (across > 0) if sign > 0 else (across >= 0)
        here &= ~spinous & ~peg
        border = pedicle.lateral_mm + 1.0 if pedicle is not None else half + 6.0
        # In front of the wall only the neck has bone beside the body: its transverse processes.
        lateral = here & ((across > border) | (share < 0))
        near = here & ~lateral
        is_pedicle = near & (share <= PEDICLE_END)
        is_lamina = near & ~is_pedicle & (across <= LAMINA_WIDTH_SHARE * half)
        for name, voxels in (
            ("pedicle", is_pedicle),
            ("transverse", lateral),
            ("lamina", is_lamina),
            ("articular", near & ~is_pedicle & ~is_lamina),
        ):
            found[f"{name}_{side}"] = region_of(f"{name}_{side}", behind, voxels, DRAWN)
    return {name: region for name, region in found.items() if region.n_voxels}


def minus(whole: Region, part: Region) -> Region:
    """Voxels of a region without those of another on the same grid."""
    mask = whole.mask.copy()
    shift = np.asarray(part.start_ijk) - np.asarray(whole.start_ijk)
    low = np.maximum(shift, 0)
    high = np.minimum(shift + part.mask.shape, whole.mask.shape)
    if (high > low).all():
        box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
        inner = tuple(slice(int(a - s), int(b - s)) for a, b, s in zip(low, high, shift, strict=True))
        mask[box] &= ~part.mask[inner]
    return Region.from_mask(
        "posterior_elements", mask, whole.grid, source="vertebra without body", start_ijk=whole.start_ijk
    )


def without_margin(vertebra: Region, body: Region, frame: Frame, wall: PosteriorWall, reach_mm: float | None) -> Region:
    """A whole-vertebra label without the margin by which it exceeds the labelled body in front of the posterior wall.

    Two label maps never agree to the voxel; the labelled body is exact, and what surrounds it is no posterior element. In
    the neck bone that lies farther than `reach_mm` beside the body (the transverse processes) stays; elsewhere
    (`reach_mm` None) nothing lies in front of the wall.
    """
    outside = minus(vertebra, body)
    local = frame.to_local_mm(outside.grid.to_lps_mm(outside.indices))
    margin = local[:, 1] >= wall.anterior_mm(local[:, 0], local[:, 2])
    if reach_mm is not None:
        inner = frame.to_local_mm(body.grid.to_lps_mm(body.indices))[:, 0]
        margin &= (local[:, 0] >= inner.min() - reach_mm) & (local[:, 0] <= inner.max() + reach_mm)
    return minus(vertebra, region_of("margin", outside, margin, ""))


def pedicle_surface(
    side: str, region: Region, vertebra: SoftMask, frame: Frame, settings: Settings, step_mm: Array
) -> Surface:
    """Shell of one pedicle: its medial, lateral, superior and inferior surface; cuts to body and arch left out.

    `uv_mm` = (anterior position, arc length around the pedicle's axis).
    """
    soft = SoftMask.of(region, settings.smoothing_voxels)
    axes, origin = frame.axes, frame.origin_lps_mm
    patch = soft.patch(origin, axes, local_extent(region, origin, axes, 3.0), step_mm)
    cosine = float(np.cos(np.radians(settings.wall_angle_deg)))
    reach = 1.2 * float(np.median(region.grid.spacing_mm))
    found = []
    for axis, direction in ((0, 1), (0, -1), (2, 1), (2, -1)):
        points = in_view(crossings(patch, axis, direction, cosine), patch, soft)
        points = real(points, patch, vertebra, reach)
        found.append(chosen(points, np.abs(points.normals[:, 1]) <= cosine))
    points = Points(
        local_mm=np.concatenate([p.local_mm for p in found]),
        normals=np.concatenate([p.normals for p in found]),
        areas_mm2=np.concatenate([p.areas_mm2 for p in found]),
    )
    centre = points.local_mm[:, [0, 2]].mean(axis=0) if len(points.areas_mm2) else np.zeros(2)
    offset = points.local_mm[:, [0, 2]] - centre
    radius = float(np.hypot(*offset.T).mean()) if len(points.areas_mm2) else 0.0
    arc = np.arctan2(offset[:, 1], offset[:, 0]) * radius
    return to_surface(f"pedicle_{side}", points, patch, (points.local_mm[:, 1], arc))
