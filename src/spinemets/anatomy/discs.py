"""Discs by the vertebra above them: as labelled, else drawn between facing endplates."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from spinemets.anatomy.gather import Gathered
from spinemets.model.grid import Grid
from spinemets.model.region import Region
from spinemets.model.spine import Endplates, Vertebra

Array = NDArray[np.float64]

# A gap wider than this is no disc space: a vertebra between the two is not labelled.
WIDEST_GAP_MM = 25.0
# A labelled disc whose middle lies farther than this from every gap belongs to none of them.
REACH_MM = 20.0


def all_discs(gathered: Gathered, vertebrae: tuple[Vertebra, ...]) -> dict[str, Region]:
    """Labelled discs first (by name, else by the nearest gap), pieces of a disc mass next, drawn ones for the rest."""
    found: dict[str, Region] = {}
    gaps = _gaps(vertebrae)
    ids = {v.level.name: v.level.id for v in vertebrae if v.level.name}
    for name, region in gathered.discs:
        key = ids.get(name) if name else _nearest(gaps, region.centroid_lps_mm)
        if key is not None and key not in found:
            found[key] = region.renamed("disc")
    if gathered.disc_mass is not None:
        for piece in _pieces(gathered.disc_mass):
            key = _nearest(gaps, piece.centroid_lps_mm)
            if key is not None and (key not in found or found[key].n_voxels < piece.n_voxels):
                found[key] = piece
    for upper, lower in pairwise(vertebrae):
        if upper.level.id not in found:
            drawn = between(upper, lower, gathered.grid)
            if drawn is not None:
                found[upper.level.id] = drawn
    return found


def _gaps(vertebrae: tuple[Vertebra, ...]) -> dict[str, Array]:
    """Middle between neighbouring bodies; below the last one as far as half of its own pitch."""
    middles: dict[str, Array] = {}
    framed = [v for v in vertebrae if v.frame is not None]
    for n, vertebra in enumerate(framed):
        frame = vertebra.frame
        if frame is None:
            continue
        below = framed[n + 1].frame if n + 1 < len(framed) else None
        if below is not None:
            middles[vertebra.level.id] = 0.5 * (frame.origin_lps_mm + below.origin_lps_mm)
        else:
            height = vertebra.size_mm.get("height_mm", 25.0)
            middles[vertebra.level.id] = frame.origin_lps_mm - frame.superior * (0.5 * height + 5.0)
    return middles


def _nearest(gaps: dict[str, Array], point: Array) -> str | None:
    distances = {key: float(np.linalg.norm(middle - point)) for key, middle in gaps.items()}
    if not distances:
        return None
    key = min(distances, key=lambda k: distances[k])
    return key if distances[key] <= REACH_MM else None


def _pieces(mass: Region) -> list[Region]:
    from spinemets.geometry.components import label

    numbers = label(mass.mask, mass.grid.spacing_mm)
    return [
        Region.from_mask("disc", numbers == n, mass.grid, source=mass.source, start_ijk=mass.start_ijk)
        for n in range(1, int(numbers.max()) + 1)
    ]


def between(upper: Vertebra, lower: Vertebra, grid: Grid) -> Region | None:
    """Voxels between the inferior endplate above and the superior endplate below, inside both footprints."""
    if upper.frame is None or lower.frame is None or upper.endplates is None or lower.endplates is None:
        return None
    points = np.concatenate(
        [
            _surface(upper.endplates, upper.endplates.inferior_mm) @ upper.frame.axes.T + upper.frame.origin_lps_mm,
            _surface(lower.endplates, lower.endplates.superior_mm) @ lower.frame.axes.T + lower.frame.origin_lps_mm,
        ]
    )
    if len(points) < 8 or np.linalg.norm(upper.frame.origin_lps_mm - lower.frame.origin_lps_mm) > (
        0.5 * (upper.size_mm.get("height_mm", 25.0) + lower.size_mm.get("height_mm", 25.0)) + WIDEST_GAP_MM
    ):
        return None
    index = grid.to_ijk(points)
    low = np.maximum(np.floor(index.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(index.max(axis=0)).astype(int) + 1, np.asarray(grid.shape_ijk))
    if (high <= low).any():
        return None
    shape = tuple(int(n) for n in high - low)
    voxels = np.indices(shape).reshape(3, -1).T + low
    lps = grid.to_lps_mm(voxels)
    above = _height_at(upper.endplates, upper.endplates.inferior_mm, upper.frame.to_local_mm(lps))
    below = _height_at(lower.endplates, lower.endplates.superior_mm, lower.frame.to_local_mm(lps))
    inside = (above < 0) & (below > 0)
    region = Region.from_mask(
        "disc",
        inside.reshape(shape),
        grid,
        source="drawn between endplates",
        start_ijk=(int(low[0]), int(low[1]), int(low[2])),
    )
    return region if region.n_voxels else None


def _surface(plates: Endplates, heights: Array) -> Array:
    rows, columns = np.nonzero(np.isfinite(heights))
    return np.stack([plates.left_mm[rows], plates.anterior_mm[columns], heights[rows, columns]], axis=1)


def _height_at(plates: Endplates, heights: Array, local: Array) -> Array:
    """Height of local points above a surface, nan outside its footprint."""
    step = [float(x[1] - x[0]) if len(x) > 1 else 1.0 for x in (plates.left_mm, plates.anterior_mm)]
    row = np.round((local[:, 0] - plates.left_mm[0]) / step[0]).astype(int)
    column = np.round((local[:, 1] - plates.anterior_mm[0]) / step[1]).astype(int)
    inside = (row >= 0) & (row < heights.shape[0]) & (column >= 0) & (column < heights.shape[1])
    surface = np.full(len(local), np.nan)
    surface[inside] = heights[row[inside], column[inside]]
    above: Array = local[:, 2] - surface
    return above
