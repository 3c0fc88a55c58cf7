"""Regions of one grid against each other: voxels that two share, and all voxels of several."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spinemets.model.region import Region


def common_voxels(first: Region, second: Region) -> int:
    """How many voxels two regions of one grid share; only the box that both have is visited."""
    low = np.maximum(first.start_ijk, second.start_ijk)
    high = np.minimum(np.add(first.start_ijk, first.mask.shape), np.add(second.start_ijk, second.mask.shape))
    if (high <= low).any():
        return 0
    windows = [
        region.mask[
            tuple(slice(int(a), int(b)) for a, b in zip(low - region.start_ijk, high - region.start_ijk, strict=True))
        ]
        for region in (first, second)
    ]
    return int(np.count_nonzero(windows[0] & windows[1]))


def shared_share(first: Region, second: Region) -> float:
    """Share of the smaller of two regions that lies in the other."""
    return common_voxels(first, second) / max(1, min(first.n_voxels, second.n_voxels))


def union(regions: Sequence[Region]) -> Region:
    """All voxels of some regions of one grid, named as the first and from its source."""
    low = np.min([region.start_ijk for region in regions], axis=0)
    high = np.max([np.add(region.start_ijk, region.mask.shape) for region in regions], axis=0)
    mask = np.zeros(tuple(high - low), bool)
    for region in regions:
        start = np.subtract(region.start_ijk, low)
        mask[tuple(slice(int(a), int(a) + n) for a, n in zip(start, region.mask.shape, strict=True))] |= region.mask
    first = regions[0]
    start_ijk = (int(low[0]), int(low[1]), int(low[2]))
    return Region.from_mask(first.name, mask, first.grid, source=first.source, start_ijk=start_ijk)
