"""Points over a region of disease: what tests of several kinds of disease count in."""

from __future__ import annotations

import numpy as np

from spinemets.phantom.shape.block import Block


def region_block(region, step=1.0):
    """Samples over a region's box."""
    low, high = (np.array(c) for c in region.box)
    affine = np.diag([step, step, step, 1.0])
    affine[:3, 3] = low
    shape = tuple(int(n) for n in np.ceil((high - low) / step) + 1)
    return Block(affine=affine, start=(0, 0, 0), shape=shape, reach_mm=step)
