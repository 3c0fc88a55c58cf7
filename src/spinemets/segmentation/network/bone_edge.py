"""On CT the arch ends where bone does: edge voxels that the vote left out although they are bone.

A thin process fills a voxel partly, and the network, which sees 1.6 mm pixels, calls some of its outermost voxels background. HU tell
them from muscle: at the border of two tissues the edge lies half way between their values.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.segmentation.network.painting import PARTS

POSTERIOR, BACKGROUND = PARTS.index("posterior"), PARTS.index("background")
# Voxels beside the arches that layers may reach.
MARGIN = 8


def to_the_edge(
    parts: NDArray[np.uint8], numbers: NDArray[np.uint8], hu: NDArray[Any], spacing_mm: tuple[float, ...]
) -> None:
    """Give bone beside an arch to that arch, in place.

    A voxel of background joins the posterior elements that it lies beside (along an axis, no farther than the table `segmentation` says) if it
    is brighter than half way between muscle and that vertebra's own cortex (the upper quartile of its posterior elements), and no metal.
    Nothing is taken away: an arch that tumour has eaten stays as it was outlined.

    Parameters
    ----------
    parts, numbers
        uint8 (i, j, k): number in `PARTS`; vertebra, 0 = none.
    hu
        (i, j, k) [HU].
    spacing_mm
        Of the voxels, along each axis.
    """
    from scipy import ndimage  # lazy: heavy import

    rules: Any = table("segmentation")["posterior_edge"]
    found = ndimage.find_objects((parts == POSTERIOR).view(np.uint8))
    if not found:
        return
    place = tuple(slice(max(span.start - MARGIN, 0), span.stop + MARGIN) for span in found[0])
    parts, numbers, hu = parts[place], numbers[place], hu[place]
    least = _cut_offs(parts, numbers, hu, rules)
    # What no arch would take is left out at once: few voxels are looked at closely.
    free = (parts == BACKGROUND) & (numbers == 0) & (hu >= least.min()) & (hu < rules["metal_hu"])
    reach = float(rules["reach_mm"])
    for layer in range(1, max(int(reach / min(spacing_mm)), 1) + 1):
        before = np.where(parts == POSTERIOR, numbers, 0).astype(np.uint8)
        for axis, step_mm in enumerate(spacing_mm):
            if step_mm <= rules["farthest_mm"] and layer * step_mm <= max(reach, step_mm):
                for beside, here in _neighbours(axis):
                    own = before[beside]
                    at = np.nonzero(free[here] & (own > 0))
                    joins = hu[here][at] >= least[own[at]]
                    at = tuple(axis_at[joins] for axis_at in at)
                    numbers[here][at], parts[here][at], free[here][at] = own[at], POSTERIOR, False


def _cut_offs(
    parts: NDArray[np.uint8], numbers: NDArray[np.uint8], hu: NDArray[Any], rules: Any
) -> NDArray[np.float64]:
    """Cut-off [HU] by number of the vertebra."""
    low, high = rules["limits_hu"]
    found = np.full(256, float(high))
    bone = parts == POSTERIOR
    own, values = numbers[bone], hu[bone]
    for number in np.unique(own):
        cortex = float(np.percentile(values[own == number], rules["cortex_percentile"]))
        found[number] = min(max(0.5 * (float(rules["muscle_hu"]) + cortex), float(low)), float(high))
    return found


def _neighbours(axis: int) -> list[tuple[tuple[slice, ...], tuple[slice, ...]]]:
    """Places of voxels and of their neighbours along an axis, both ways."""
    ahead, behind = [slice(None)] * 3, [slice(None)] * 3
    ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
    return [(tuple(behind), tuple(ahead)), (tuple(ahead), tuple(behind))]
