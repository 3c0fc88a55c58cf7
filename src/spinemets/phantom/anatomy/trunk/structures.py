"""What the trunk is made of: soft structures with their boxes, and the shapes they are given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.phantom.shape.block import Array, Block, Box
from spinemets.phantom.shape.distance import Rod, ellipsoid, project, union

Point = tuple[float, float, float]
Half = tuple[float, float]
Distance = Callable[[Block], Array]
# Axes of what is not turned.
UPRIGHT = np.eye(3)
EVERYWHERE: Box = ((-1e4, -1e4, -1e4), (1e4, 1e4, 1e4))


@dataclass(frozen=True, kw_only=True, eq=False)
class Soft:
    """One soft structure: tissue, box, distance; `marbled` = share of streaks of the tissue `streaks` inside."""

    name: str
    tissue: str
    distance: Distance
    box: Box = EVERYWHERE
    marbled: float = 0.0
    streaks: str = "subcutaneous_fat"


@dataclass(frozen=True, kw_only=True, eq=False)
class Bone:
    """One bone away from the column: name, box, distance.

    `rods` = the bars it is made of, where it is made of bars; `shell_mm` = thickness of its cortex, None = that of the sacrum.
    """

    name: str
    distance: Distance
    box: Box
    rods: tuple[Rod, ...] = ()
    shell_mm: float | None = None

    def thick(self, shell_mm: float) -> Bone:
        """The bone with a cortex of that thickness."""
        return replace(self, shell_mm=shell_mm)


def joined(rods: tuple[Rod, ...], blend_mm: float) -> tuple[Distance, Box]:
    """Distance to bars that pass into one another, and their box."""
    low = np.min([rod.box[0] for rod in rods], axis=0)
    high = np.max([rod.box[1] for rod in rods], axis=0)
    return (lambda block: union(block, rods, blend_mm)), (point(low), point(high))


def bone_of(name: str, rods: tuple[Rod, ...], blend_mm: float = 2.0) -> Bone:
    """Bone of joined bars."""
    distance, box = joined(rods, blend_mm)
    return Bone(name=name, distance=distance, box=box, rods=rods)


def soft_of(name: str, tissue: str, rods: tuple[Rod, ...], blend_mm: float = 2.0) -> Soft:
    """Soft structure of joined bars."""
    distance, box = joined(rods, blend_mm)
    return Soft(name=name, tissue=tissue, distance=distance, box=box)


def point(values: ArrayLike) -> Point:
    """Three numbers as a point."""
    x, y, z = np.asarray(values, float).tolist()
    return (x, y, z)


def chain(
    places: Sequence[ArrayLike] | NDArray[np.float64], halves: Sequence[Half], across: ArrayLike = (0.0, 0.0, 1.0)
) -> tuple[Rod, ...]:
    """Bars from place to place (LPS mm) whose half axes change evenly; `across` = direction of the first half axis."""
    return tuple(
        Rod(start=point(p), end=point(q), across=point(across), half_mm=(a, b))
        for (p, q), (a, b) in zip(pairwise(places), pairwise(halves), strict=True)
    )


def ball(centre: ArrayLike, radius_mm: float) -> Rod:
    """A sphere among bars."""
    (rod,) = chain([centre, np.add(centre, (0.2, 0.0, 0.0))], [(radius_mm, radius_mm)] * 2)
    return rod


def turned(
    centre: ArrayLike, half: tuple[float, float, float], directions: NDArray[np.float64] = UPRIGHT
) -> tuple[Distance, Box]:
    """Distance to an ellipsoid and its box.

    Parameters
    ----------
    directions
        Unit vectors of its axes as rows.
    """
    middle, axes = np.asarray(centre, float), np.asarray(directions, float)

    def distance(block: Block) -> Array:
        return ellipsoid(project(block, middle, (axes[0], axes[1], axes[2])), half)

    reach = np.sqrt(((axes * np.asarray(half)[:, None]) ** 2).sum(axis=0)) + 2.0
    return distance, (point(middle - reach), point(middle + reach))
