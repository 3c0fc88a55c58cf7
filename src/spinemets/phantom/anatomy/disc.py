"""A disc: what lies between two endplates, with nucleus and annulus."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinemets.phantom.anatomy.alignment import Place
from spinemets.phantom.anatomy.body import Body
from spinemets.phantom.shape.block import Array, Block, Box

BULGE_MM = 0.8
# Nucleus and endplate are kept apart by cartilage and fibres, in thin discs by a share of the height.
NUCLEUS_CLEARANCE_MM, CLEARANCE_SHARE = 1.2, 0.13


@dataclass(frozen=True, kw_only=True, eq=False)
class Disc:
    """Disc between `upper` (whose level names it) and `lower`, each with its frame."""

    level: str
    upper: Body
    upper_frame: Place
    lower: Body
    lower_frame: Place

    @property
    def box(self) -> Box:
        """Box in LPS mm."""
        size = self.upper.size
        centre = self.upper_frame.lps(0.0, 0.0, -size.height[1] / 2 - size.disc[1] / 2)
        half = np.array([size.mean_width / 2 + 6, size.mean_depth / 2 + 6, 22.0])
        low, high = centre - half, centre + half
        return ((float(low[0]), float(low[1]), float(low[2])), (float(high[0]), float(high[1]), float(high[2])))

    def distance(self, block: Block) -> tuple[Array, Array]:
        """Distance to the disc, and to its nucleus."""
        above, below = self.upper_frame.local(block), self.lower_frame.local(block)
        side_u, norm_u = self.upper.footprint(*above)
        side_l, norm_l = self.lower.footprint(*below)
        _, ceiling = self.upper.endplates(norm_u, above[1])
        floor, _ = self.lower.endplates(norm_l, below[1])
        top = above[2] - ceiling
        bottom = floor - below[2]
        side = (side_u + side_l) / 2 - np.float32(BULGE_MM)
        slab = np.maximum(top, bottom)
        outer = np.maximum(side, slab)
        apart = min(NUCLEUS_CLEARANCE_MM, CLEARANCE_SHARE * self.upper.size.disc[1])
        nucleus = np.maximum(self._nucleus(above), slab + np.float32(apart))
        return outer, nucleus

    def _nucleus(self, local: tuple[Array, Array, Array]) -> Array:
        """45 % of the area, towards the back."""
        half_w = np.float32(0.66 * self.upper.size.mean_width / 2)
        half_d = np.float32(0.62 * self.upper.size.mean_depth / 2)
        back = np.float32(-0.12 * self.upper.size.mean_depth)
        norm = np.sqrt((local[0] / half_w) ** 2 + ((local[1] - back) / half_d) ** 2) + np.float32(1e-4)
        return np.asarray((norm - 1) * np.minimum(half_w, half_d))
