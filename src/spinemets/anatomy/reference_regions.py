"""Where reference tissue lies around a vertebra (G-06): labelled, or drawn from the vertebra's own frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.geometry.resampling import region_on_grid
from spinemets.model.grid import Grid
from spinemets.model.region import Region
from spinemets.model.spine import Endplates, Frame, Spine, Vertebra

Array = NDArray[np.float64]
Rules = Mapping[str, Any]


def in_box(
    name: str, grid: Grid, frame: Frame, low_mm: Array, high_mm: Array, inside: Callable[[Array], NDArray[np.bool_]]
) -> Region:
    """Voxels of `grid` whose centre lies in a box of a vertebra's frame and fulfils `inside`.

    Parameters
    ----------
    low_mm, high_mm
        Corners (left, anterior, superior) from the body's centre.
    inside
        Takes local positions (n, 3) in mm.
    """
    corners = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)]) * (high_mm - low_mm) + low_mm
    index = grid.to_ijk(frame.to_lps_mm(corners))
    first = np.maximum(np.floor(index.min(axis=0)).astype(int), 0)
    last = np.minimum(np.ceil(index.max(axis=0)).astype(int) + 1, np.asarray(grid.shape_ijk))
    shape = np.maximum(last - first, 0)
    if not shape.all():
        return Region.from_mask(name, np.zeros((0, 0, 0), bool), grid, source="drawn")
    local = _local_positions(grid, frame, first, shape)
    chosen: NDArray[np.bool_] = np.all((local >= low_mm) & (local <= high_mm), axis=1)
    chosen[chosen] = inside(local[chosen])
    start = (int(first[0]), int(first[1]), int(first[2]))
    return Region.from_mask(name, chosen.reshape(tuple(shape)), grid, source="drawn", start_ijk=start)


def _local_positions(grid: Grid, frame: Frame, first: NDArray[np.intp], shape: NDArray[np.intp]) -> Array:
    """Positions (n, 3) of the voxels of a block in a vertebra's frame, by broadcasting: one sum per axis, no products."""
    matrix = frame.axes.T @ grid.affine_lps_mm[:3, :3]
    offset = frame.to_local_mm(grid.to_lps_mm(first))
    i, j, k = (np.arange(n) for n in shape)
    local = np.empty((*(int(n) for n in shape), 3))
    for axis in range(3):
        a, b, c = matrix[axis]
        local[..., axis] = offset[axis] + (a * i)[:, None, None] + (b * j)[None, :, None] + (c * k)[None, None, :]
    return local.reshape(-1, 3)


def muscle_box(vertebra: Vertebra, grid: Grid, rules: Rules) -> tuple[Region, float]:
    """Box on each side behind a vertebra, as high as its body, and the share of it that lies inside the image."""
    frame = vertebra.frame
    assert frame is not None
    scale = float(
        np.clip(vertebra.size_mm.get("depth_mm", rules["reference_depth_mm"]) / rules["reference_depth_mm"], 0.5, 1)
    )
    near, far, inner, outer = (scale * rules[f"muscle_{edge}_mm"] for edge in ("near", "far", "inner", "outer"))
    half = vertebra.size_mm.get("height_mm", 20.0) / 2
    low, high = np.array([-outer, -far, -half]), np.array([outer, -near, half])
    region = in_box("muscle", grid, frame, low, high, lambda p: np.abs(p[:, 0]) >= inner)
    whole = 2 * (outer - inner) * (far - near) * 2 * half
    return region, region.volume_mm3 / whole


def labelled_muscle(spine: Spine, grid: Grid, rules: Rules) -> Region | None:
    """All labelled muscle of the back, eroded; the psoas where nothing else is labelled."""
    for structure in ("muscle", "psoas"):
        regions = [r for name, r in spine.others.items() if name.split("_")[0] == structure]
        moved = [region_on_grid(eroded(r, rules["muscle_erosion_mm"]), grid) for r in regions]
        union = _union(structure, [r for r in moved if r.n_voxels], grid)
        if union is not None:
            return union
    return None


def eroded(region: Region, margin_mm: float) -> Region:
    """Voxels whose centre lies at least `margin_mm` inside the surface."""
    import edt

    spacing = region.grid.spacing_mm
    padded = np.ascontiguousarray(np.pad(region.mask, 1), dtype=np.uint8)
    distance = np.asarray(edt.edt(padded, anisotropy=spacing, black_border=False, parallel=1))[1:-1, 1:-1, 1:-1]
    # The distance is to the next outside centre; the surface lies half a voxel nearer.
    kept = region.mask & (distance - 0.5 * min(spacing) >= margin_mm - 1e-3)
    return Region.from_mask(region.name, kept, region.grid, source=region.source, start_ijk=region.start_ijk)


def near(region: Region, frame: Frame, reach_mm: float) -> Region:
    """The part of a region within `reach_mm` of a vertebra along its superior axis."""
    height = (region.grid.to_lps_mm(region.indices) - frame.origin_lps_mm) @ frame.superior
    mask = np.zeros(region.mask.shape, bool)
    mask[tuple((region.indices - np.asarray(region.start_ijk))[np.abs(height) <= reach_mm].T)] = True
    return Region.from_mask(region.name, mask, region.grid, source=region.source, start_ijk=region.start_ijk)


def disc_core(spine: Spine, place: int, grid: Grid, rules: Rules) -> Region | str | None:
    """Nucleus of the disc below a vertebra; a sentence if it is too low; None if there is none."""
    upper = spine.vertebrae[place]
    lower = spine.vertebrae[place + 1] if place + 1 < len(spine.vertebrae) else None
    if upper.frame is None:
        return None
    gap = None if lower is None else _gap_mm(upper, lower)
    if gap is not None and gap < rules["disc_min_height_mm"]:
        return f"disc {gap:.1f} mm high"
    labelled = spine.discs.get(upper.level.id)
    if labelled is not None and not labelled.source.startswith("drawn"):
        return region_on_grid(_nucleus(labelled, upper.frame, rules), grid)
    if lower is None or lower.frame is None or gap is None:
        return None
    return _slab(upper, lower, gap, grid, rules)


def _nucleus(disc: Region, frame: Frame, rules: Rules) -> Region:
    """A labelled disc without its margin and its outer third."""
    inner = eroded(disc, rules["disc_erosion_mm"])
    if not inner.n_voxels:
        return inner
    flat = ((disc.grid.to_lps_mm(disc.indices) - disc.centroid_lps_mm) @ frame.axes)[:, :2]
    radii = np.maximum(np.percentile(np.abs(flat), 98, axis=0), 1e-6)
    own = ((inner.grid.to_lps_mm(inner.indices) - disc.centroid_lps_mm) @ frame.axes)[:, :2]
    keep = ((own / radii) ** 2).sum(axis=1) <= rules["disc_inner_share"] ** 2
    mask = np.zeros(inner.mask.shape, bool)
    mask[tuple((inner.indices - np.asarray(inner.start_ijk))[keep].T)] = True
    return Region.from_mask("disc", mask, inner.grid, source=disc.source, start_ijk=inner.start_ijk)


def _slab(upper: Vertebra, lower: Vertebra, gap_mm: float, grid: Grid, rules: Rules) -> Region:
    """The middle of the space between facing endplates, off each by the margin."""
    above, below = upper.frame, lower.frame
    assert above is not None and below is not None
    margin = float(rules["disc_erosion_mm"])
    middle = above.to_local_mm(_middle(upper, lower))
    half = np.array([rules["disc_width_mm"] / 2, rules["disc_depth_mm"] / 2, gap_mm])

    def inside(local: Array) -> NDArray[np.bool_]:
        there = below.to_local_mm(above.to_lps_mm(local))
        under = local[:, 2] <= surface_mm(upper, "inferior", local) - margin
        over = there[:, 2] >= surface_mm(lower, "superior", there) + margin
        between: NDArray[np.bool_] = under & over
        return between

    return in_box("disc", grid, above, middle - half, middle + half, inside)


def surface_mm(vertebra: Vertebra, which: str, local: Array) -> Array:
    """Height of an endplate above or below local points; its median where the map has a hole; half the body without it."""
    plates: Endplates | None = vertebra.endplates
    half = vertebra.size_mm.get("height_mm", 20.0) / 2
    if plates is None:
        return np.full(len(local), half if which == "superior" else -half)
    heights = plates.superior_mm if which == "superior" else plates.inferior_mm
    if not np.isfinite(heights).any():
        return np.full(len(local), half if which == "superior" else -half)
    found: Array = heights[_nearest(plates.left_mm, local[:, 0]), _nearest(plates.anterior_mm, local[:, 1])]
    return np.where(np.isfinite(found), found, np.nanmedian(heights))


def _nearest(samples_mm: Array, positions_mm: Array) -> NDArray[np.intp]:
    """Index of the sample nearest to each position; samples are evenly spaced."""
    step = float(samples_mm[1] - samples_mm[0]) if len(samples_mm) > 1 else 1.0
    index = np.rint((positions_mm - samples_mm[0]) / step)
    nearest: NDArray[np.intp] = np.clip(index, 0, len(samples_mm) - 1).astype(np.intp)
    return nearest


def _middle(upper: Vertebra, lower: Vertebra) -> Array:
    """Point between the middles of two facing endplates, LPS mm."""
    above, below = upper.frame, lower.frame
    assert above is not None and below is not None
    centre = np.zeros((1, 3))
    top = above.to_lps_mm(np.array([0.0, 0.0, surface_mm(upper, "inferior", centre)[0]]))
    bottom = below.to_lps_mm(np.array([0.0, 0.0, surface_mm(lower, "superior", centre)[0]]))
    middle: Array = 0.5 * (top + bottom)
    return middle


def _gap_mm(upper: Vertebra, lower: Vertebra) -> float | None:
    """Distance between the middles of two facing endplates along the upper vertebra's axis."""
    above, below = upper.frame, lower.frame
    if above is None or below is None:
        return None
    centre = np.zeros((1, 3))
    top = above.to_lps_mm(np.array([0.0, 0.0, surface_mm(upper, "inferior", centre)[0]]))
    bottom = below.to_lps_mm(np.array([0.0, 0.0, surface_mm(lower, "superior", centre)[0]]))
    return float((top - bottom) @ above.superior)


def _union(name: str, regions: list[Region], grid: Grid) -> Region | None:
    if not regions:
        return None
    low = np.min([r.start_ijk for r in regions], axis=0)
    high = np.max([np.asarray(r.start_ijk) + r.mask.shape for r in regions], axis=0)
    mask = np.zeros(tuple(high - low), bool)
    for region in regions:
        first = np.asarray(region.start_ijk) - low
        mask[tuple(slice(int(a), int(a) + n) for a, n in zip(first, region.mask.shape, strict=True))] |= region.mask
    start = (int(low[0]), int(low[1]), int(low[2]))
    return Region.from_mask(name, mask, grid, source="labelled", start_ijk=start)
