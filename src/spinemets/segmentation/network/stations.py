"""Outlines of several series of one patient space (stations of a whole spine) as one, on a grid that holds them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from spinemets.geometry.overlap import common_voxels, shared_share
from spinemets.geometry.overlap import union as union_of
from spinemets.geometry.resampling import region_on_grid
from spinemets.model.grid import Grid
from spinemets.model.segmentation import Part, Segmentation

# Two outlines are of one vertebra where they share so much of the smaller one.
SAME = 1 / 3
APART = ("vertebra", "vertebral_body", "disc")


def joined(found: Sequence[Segmentation]) -> Segmentation:
    """One segmentation of all; of a vertebra that two series show, the larger outline (the one that is not cut) is kept."""
    if len(found) == 1:
        return found[0]
    grid = union([one.grid for one in found])
    whole, bodies, discs = ([_moved(part, grid) for one in found for part in one.of(structure)] for structure in APART)
    kept = _largest(whole)
    parts = [*kept]
    for vertebra in kept:
        own = [body for body in bodies if shared_share(body.region, vertebra.region) > SAME]
        if own:
            parts.append(max(own, key=lambda body: common_voxels(body.region, vertebra.region)))
    parts += _largest(discs)
    for structure in dict.fromkeys(p.structure for one in found for p in one.parts if p.structure not in APART):
        parts.append(_united([_moved(p, grid) for one in found for p in one.of(structure)]))
    first = found[0]
    return replace(
        first,
        grid=grid,
        parts=tuple(parts),
        series_uid=None,
        source="; ".join(one.source for one in found),
        warnings=tuple(warning for one in found for warning in one.warnings),
    )


def union(grids: Sequence[Grid]) -> Grid:
    """The first grid, grown along its own axes until it holds the corners of all."""
    first = grids[0]
    corners = np.concatenate([first.to_ijk(grid.corners_lps_mm) for grid in grids])
    low = np.floor(corners.min(axis=0) + 1e-6).astype(int)
    high = np.ceil(corners.max(axis=0) - 1e-6).astype(int)
    return first.crop(low, high - low + 1)


def _moved(part: Part, grid: Grid) -> Part:
    region = region_on_grid(part.region, grid)
    return replace(part, region=replace(region, flags=part.region.flags))


def _largest(parts: Sequence[Part]) -> list[Part]:
    """Parts without those that lie on a larger one."""
    kept: list[Part] = []
    for part in sorted(parts, key=lambda p: -p.region.n_voxels):
        if part.region.n_voxels and all(shared_share(part.region, other.region) <= SAME for other in kept):
            kept.append(part)
    return kept


def _united(parts: Sequence[Part]) -> Part:
    """One part of all voxels."""
    here = [part for part in parts if part.region.n_voxels]
    if not here:
        return parts[0]
    whole = union_of([part.region for part in here])
    return replace(parts[0], region=replace(whole, flags=here[0].region.flags))
