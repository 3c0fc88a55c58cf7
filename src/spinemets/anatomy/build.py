"""From the shape of one vertebra to its `Vertebra`: endplates, walls, parts, marrow, sizes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from spinemets.anatomy import arch, marrow
from spinemets.anatomy.canal import Hole
from spinemets.anatomy.completeness import judge
from spinemets.anatomy.endplates import Extent, Plates, extent, height_map, surfaces
from spinemets.anatomy.frames import steps_mm
from spinemets.anatomy.instances import Instance
from spinemets.anatomy.settings import Settings
from spinemets.anatomy.shape import CERVICAL_CANAL_TO_DEPTH, Shape, coarse_patch
from spinemets.anatomy.walls import body_walls
from spinemets.geometry.resampling import Patch, SoftMask, local_extent, voxel_along_mm
from spinemets.model.level import Level
from spinemets.model.region import Region, Surface
from spinemets.model.spine import Frame, Vertebra

Array = NDArray[np.float64]

NO_ARCH = ("NA-SEGMENTATION", "the label map holds vertebral bodies only")
NO_BODY_C1 = ("NA-ANATOMY", "C1 has no body")
NO_BODY_SEEN = ("NA-COVERAGE", "no body of this vertebra is in view")
SCRAP = ("NA-FEW", "too few voxels of the body are in view")
LEAST_MM = 2.0
USUAL_HEIGHT_MM = 20.0
DENS = ("NA-ANATOMY", "C2 carries the dens: it has no superior endplate")


def vertebra(
    instance: Instance, shape: Shape, level: Level, sides: tuple[str, str], settings: Settings, *, walls: bool = True
) -> Vertebra:
    """All of one vertebra; what it lacks is in `missing`, never silently absent. `walls`: with the surfaces of body and pedicles."""
    instance, margin = _without_margin(instance, shape)
    instance = replace(instance, flags=(*instance.flags, *shape.flags, *margin))
    if shape.body is None or shape.frame is None or shape.soft_body is None:
        return _without_body(instance, shape, level, settings)
    frame, body = shape.frame, shape.body
    step = steps_mm(body, frame.axes, settings.finest_step_mm)
    box = local_extent(body, frame.origin_lps_mm, frame.axes, 3.0)
    patch = shape.soft_body.patch(frame.origin_lps_mm, frame.axes, box, step)
    limits = extent(patch)
    if limits is None or min(limits.depth_mm, limits.width_mm) < LEAST_MM:
        return _scrap(instance, shape, level, sides, settings)
    plates = _plates_between(shape.soft_body, frame, limits, patch)
    regions, missing, more = marrow.regions(body, frame, plates, limits, settings)
    height = float(np.nanmedian(plates.superior_mm - plates.inferior_mm)) if _both(plates) else float("nan")
    whole = SoftMask.of(instance.vertebra, settings.smoothing_voxels) if instance.vertebra is not None else None
    bounds = (limits, shape.hole, USUAL_HEIGHT_MM if np.isnan(height) else height)
    sizes: dict[str, float] = {}
    if instance.vertebra is not None and whole is not None and shape.hole is not None and shape.wall is not None:
        dens = instance.name == "C2"
        parts, sizes = _arch(instance.vertebra, shape, whole, sides, settings, dens=dens)
        regions.update(parts)
    else:
        missing |= _no_arch(instance, sides)
    if instance.name == "C2":
        missing["endplates"] = DENS
    cuts = {"superior": plates.superior_cut, "inferior": plates.inferior_cut, "posterior": _posterior_cut(body, frame)}
    return Vertebra(
        level=level,
        frame=frame,
        regions=_named(instance, body) | regions,
        surfaces=body_walls(patch, (shape.soft_body, whole), bounds, sides, settings) if walls else {},
        pedicle_surfaces=_shells(regions, whole, frame, sides, settings) if walls else {},
        endplates=None if instance.name == "C2" else height_map(plates),
        completeness=judge(instance.region, body, cuts, settings),
        missing=missing,
        size_mm=_sizes(body, frame, limits, height) | sizes,
        flags=(*instance.flags, *more),
        confidence=instance.confidence,
    )


def _named(instance: Instance, body: Region | None) -> dict[str, Region]:
    """`vertebra` and `body`, as far as they exist."""
    regions = {} if instance.vertebra is None else {"vertebra": instance.vertebra.renamed("vertebra")}
    return regions if body is None else {**regions, "body": body.renamed("body")}


def _without_body(instance: Instance, shape: Shape, level: Level, settings: Settings) -> Vertebra:
    """C1, or a vertebra of which only the arch is in view."""
    return Vertebra(
        level=level,
        frame=shape.frame,
        regions=_named(instance, None),
        completeness=judge(instance.region, None, {}, settings),
        missing=_no_body(instance, shape),
        flags=instance.flags,
    )


def _scrap(instance: Instance, shape: Shape, level: Level, sides: tuple[str, str], settings: Settings) -> Vertebra:
    """A body of which so little is in view that no walls can be fitted."""
    return Vertebra(
        level=level,
        frame=shape.frame,
        regions=_named(instance, shape.body),
        completeness=judge(instance.region, shape.body, {"superior": 1.0, "inferior": 1.0}, settings),
        missing={**dict.fromkeys(("marrow", "trabecular_core", "endplates"), SCRAP), **_no_arch(instance, sides)},
        flags=instance.flags,
    )


def _plates_between(soft: SoftMask, frame: Frame, limits: Extent, patch: Patch) -> Plates:
    """Endplates on columns that span exactly the fitted walls (cell centres), so that sixths of the depth are exact."""
    step, low_s, n_s = patch.step_mm, patch.low_mm[2], patch.occupancy.shape[2]
    height_mm = float((patch.occupancy >= 0.5).sum(axis=2).max()) * float(step[2])
    back, front = limits.common_depth(height_mm)
    spans = (limits.width_mm, front - back)
    counts = [max(6, round(size / d)) for size, d in zip(spans, step[:2], strict=True)]
    fine = np.array([spans[0] / counts[0], spans[1] / counts[1], step[2]])
    low = np.array([limits.right + 0.5 * fine[0], back + 0.5 * fine[1], low_s])
    high = low + fine * (np.array([counts[0], counts[1], n_s]) - 1)
    return surfaces(soft.patch(frame.origin_lps_mm, frame.axes, (low, high), fine), soft.grid)


def _both(plates: Plates) -> bool:
    return bool(np.isfinite(plates.superior_mm - plates.inferior_mm).any())


def _sizes(body: Region, frame: Frame, limits: Extent, height: float) -> dict[str, float]:
    sizes = {
        "width_mm": limits.width_mm,
        "depth_mm": limits.depth_mm,
        "voxel_along_s_mm": voxel_along_mm(body.grid, frame.superior),
        "voxel_across_mm": voxel_along_mm(body.grid, frame.left),
    }
    if not np.isnan(height):
        sizes["height_mm"] = height
    return sizes


def _arch(
    whole: Region, shape: Shape, soft: SoftMask, sides: tuple[str, str], settings: Settings, *, dens: bool
) -> tuple[dict[str, Region], dict[str, float]]:
    """Posterior parts, canal and pedicle sizes."""
    frame, hole, wall, body = shape.frame, shape.hole, shape.wall, shape.body
    if frame is None or hole is None or wall is None or body is None:
        return {}, {}
    patch = coarse_patch(soft, whole, frame.origin_lps_mm, frame.axes)
    neck = _is_neck(body, frame, hole)
    left_size = arch.pedicle_size(patch, hole, wall, 1, cervical=neck)
    pair = (left_size, arch.pedicle_size(patch, hole, wall, -1, cervical=neck))
    parts = arch.parts(arch.minus(whole, body), frame, (hole, wall), pair, sides, dens=dens)
    sizes = {
        "canal_width_mm": hole.left_mm[1] - hole.left_mm[0],
        "canal_depth_mm": hole.anterior_mm[1] - hole.anterior_mm[0],
    }
    for side, size in zip(sides, pair, strict=True):
        if size is not None and size.width_mm is not None:
            sizes[f"pedicle_{side}_width_mm"] = size.width_mm
    return parts, sizes


def _shells(
    regions: dict[str, Region], soft: SoftMask | None, frame: Frame, sides: tuple[str, str], settings: Settings
) -> dict[str, Surface]:
    """Surfaces of the pedicles that there are."""
    found: dict[str, Surface] = {}
    for side in sides:
        pedicle = regions.get(f"pedicle_{side}")
        if pedicle is not None and soft is not None:
            step = steps_mm(pedicle, frame.axes, settings.finest_step_mm)
            found[side] = arch.pedicle_surface(side, pedicle, soft, frame, settings, step)
    return found


def _without_margin(instance: Instance, shape: Shape) -> tuple[Instance, tuple[str, ...]]:
    """Where a body label of its own exists: leave out what the other label map adds around it, and say how much."""
    if instance.body is None or instance.vertebra is None or shape.frame is None or shape.wall is None:
        return instance, ()
    if instance.one_map:
        return instance, ()
    neck = shape.hole is not None and _is_neck(instance.body, shape.frame, shape.hole)
    reach = 1.5 * max(instance.body.grid.spacing_mm) if neck else None
    kept = arch.without_margin(instance.vertebra, instance.body, shape.frame, shape.wall, reach)
    millilitres = (instance.vertebra.volume_mm3 - kept.volume_mm3) / 1000.0
    if millilitres < 0.05:
        return instance, ()
    flag = f"{millilitres:.1f} mL of the whole-vertebra label around the labelled body not used"
    return replace(instance, vertebra=kept), (flag,)


def _is_neck(body: Region, frame: Frame, hole: Hole) -> bool:
    """Whether the canal is wider than the body is deep, as in the cervical spine."""
    depth = float(np.ptp(frame.to_local_mm(body.grid.to_lps_mm(body.indices))[:, 1]))
    return hole.left_mm[1] - hole.left_mm[0] > CERVICAL_CANAL_TO_DEPTH * depth


def _posterior_cut(body: Region, frame: Frame) -> float:
    """Share of the image-border faces of the body that belong to its posterior wall, by where they lie."""
    grid = body.grid
    index = body.indices
    last = np.asarray(grid.shape_ijk) - 1
    thick = last > 0
    at_border = (((index == 0) | (index == last)) & thick).any(axis=1)
    if not at_border.any():
        return 0.0
    local = frame.to_local_mm(grid.to_lps_mm(index))
    back = float(np.percentile(local[:, 1], 2))
    width = float(np.ptp(local[:, 0]))
    wall = (local[:, 1] <= back + 2 * max(grid.spacing_mm)) & (np.abs(local[:, 0]) <= 0.25 * width)
    return float(at_border[wall].mean()) if wall.any() else 0.0


def _no_arch(instance: Instance, sides: tuple[str, str]) -> dict[str, tuple[str, str]]:
    why = (
        NO_ARCH if instance.vertebra is None else ("NA-SEGMENTATION", "no canal is found in the label of this vertebra")
    )
    missing = {"posterior_elements": why, "spinous": why}
    for side in sides:
        for name in ("pedicle", "lamina", "articular", "transverse"):
            missing[f"{name}_{side}"] = why
    return missing


def _no_body(instance: Instance, shape: Shape) -> dict[str, tuple[str, str]]:
    why = NO_BODY_C1 if instance.name == "C1" else NO_BODY_SEEN
    missing = dict.fromkeys(("body", "marrow", "trabecular_core", "endplates"), why)
    if shape.frame is None:
        missing["frame"] = ("NA-COVERAGE", "too little of this vertebra is in view to find its axes")
    return missing
