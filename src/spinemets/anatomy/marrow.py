"""Marrow and trabecular core of a body (G-05, geometric part of rule 0.8-1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemets.anatomy.endplates import Extent, Plates
from spinemets.anatomy.settings import Settings
from spinemets.model.region import Region
from spinemets.model.spine import Frame

Array = NDArray[np.float64]


def radii_mm(body: Region, settings: Settings) -> tuple[Array, tuple[str, ...]]:
    """Erosion along each array axis: max(2 mm, 1.5 voxel); an axis of thick slices loses one slice, or none if fewer
    than three would remain (radius 0, and a flag).
    """
    spacing = np.asarray(body.grid.spacing_mm)
    radii: Array = np.maximum(settings.erosion_mm, settings.erosion_voxels * spacing)
    through = int(np.argmax(spacing))
    others = np.delete(spacing, through)
    if spacing[through] >= settings.thick_slice_mm and spacing[through] > 1.25 * others.max():
        radii[through] = spacing[through]
        if body.mask.shape[through] - 2 < 3:
            radii[through] = 0.0
            return radii, ("too few slices for a through-plane margin: marrow reaches the outermost slice",)
    return radii, ()


def eroded(body: Region, radii: Array) -> NDArray[np.bool_]:
    """Voxels of a body whose centre lies at least one radius inside its surface, ellipsoidal with one radius per axis.

    The distance to the nearest outside voxel centre counts half a voxel less: the surface lies between the two.
    """
    import edt

    spacing = np.asarray(body.grid.spacing_mm)
    frozen = radii <= 0
    scale = np.where(frozen, 1e4, spacing / np.where(frozen, 1.0, radii))
    padded = np.ascontiguousarray(np.pad(body.mask, 1), dtype=np.uint8)
    distance = edt.edt(padded, anisotropy=tuple(float(s) for s in scale), black_border=False, parallel=1)
    half = 0.5 * float(np.min(scale[~frozen])) if not frozen.all() else 0.0
    inner = np.asarray(distance)[1:-1, 1:-1, 1:-1] - half >= 1.0 - 1e-3
    kept: NDArray[np.bool_] = inner & body.mask
    return kept


def away_from_endplates(local: Array, plates: Plates, margin_mm: float) -> NDArray[np.bool_]:
    """Voxels at least `margin_mm` from both endplates, measured along superior at their own place."""
    rows = np.clip(np.searchsorted(plates.left_mm, local[:, 0]), 0, len(plates.left_mm) - 1)
    columns = np.clip(np.searchsorted(plates.anterior_mm, local[:, 1]), 0, len(plates.anterior_mm) - 1)
    top, bottom = plates.superior_mm[rows, columns], plates.inferior_mm[rows, columns]
    low = np.isnan(bottom) | (local[:, 2] >= bottom + margin_mm)
    high = np.isnan(top) | (local[:, 2] <= top - margin_mm)
    away: NDArray[np.bool_] = low & high
    return away


def outside_wedge(local: Array, extent: Extent, height_mm: float, settings: Settings) -> NDArray[np.bool_]:
    """Voxels outside the basivertebral wedge: full height at the posterior wall, an edge at its tip."""
    depth = settings.wedge_depth_share * extent.depth_mm
    into = (local[:, 1] - extent.posterior) / depth
    middle = 0.5 * (extent.left + extent.right)
    across = np.abs(local[:, 0] - middle) <= 0.5 * settings.wedge_width_share * extent.width_mm
    half = 0.5 * settings.wedge_height_share * height_mm * np.clip(1.0 - into, 0.0, 1.0)
    wedge = across & (into <= 1.0) & (np.abs(local[:, 2]) <= half)
    outside: NDArray[np.bool_] = ~wedge
    return outside


def regions(
    body: Region, frame: Frame, plates: Plates, extent: Extent, settings: Settings
) -> tuple[dict[str, Region], dict[str, tuple[str, str]], tuple[str, ...]]:
    """`marrow` and `trabecular_core`, what is missing, and flags.

    The core is the marrow of a body eroded by a further `core_extra_mm`; where too little is left of it, the marrow.
    """
    radii, flags = radii_mm(body, settings)
    height = float(np.nanmedian(plates.superior_mm - plates.inferior_mm)) if _has_height(plates) else 0.0
    found: dict[str, Region] = {}
    for name, extra in (("marrow", 0.0), ("trabecular_core", settings.core_extra_mm)):
        mask = eroded(body, np.where(radii > 0, radii + extra, 0.0))
        index = np.argwhere(mask) + np.asarray(body.start_ijk)
        local = frame.to_local_mm(body.grid.to_lps_mm(index))
        keep = away_from_endplates(local, plates, settings.endplate_margin_mm + extra)
        if height:
            keep &= outside_wedge(local, extent, height, settings)
        kept = np.zeros_like(mask)
        kept[mask] = keep
        region = Region.from_mask(name, kept, body.grid, source="drawn from body", start_ijk=body.start_ijk)
        if _enough(region, settings):
            found[name] = region
    if "marrow" not in found:
        return {}, dict.fromkeys(("marrow", "trabecular_core"), _too_few(settings)), flags
    if "trabecular_core" not in found:
        found["trabecular_core"] = found["marrow"].renamed("trabecular_core")
        flags = (*flags, "too coarse for a trabecular core of its own: the marrow stands for it")
    return found, {}, flags


def _has_height(plates: Plates) -> bool:
    return bool(np.isfinite(plates.superior_mm - plates.inferior_mm).any())


def _enough(region: Region, settings: Settings) -> bool:
    return region.n_voxels >= settings.min_voxels and region.volume_mm3 >= 1000.0 * settings.min_volume_ml


def _too_few(settings: Settings) -> tuple[str, str]:
    return (
        "NA-FEW",
        f"fewer than {settings.min_voxels} voxels or {settings.min_volume_ml:g} mL of marrow remain away from shell "
        "and endplates",
    )
