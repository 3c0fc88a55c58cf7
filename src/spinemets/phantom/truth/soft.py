"""Truth of regions of soft tissue: volume and place, without the bone and the discs that they do not erode."""

from __future__ import annotations

from typing import Any

import numpy as np

from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.pathology.canal.region import Region, held
from spinemets.phantom.pathology.measure import TRUTH_STEP_MM
from spinemets.phantom.shape.block import Block
from spinemets.phantom.truth.levels import point

# Larger regions are counted at twice the step: their volume is as exact as that of smaller ones.
LARGE_MM3 = 60_000.0
SLAB = 24


def soft_truth(anatomy: Anatomy, first_label: int) -> list[dict[str, Any]]:
    """All regions, numbered as in the lesion label map."""
    regions = tuple(r for r in anatomy.soft_lesions if r.labelled)
    return [_one(anatomy, regions[: n + 1], first_label + n) for n in range(len(regions))]


def _one(anatomy: Anatomy, regions: tuple[Region, ...], label: int) -> dict[str, Any]:
    """The last of some regions, without what those before it hold already."""
    region, before = regions[-1], regions[:-1]
    low, high = (np.asarray(corner) for corner in region.box)
    step = TRUTH_STEP_MM if float(np.prod(high - low)) < LARGE_MM3 else 2 * TRUTH_STEP_MM
    n_i, n_j, n_k = (int(n) for n in np.ceil((high - low) / step) + 1)
    affine = np.diag([step, step, step, 1.0])
    affine[:3, 3] = low
    count, total = 0, np.zeros(3)
    for first in range(0, n_k, SLAB):
        shape = (n_i, n_j, min(SLAB, n_k - first))
        block = Block(affine=affine, start=(0, 0, first), shape=shape, reach_mm=step)
        inside = held(region, block, anatomy.vertebrae, anatomy.discs)
        for other in before:
            met = block.within(other.box)
            if met is not None and inside[met[0]].any():
                inside[met[0]] &= np.broadcast_to(other.distance(met[1]) >= 0, met[1].shape)
        index = np.argwhere(inside)
        count += len(index)
        total += index.sum(axis=0) + np.array([0, 0, first * len(index)])
    centroid = low + step * total / max(count, 1)
    return {
        "id": region.id,
        "label": label,
        "kind": region.kind,
        "level": region.level,
        "levels": list(region.levels),
        "tissues": [layer.tissue for layer in region.layers],
        "centroid_lps_mm": point(centroid),
        "volume_mm3": round(count * step**3, 1),
        "erosion_mm": region.erosion_mm,
    }
