"""Great vessels of chest and belly, the bronchi, and the crura of the diaphragm."""

from __future__ import annotations

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.arch import SIDES
from spinemets.phantom.anatomy.trunk.habitus import Habitus
from spinemets.phantom.anatomy.trunk.muscles import upright
from spinemets.phantom.anatomy.trunk.structures import Soft, chain, soft_of

BLOOD = "aorta_blood_pre"


def chest_vessels(h: Habitus) -> list[Soft]:
    """Arch of the aorta and its branches, upper cava, pulmonary vessels; then the bronchi with their walls."""
    rows = table("phantom_trunk")
    made = [_bars(h, name, BLOOD, row, 0.0) for name, row in rows["great_vessels"].items()]
    made += [_bars(h, f"bronchus_wall_{name}", "muscle", row, 1.8) for name, row in rows["bronchi"].items()]
    return made + [_bars(h, f"bronchus_{name}", "gas", row, 0.0) for name, row in rows["bronchi"].items()]


def _bars(h: Habitus, name: str, tissue: str, row: dict[str, list[list[float]]], wall_mm: float) -> Soft:
    places = [h.point(level, left, behind, up) for level, left, behind, up in row["path"]]  # type: ignore[arg-type]
    halves = [(h.size * r + wall_mm, h.size * r + wall_mm) for r in row["radius_mm"]]  # type: ignore[operator]
    return soft_of(name, tissue, chain(places, halves, (0.2, 1.0, 0.1)), 3.0)


def _along(h: Habitus, ahead_mm: float) -> dict[str, float]:
    """Distances behind the body centres that lie in front of the bodies."""
    levels = [level for level in h.col.z_of if level[0] in "TL"]
    return {level: -(float(h.col.wall.at(np.asarray(h.z(level)))) + ahead_mm) / h.size for level in levels}


def trunk_vessels(h: Habitus) -> list[Soft]:
    """Descending aorta, lower cava, iliac vessels, and the crura beside them, which follow the front of the bodies."""
    rows, made = table("phantom_trunk")["trunk_vessels"], []
    for name, row in rows.items():
        ahead = _along(h, row["ahead_mm"])
        # Stated places win over those before the bodies.
        behind = {**{level: v for level, v in ahead.items() if level in row["follows"]}, **row.get("behind", {})}
        full = {**row, "behind": behind}
        for where, side in SIDES.items() if row.get("sides") == "both" else (("", row.get("side", 1.0)),):
            shape = upright(h, full, side, h.size)
            made.append(
                Soft(
                    name=f"{name}_{where}" if where else name,
                    tissue=row["tissue"],
                    distance=shape.distance,
                    box=shape.box,
                )
            )
    return made
