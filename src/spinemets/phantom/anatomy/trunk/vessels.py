"""Great vessels before the column, and the crura of the diaphragm beside them."""

from __future__ import annotations

import numpy as np

from spinemets.phantom.anatomy.trunk.column import Column
from spinemets.phantom.anatomy.trunk.structures import Soft, line, tube


def vessels(col: Column) -> list[Soft]:
    """Aorta, cava and common iliac vessels in front of the bodies; crura beside them."""
    ahead = [
        (level, -(float(col.wall.at(np.asarray(height))) + 12.5)) for level, height in col.z_of.items() if level != "S1"
    ]
    depth = line(col, *ahead)
    constant = {r: line(col, ("T10", r), ("L5", r)) for r in (4.0, 6.5, 8.5, 9.0, 11.0)}
    split, low = np.float32(col.z_of["L4"] - 4), np.float32(col.z_of["L2"] - 8)
    aorta = tube(col, (line(col, ("T10", 11.0), ("L4", 6.0)), depth), (constant[9.0], constant[9.0]), 1.0)
    cava = tube(col, (line(col, ("T10", 16.0), ("L5", 12.0)), depth), (constant[11.0], constant[8.5]), -1.0)
    made = [
        Soft(name="aorta", tissue="aorta_blood_pre", distance=lambda b: np.maximum(aorta(b), split - b.axes[2])),
        Soft(name="cava", tissue="aorta_blood_pre", distance=lambda b: np.maximum(cava(b), split - 12 - b.axes[2])),
    ]
    apart = line(col, ("L4", 4.0), ("L5", 18.0), ("S1", 34.0))
    near = line(col, ("L4", depth.at(np.asarray(col.z_of["L4"])).item()), ("L5", -24.0), ("S1", -22.0))
    for name, side in (("left", 1.0), ("right", -1.0)):
        iliac = tube(col, (apart, near), (constant[6.5], constant[6.5]), side)
        made.append(
            Soft(
                name=f"iliac_{name}",
                tissue="aorta_blood_pre",
                distance=lambda b, t=iliac: np.maximum(t(b), b.axes[2] - split),  # type: ignore[misc]
            )
        )
        crus = tube(col, (line(col, ("T12", 19.0), ("L2", 15.0)), depth), (constant[4.0], constant[9.0]), side)
        made.append(
            Soft(name=f"crus_{name}", tissue="muscle", distance=lambda b, t=crus: np.maximum(t(b), low - b.axes[2]))  # type: ignore[misc]
        )
    return made
