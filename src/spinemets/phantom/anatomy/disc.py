"""A disc: what lies between two endplates, with nucleus and annulus."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.alignment import Place
from spinemets.phantom.anatomy.body import Body
from spinemets.phantom.anatomy.degeneration import Wear, wear
from spinemets.phantom.shape.block import Array, Block, Box

# Half axes of the nucleus as shares of the body's at mid-height: an ellipse of 45 % of the footprint's area (PHA-12).
NUCLEUS_WIDTH, NUCLEUS_DEPTH = 0.775, 0.70
# Nucleus and endplate are kept apart by cartilage and fibres, in thin discs by a share of the height.
NUCLEUS_CLEARANCE_MM, CLEARANCE_SHARE = 1.2, 0.13
# Its ends are round and it thins towards them: how far the rim draws back from half-way between the endplates to the endplates,
# as a share of its half depth, and by how many times the clearance grows towards the rim. A choice, after pictures of real discs.
NUCLEUS_ROUND, NUCLEUS_LENS = 0.3, 0.6


@dataclass(frozen=True, kw_only=True, eq=False)
class Disc:
    """Disc between `upper` (whose level names it) and `lower`, each with its frame."""

    level: str
    upper: Body
    upper_frame: Place
    lower: Body
    lower_frame: Place

    @property
    def wear(self) -> Wear:
        """What its grade does to it."""
        return wear(self.upper.size.disc_grade)

    @property
    def centre_lps_mm(self) -> NDArray[np.float64]:
        """Its middle, below the middle of the upper body."""
        size = self.upper.size
        return self.upper_frame.lps(0.0, 0.0, -size.height[1] / 2 - size.disc[1] / 2)

    @property
    def box(self) -> Box:
        """Box in LPS mm."""
        size, centre = self.upper.size, self.centre_lps_mm
        half = np.array([size.mean_width / 2 + 6, size.mean_depth / 2 + 6, 22.0])
        low, high = centre - half, centre + half
        return ((float(low[0]), float(low[1]), float(low[2])), (float(high[0]), float(high[1]), float(high[2])))

    def distance(self, block: Block) -> tuple[Array, Array]:
        """Distance to the disc, and to its nucleus."""
        above, below = self.upper_frame.local(block), self.lower_frame.local(block)
        side_u, norm_u = self.upper.footprint(*above, beaks=False)
        side_l, norm_l = self.lower.footprint(*below, beaks=False)
        _, ceiling = self.upper.endplates(norm_u, above[1])
        floor, _ = self.lower.endplates(norm_l, below[1])
        top = above[2] - ceiling
        bottom = floor - below[2]
        side = (side_u + side_l) / 2 - np.float32(self.wear.bulge_mm)
        slab = np.maximum(top, bottom)
        outer = np.maximum(side, slab)
        apart = min(NUCLEUS_CLEARANCE_MM, CLEARANCE_SHARE * self.upper.size.disc[1])
        # 0 half-way between the endplates, 1 on them.
        off = np.minimum(np.abs(top - bottom) / np.maximum(-top - bottom, np.float32(1e-3)), np.float32(1.0))
        norm, half = self._nucleus(above)
        rim = (norm - 1 + np.float32(NUCLEUS_ROUND) * off * off) * half
        clear = np.float32(apart) * (1 + np.float32(NUCLEUS_LENS) * np.minimum(norm * norm, np.float32(1.0)))
        return outer, np.maximum(rim, slab + clear)

    def _nucleus(self, local: tuple[Array, Array, Array]) -> tuple[Array, np.float32]:
        """Distance from its axis, 1 at its rim, which holds 45 % of the area, towards the back; and its smaller half axis."""
        half_w = np.float32(NUCLEUS_WIDTH * self.upper.size.mean_width / 2)
        half_d = np.float32(NUCLEUS_DEPTH * self.upper.size.mean_depth / 2)
        back = np.float32(-0.10 * self.upper.size.mean_depth)
        norm = np.sqrt((local[0] / half_w) ** 2 + ((local[1] - back) / half_d) ** 2) + np.float32(1e-4)
        return norm, np.minimum(half_w, half_d)

    def vacuum(self, block: Block) -> Array:
        """Distance to the gap full of gas: a flat lens half-way between the endplates, a share of the disc high."""
        return self._lens(block, self.wear.gas, float(table("phantom_anatomy")["degeneration"]["gas_share"]))

    def cleft(self, block: Block) -> Array:
        """Distance to the fibrous band that splits the nucleus of an adult half-way between the endplates."""
        row = table("phantom_anatomy")["degeneration"]["cleft"]
        return self._lens(block, float(row["height_share"]), float(row["plane_share"]))

    def _lens(self, block: Block, height_share: float, plane_share: float) -> Array:
        """Distance to a flat lens half-way between the endplates: shares of the disc's height and of its plane."""
        above, below = self.upper_frame.local(block), self.lower_frame.local(block)
        _, norm_u = self.upper.footprint(*above, beaks=False)
        _, norm_l = self.lower.footprint(*below, beaks=False)
        _, ceiling = self.upper.endplates(norm_u, above[1])
        floor, _ = self.lower.endplates(norm_l, below[1])
        # Distances down from the upper endplate and up from the lower one.
        down, up = ceiling - above[2], below[2] - floor
        share = np.float32(plane_share)
        thick = np.float32(height_share) * (down + up) / 2 * np.clip(1 - (norm_u / share) ** 2, 0.0, 1.0)
        lens = np.abs(down - up) / 2 - thick
        return np.asarray(np.maximum(lens, (norm_u - share) * np.float32(self.upper.size.mean_depth / 2)))
