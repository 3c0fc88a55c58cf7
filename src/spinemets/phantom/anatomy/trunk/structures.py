"""What the trunk is made of: soft structures with their boxes, and the shapes they are given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spinemets.phantom.anatomy.trunk.column import Column
from spinemets.phantom.shape.block import Array, Block, Box
from spinemets.phantom.shape.curves import Curve
from spinemets.phantom.shape.distance import ellipse, ellipsoid

EVERYWHERE: Box = ((-1e4, -1e4, -1e4), (1e4, 1e4, 1e4))


@dataclass(frozen=True, kw_only=True, eq=False)
class Soft:
    """One soft structure: tissue, box, distance; `marbled` = share of streaks of the tissue `streaks` inside."""

    name: str
    tissue: str
    distance: Callable[[Block], Array]
    box: Box = EVERYWHERE
    marbled: float = 0.0
    streaks: str = "subcutaneous_fat"


def line(col: Column, *points: tuple[str, float]) -> Curve:
    """Curve through values at levels."""
    return Curve.through([(col.z_of[level], value) for level, value in points])


def tube_box(col: Column, at: tuple[Curve, Curve], half: tuple[Curve, Curve], side: float) -> Box:
    """Box of an upright tube over the heights of the spine."""
    z = np.arange(col.z_of["S1"] - 120, col.z_of["C2"] + 60, 4.0).astype(np.float32)
    u = col.x.at(z) + side * at[0].at(z)
    v = col.y.at(z) + at[1].at(z)
    reach_u, reach_v = half[0].at(z) + 2, half[1].at(z) + 2
    low = (float((u - reach_u).min()), float((v - reach_v).min()), -1e4)
    high = (float((u + reach_u).max()), float((v + reach_v).max()), 1e4)
    return low, high


def tube(col: Column, at: tuple[Curve, Curve], half: tuple[Curve, Curve], side: float) -> Callable[[Block], Array]:
    """Distance to an upright tube beside the column: centre (left, behind) and half axes against z."""

    def distance(block: Block) -> Array:
        u, v, z = col.around(block)
        return ellipse(side * u - at[0].at(z), v - at[1].at(z), half[0].at(z), half[1].at(z))

    return distance


def ellipsoid_in_box(
    centre: tuple[float, float, float], half: tuple[float, float, float]
) -> tuple[Callable[[Block], Array], Box]:
    """Distance to an ellipsoid and its box."""

    def distance(block: Block) -> Array:
        x, y, z = block.axes
        d = [axis - np.float32(c) for axis, c in zip((x, y, z), centre, strict=True)]
        return ellipsoid(d, half)

    low = (centre[0] - half[0] - 2, centre[1] - half[1] - 2, centre[2] - half[2] - 2)
    high = (centre[0] + half[0] + 2, centre[1] + half[1] + 2, centre[2] + half[2] + 2)
    return distance, (low, high)
