"""Skin, the fat below it and the wall of the abdomen."""

from __future__ import annotations

import numpy as np

from spinemets.knowledge.catalogue import table
from spinemets.phantom.anatomy.trunk.column import Column
from spinemets.phantom.anatomy.trunk.structures import Soft
from spinemets.phantom.shape.block import Array, Block
from spinemets.phantom.shape.distance import ellipse


def envelope(col: Column) -> list[Soft]:
    """Skin, fat below it, and the muscle of the body wall."""
    rows = table("phantom_anatomy")["trunk"]
    half_w, half_d = rows["width_mm"] / 2, rows["depth_mm"] / 2

    def trunk(block: Block, inset: float) -> Array:
        x, y, z = block.axes
        u = x - np.float32(col.x.at(np.asarray(col.z_of["L3"])))
        v = y - (col.back.at(z) - np.float32(half_d))
        return ellipse(u, v, half_w - inset, half_d - inset)

    # The back is flatter than the ellipse: the wall of muscle follows the front and the flanks only.
    def wall(block: Block) -> Array:
        return np.maximum(trunk(block, 22.0), col.around(block)[1] - np.float32(5))

    return [
        Soft(name="skin", tissue="skin", distance=lambda b: trunk(b, 0.0)),
        Soft(name="subcutaneous_fat", tissue="subcutaneous_fat", distance=lambda b: trunk(b, rows["skin_mm"])),
        Soft(name="abdominal_wall", tissue="muscle", distance=wall, marbled=0.1),
        Soft(
            name="abdominal_fat",
            tissue="subcutaneous_fat",
            distance=lambda b: np.maximum(trunk(b, 36.0), col.around(b)[1] - np.float32(30)),
            marbled=0.07,
            streaks="bowel",
        ),
    ]
