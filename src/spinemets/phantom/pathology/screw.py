"""Pedicle screws."""

from __future__ import annotations

from dataclasses import dataclass

from spinemets.phantom.anatomy.alignment import Place
from spinemets.phantom.anatomy.arch import SIDES, ArchPlan
from spinemets.phantom.anatomy.sizes import LevelSize
from spinemets.phantom.shape.distance import Rod


@dataclass(frozen=True, kw_only=True)
class Screw:
    """A pedicle screw: level, side, diameter and length in mm, material (a tissue's name)."""

    level: str
    side: str
    diameter_mm: float = 6.5
    length_mm: float = 45.0
    material: str = "titanium"


def rod(screw: Screw, size: LevelSize, frame: Place) -> Rod:
    """Screw through a pedicle into the body."""
    plan = ArchPlan(size=size, frame=frame)
    side = SIDES[screw.side]
    start = (side * (plan.pedicle_l + 2.0), plan.wall - 14.0, plan.pedicle_s)
    inward = 0.30
    end = (
        side * (plan.pedicle_l + 2.0 - inward * screw.length_mm),
        plan.wall - 14.0 + screw.length_mm * (1 - inward**2) ** 0.5,
        plan.pedicle_s,
    )
    half = (screw.diameter_mm / 2, screw.diameter_mm / 2)
    return plan.rod(start, end, (0, 0, 1), (half, half))
