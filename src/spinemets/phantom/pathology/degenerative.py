"""Benign changes beside worn discs and joints: Modic bands, Schmorl nodes, oedema of facet joints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.vertebra import Vertebra
from spinemets.phantom.pathology.shapes import lattice
from spinemets.phantom.shape.block import Array, Block
from spinemets.phantom.shape.distance import ellipsoid, union

TRUTH_STEP_MM = 0.5
MODIC = ("modic1", "modic2", "modic3")
SCHMORL, FACET = "schmorl", "facet_oedema"


@dataclass(frozen=True, kw_only=True)
class BenignChange:
    """One benign change of one level.

    Attributes
    ----------
    kind
        `modic1`, `modic2`, `modic3`, `schmorl` or `facet_oedema`.
    part
        `superior` or `inferior` endplate; for a facet joint the side whose processes are oedematous.
    depth_mm
        How far from the endplate it reaches in the middle.
    centre_mm, radius_mm
        For a Schmorl node: (left, anterior) on the endplate, and its half width.
    """

    kind: str
    level: str
    part: str
    depth_mm: float = 0.0
    centre_mm: tuple[float, float] = (0.0, 0.0)
    radius_mm: float = 0.0

    def distance(self, vertebra: Vertebra, block: Block) -> Array:
        """Distance to its border at a block's points, negative inside."""
        if self.kind == FACET:
            names = (f"superior_articular_{self.part}", f"inferior_articular_{self.part}")
            found = union(block, vertebra.arch.of(*names), 1.0)
        else:
            found = self._at_endplate(vertebra, block)
        return np.broadcast_to(found, block.shape)

    def _at_endplate(self, vertebra: Vertebra, block: Block) -> Array:
        """Dome (Modic) or half ellipsoid (Schmorl) on the marrow side of the endplate."""
        l, a, s = vertebra.frame.local(block)  # noqa: E741  # left, the frame's letter
        _, norm = vertebra.body.footprint(l, a, s)
        above, below = vertebra.body.endplates(norm, a)
        beneath = above - s if self.part == "superior" else s - below
        if self.kind == SCHMORL:
            u, v = l - np.float32(self.centre_mm[0]), a - np.float32(self.centre_mm[1])
            lump = ellipsoid((u, v, beneath), (self.radius_mm, self.radius_mm, self.depth_mm))
            # Up to the endplate, whose gap the node fills.
            shell = np.float32(table("phantom_anatomy")["shell_mm"]["endplate"])
            return np.asarray(np.maximum(lump, -beneath - shell))
        dome = np.float32(self.depth_mm) * np.sqrt(np.clip(1 - norm**4, 0.0, 1.0))
        return np.asarray(np.maximum(beneath - dome, -beneath))


def volume_mm3(change: BenignChange, vertebra: Vertebra) -> float:
    """Volume of a change inside its bone, from its function on a lattice of 0.5 mm."""
    size = vertebra.body.size
    back = 0.0 if change.kind != FACET else -size.mean_depth / 2 - size.canal[0]
    reach = np.array([size.mean_width / 2 + 4, size.mean_depth / 2 + 8, max(size.before) / 2 + 12])
    block = lattice(vertebra.frame.lps(0.0, back, 0.0), reach, TRUTH_STEP_MM)
    inside = (change.distance(vertebra, block) < 0) & (vertebra.bone(block).outer < 0)
    return float(np.count_nonzero(inside)) * TRUTH_STEP_MM**3
