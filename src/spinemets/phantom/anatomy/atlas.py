"""The atlas: a ring around the dens, without a body."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.alignment import Place
from spinemets.phantom.anatomy.arch import SIDES, ArchPlan
from spinemets.phantom.anatomy.sizes import LevelSize
from spinemets.phantom.shape.block import Array, Block, Box
from spinemets.phantom.shape.distance import Rod, union

LEVEL = "C1"
FILLET_MM = 3.0
HALF_GAP_MM = 0.8


@dataclass(frozen=True, kw_only=True, eq=False)
class Atlas:
    """C1 as joined rods; `axis` = rods of C2 that it must keep clear of."""

    frame: Place
    rods: tuple[Rod, ...]
    axis: tuple[Rod, ...]

    @property
    def box(self) -> Box:
        """Box in LPS mm."""
        low = np.min([rod.box[0] for rod in self.rods], axis=0)
        high = np.max([rod.box[1] for rod in self.rods], axis=0)
        return ((float(low[0]), float(low[1]), float(low[2])), (float(high[0]), float(high[1]), float(high[2])))

    def distance(self, block: Block) -> Array:
        """Distance to the bone; half of the joints with C2 is left free."""
        outer = union(block, self.rods, FILLET_MM)
        other = union(block, self.axis, FILLET_MM)
        return np.maximum(outer, (outer - other) / 2 + np.float32(HALF_GAP_MM))


def atlas(axis: LevelSize, axis_frame: Place, axis_rods: tuple[Rod, ...], scale: float) -> Atlas:
    """Ring at the height of the dens of an axis.

    Parameters
    ----------
    scale
        Size in the plane against the table.
    """
    row, dens = table("phantom_anatomy")["atlas"], table("phantom_anatomy")["dens"]
    high = axis.before[2] / 2 + 0.55 * dens["height_mm"]
    frame = Place(
        origin=axis_frame.lps(0.0, 0.0, high), left=axis_frame.left, anterior=axis_frame.anterior,
        superior=axis_frame.superior,
    )  # fmt: skip
    plan = ArchPlan(size=axis, frame=frame)
    wide, tall = row["lateral_mass_mm"][0] * scale, row["anterior_arch_height_mm"] / 2
    l = (row["canal_mm"][1] / 2 + 5.0) * scale  # noqa: E741
    front = dens["diameter_mm"][1] / 2 + 4.2
    back = -dens["diameter_mm"][1] / 2 - row["canal_behind_dens_mm"] * scale - 3.5
    rods = [plan.rod((-6, front, 0), (6, front, 0), (0, 0, 1), ((tall, 2.6), (tall, 2.6)))]
    for side in SIDES.values():
        mass = ((wide / 2, 8.0), (wide / 2, 7.5))
        rods += [
            plan.rod((side * l, -2.0, 4.0), (side * l, -3.5, -3.0), (1, 0, 0), mass),
            plan.rod((side * 6, front, 0), (side * (l - 3), front - 7, 0), (0, 0, 1), ((tall, 2.6), (tall, 3.5))),
            plan.rod((side * l, -9.0, 0), (side * 0.72 * l, back + 7, 0.5), (0, 0, 1), ((3.6, 3.2), (3.6, 2.6))),
            plan.rod((side * 0.72 * l, back + 7, 0.5), (0, back, 0.5), (0, 0, 1), ((3.6, 2.6), (4.4, 3.2))),
            plan.rod(
                (side * l, -4, 0),
                (side * (row["outer_width_mm"] / 2 * scale - 4), -5, -1),
                (0, 0, 1),
                ((6, 4), (4.5, 4)),
            ),
        ]
    return Atlas(frame=frame, rods=tuple(rods), axis=axis_rods)
