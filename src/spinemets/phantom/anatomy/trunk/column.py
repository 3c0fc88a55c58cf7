"""The line that the trunk follows: body centres and the surface of the back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.alignment import Place
from spinemets.phantom.anatomy.sizes import LevelSize, Patient
from spinemets.phantom.anatomy.trunk.measures import fat_factor
from spinemets.phantom.shape.block import Array, Block
from spinemets.phantom.shape.curves import Curve

# Fat under the skin of the back against that at L4.
LAYER = {"cervical": 0.45, "thoracic": 0.55}


@dataclass(frozen=True, kw_only=True, eq=False)
class Column:
    """The line of the body centres and of the back's surface.

    `x`, `y` = body centres, `back` = skin of the back (LPS y), `layer` = thickness of the fat there, `wall` = half depth of the
    bodies, all against z;
    `z_of` = height of each level's centre, and of the place of T12 where there is none.
    """

    x: Curve
    y: Curve
    back: Curve
    layer: Curve
    wall: Curve
    z_of: Mapping[str, float]

    def around(self, block: Block) -> tuple[Array, Array, Array]:
        """(left of the midline, behind the body centre, z)."""
        x, y, z = block.axes
        return x - self.x.at(z), y - self.y.at(z), z


def column(levels: Mapping[str, LevelSize], frames: Mapping[str, Place], patient: Patient) -> Column:
    """Column of a patient."""
    fat = table("phantom_anatomy")["trunk"]["dorsal_fat_mm"][patient.sex] * fat_factor(patient)
    x, y, wall, tips, layers = [], [], [], [], []
    for level, size in levels.items():
        frame = frames[level]
        z = float(frame.origin[2])
        x.append((z, float(frame.origin[0])))
        y.append((z, float(frame.origin[1])))
        wall.append((z, size.mean_depth / 2))
        down = np.radians(size.spinous_down_deg)
        tip = frame.lps(0.0, -size.mean_depth / 2 - size.canal[0] - size.spinous_mm * np.cos(down) - 3.0, -8.0)
        layer = fat * (LAYER[size.region] if size.region != "lumbar" else 0.75 + 0.25 * (int(level[1:]) - 1) / 3)
        tips.append((float(tip[2]), float(tip[1]) + layer))
        layers.append((float(tip[2]), layer))
    s1 = frames["S1"]
    for depth, behind in ((20.0, 52.0), (60.0, 58.0)):
        point = s1.origin - depth * s1.superior
        x.append((float(point[2]), float(point[0])))
        y.append((float(point[2]), float(point[1])))
        wall.append((float(point[2]), 15.0))
        tips.append((float(point[2]), float(point[1]) + behind + fat))
        layers.append((float(point[2]), fat))
    heights = {level: float(frames[level].origin[2]) for level in frames}
    # Organs lie by T12; with eleven ribs they lie by the place between T11 and L1.
    heights.setdefault("T12", (heights["T11"] + heights["L1"]) / 2)
    return Column(
        x=Curve.through(x),
        y=Curve.through(y, 12.0),
        back=Curve.through(tips, 25.0),
        layer=Curve.through(layers, 25.0),
        wall=Curve.through(wall),
        z_of=heights,
    )
