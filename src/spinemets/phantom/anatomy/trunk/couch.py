"""The couch of a CT scanner under the patient: a shell of carbon around foam, and a mattress."""

from __future__ import annotations

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.trunk.contour import Contours
from spinemets.phantom.anatomy.trunk.habitus import Habitus
from spinemets.phantom.anatomy.trunk.structures import Distance, Soft
from spinemets.phantom.shape.block import Array, Block, Box

# Beyond head and feet.
LONG_MM = 700.0


def couch(h: Habitus, body: Contours) -> list[Soft]:
    """Mattress, shell and foam, hollow across, behind the hindmost point of the back."""
    rows = table("phantom_trunk")["couch"]
    hindmost = float(np.max(body.skin.back.at(np.arange(h.z("hip"), h.z("T1"), 4.0))))
    top = hindmost - 1.0
    middle, wide, dip = h.hip[0], rows["half_width_mm"], rows["dip_mm"]

    def plate(upper_mm: float, lower_mm: float, half_mm: float) -> Distance:
        def distance(block: Block) -> Array:
            x, y, _ = block.axes
            u = (x - np.float32(middle)) / np.float32(wide)
            # Its surface curves up to its sides.
            depth = y - np.float32(top) + np.float32(dip) * u * u
            across = np.abs(x - np.float32(middle)) - np.float32(half_mm)
            thick = np.maximum(np.float32(upper_mm) - depth, depth - np.float32(lower_mm))
            return np.asarray(np.maximum(thick, across))

        return distance

    soft = rows["mattress_mm"]
    low, shell = soft + rows["thickness_mm"], rows["shell_mm"]
    box: Box = (
        (middle - wide - 2, top - dip - 2, h.hip[2] - LONG_MM),
        (middle + wide + 2, top + low + 2, h.z("C2") + LONG_MM),
    )
    return [
        Soft(name="mattress", tissue="couch_foam", distance=plate(0.0, soft, wide - 4.0), box=box),
        Soft(name="couch_shell", tissue="couch_shell", distance=plate(soft, low, wide), box=box),
        Soft(name="couch_foam", tissue="couch_foam", distance=plate(soft + shell, low - shell, wide - shell), box=box),
    ]
