"""Implants: screws, rods and cages as bars of one material."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.alignment import Place
from spinemets.phantom.anatomy.arch import ArchPlan
from spinemets.phantom.anatomy.sizes import LevelSize
from spinemets.phantom.pathology.screw import Screw, rod
from spinemets.phantom.shape.distance import Rod


@dataclass(frozen=True, kw_only=True, eq=False)
class Implant(Rod):
    """A bar of a material.

    Attributes
    ----------
    material
        Name of a tissue.
    """

    material: str = "titanium"


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A longitudinal rod along the heads of the screws of one side, from the first level to the last."""

    side: str
    levels: tuple[str, ...]
    material: str = "titanium"


@dataclass(frozen=True, kw_only=True)
class Cage:
    """A cage in the disc below a level."""

    level: str
    material: str = "peek"


@dataclass(frozen=True, kw_only=True)
class Leak:
    """A drop of cement outside the bone, in the frame of a level."""

    level: str
    centre_mm: tuple[float, float, float]
    length_mm: float = 8.0
    radius_mm: float = 1.8
    material: str = "cement"


Fixture = Screw | Bar | Cage | Leak


def implants(
    fixtures: tuple[Fixture, ...], sizes: Mapping[str, LevelSize], frames: Mapping[str, Place]
) -> tuple[Implant, ...]:
    """Bars of all fixtures, in order."""
    made: list[Implant] = []
    for fixture in fixtures:
        bars: tuple[Rod, ...]
        if isinstance(fixture, Screw):
            bars = (rod(fixture, sizes[fixture.level], frames[fixture.level]),)
        elif isinstance(fixture, Bar):
            bars = _bar(fixture, sizes, frames)
        elif isinstance(fixture, Cage):
            bars = (_cage(sizes[fixture.level], frames[fixture.level]),)
        else:
            bars = (_drop(fixture, sizes[fixture.level], frames[fixture.level]),)
        made += [
            Implant(start=b.start, end=b.end, across=b.across, half_mm=b.half_mm, material=fixture.material)
            for b in bars
        ]
    return tuple(made)


def _bar(bar: Bar, sizes: Mapping[str, LevelSize], frames: Mapping[str, Place]) -> tuple[Rod, ...]:
    """From head to head of the screws."""
    half = table("phantom_pathology")["rod"]["diameter_mm"] / 2
    heads = [rod(Screw(level=v, side=bar.side), sizes[v], frames[v]).start for v in bar.levels]
    ends = [(np.asarray(head) + np.array([0.0, half + 3.25, 0.0])).tolist() for head in heads]
    return tuple(
        Rod(start=tuple(p), end=tuple(q), across=(1.0, 0.0, 0.0), half_mm=((half, half), (half, half)))
        for p, q in pairwise(ends)
    )


def _cage(size: LevelSize, frame: Place) -> Rod:
    """A flat ellipse that fills the height of the disc below."""
    rows = table("phantom_pathology")["cage"]
    plan = ArchPlan(size=size, frame=frame)
    disc = size.disc[1]
    middle = -(size.height[0] + size.height[2]) / 4 - disc / 2
    half = (size.mean_width * rows["width_share"] / 2, size.mean_depth * rows["depth_share"] / 2)
    # Rods are rounded at their ends by their section, so the bar runs across the disc: height is its second half axis.
    return plan.rod(
        (-half[0], 0.0, middle), (half[0], 0.0, middle), (0, 1, 0), ((half[1], disc / 2), (half[1], disc / 2))
    )


def _drop(leak: Leak, size: LevelSize, frame: Place) -> Rod:
    """A short bar across."""
    plan = ArchPlan(size=size, frame=frame)
    l, a, s = leak.centre_mm  # noqa: E741
    half = leak.radius_mm
    return plan.rod(
        (l - leak.length_mm / 2, a, s), (l + leak.length_mm / 2, a, s), (0, 0, 1), ((half, half), (half, half))
    )
