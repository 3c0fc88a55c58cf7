"""One vertebra: body and arch joined, its cortical shell, and its spongy bone."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.alignment import Place
from spinemets.phantom.anatomy.arch import Arch
from spinemets.phantom.anatomy.body import Body
from spinemets.phantom.shape.block import Array, Block, Box
from spinemets.phantom.shape.distance import FAR_MM, Rod, smooth_min, union

FILLET_MM = 2.5
# Half of the cartilage space of a facet joint.
HALF_FACET_GAP_MM = 0.7


@dataclass(frozen=True, kw_only=True, eq=False)
class Bone:
    """What a vertebra is at a block's points.

    Attributes
    ----------
    outer
        Distance to the bone's outer surface.
    inner
        Distance to the marrow space (outer plus thickness of the shell).
    local
        (l, a, s) in mm.
    body
        Distance to the body alone.
    """

    outer: Array
    inner: Array
    local: tuple[Array, Array, Array]
    body: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class Vertebra:
    """One level.

    Attributes
    ----------
    neighbour_rods
        Processes of the levels above and below that this one must keep clear of (facet joints, crowded spines).
    """

    level: str
    frame: Place
    body: Body
    arch: Arch
    neighbour_rods: tuple[Rod, ...] = field(default=())

    @property
    def body_box(self) -> Box:
        """Box in LPS mm that holds the body."""
        size = self.body.size
        behind = size.mean_depth / 2 + 5 + size.convex_mm + size.retropulsion_mm
        beaks = self.body.beaks_mm
        half = np.array([size.mean_width / 2 + 4 + beaks, behind + beaks, max(size.before) / 2 + 3])
        spread = np.abs(np.stack([self.frame.left, self.frame.anterior, self.frame.superior], axis=1)) @ half
        low, high = self.frame.origin - spread, self.frame.origin + spread
        return ((float(low[0]), float(low[1]), float(low[2])), (float(high[0]), float(high[1]), float(high[2])))

    @property
    def box(self) -> Box:
        """Box in LPS mm that holds the whole vertebra."""
        boxes = [self.body_box, *(rod.box for rod in self.arch.all_rods)]
        low = np.min([b[0] for b in boxes], axis=0)
        high = np.max([b[1] for b in boxes], axis=0)
        return ((float(low[0]), float(low[1]), float(low[2])), (float(high[0]), float(high[1]), float(high[2])))

    def bone(self, block: Block) -> Bone:
        """Bone at the block's points."""
        shell = table("phantom_anatomy")["shell_mm"]
        local = self.frame.local(block)
        outer = union(block, self.arch.all_rods, FILLET_MM)
        thickness = np.full(block.shape, shell["arch"], np.float32)
        body = np.full(block.shape, FAR_MM, np.float32)
        found = block.within(self.body_box)
        if found is not None:
            place, part = found
            near = self.frame.local(part)
            distance = self.body.distance(*near)
            body[place] = distance.whole
            walls = np.where(near[1] > 0, np.float32(shell["anterior"]), np.float32(shell["posterior"]))
            ends = np.maximum(distance.top, distance.bottom)
            wall = np.where(ends > distance.side, np.float32(shell["endplate"]), walls)
            # The shell's thickness passes from body to arch over 4 mm: no step at the pedicle root.
            share = np.clip(np.float32(0.5) + (outer[place] - distance.whole) / 4, 0.0, 1.0)
            thickness[place] = share * wall + (1 - share) * thickness[place]
        outer = smooth_min(outer, body, FILLET_MM)
        outer = self._clear_of_neighbours(block, outer, body)
        return Bone(outer=outer, inner=outer + thickness, local=local, body=body)

    def _clear_of_neighbours(self, block: Block, outer: Array, body: Array) -> Array:
        """Cut the arch back to the middle of the space between it and the neighbours' processes."""
        if not self.neighbour_rods:
            return outer
        other = union(block, self.neighbour_rods, FILLET_MM)
        cut = np.maximum(outer, (outer - other) / 2 + np.float32(HALF_FACET_GAP_MM))
        return np.where(body < 0, outer, cut)
