"""Worn discs: grade of each disc (I to V, as Pfirrmann's), and what a grade does to disc and endplate rims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.model.errors import UsageError
from spinemets.phantom.anatomy import levels
from spinemets.phantom.shape.texture import stream

HEALTHY = 1
GRADES = (1, 2, 3, 4, 5)
# Grades of some discs, or drawn by age, or none worn.
Wanted = Mapping[str, int] | str | None


@dataclass(frozen=True, kw_only=True)
class Wear:
    """What one grade does.

    Attributes
    ----------
    height
        Factor of the disc's height.
    dried
        Share of the nucleus that is degenerated tissue.
    bulge_mm, osteophyte_mm
        Disc beyond the rims of the endplates; beaks of the rims, at the front.
    gas
        Share of the disc's height that a gap full of gas takes; 0 = none.
    ripple_mm
        Depth of the endplates' irregularities.
    """

    height: float
    dried: float
    bulge_mm: float
    osteophyte_mm: float
    gas: float
    ripple_mm: float


@cache
def wear(grade: int) -> Wear:
    """Effects of a grade (table `phantom_anatomy`, block `degeneration`)."""
    rows = table("phantom_anatomy")["degeneration"]["grades"]
    return Wear(**{name: float(values[grade - 1]) for name, values in rows.items()})


def probability(age_years: float, region: str) -> float:
    """Chance that a disc is worn (grade III or more) at an age: straight between two ages, level beyond (PHA-15)."""
    rows = table("phantom_anatomy")["degeneration"]
    (young, few), (old, many) = rows["probability"]
    lumbar = float(np.interp(age_years, [young, old], [few, many]))
    return lumbar * float(rows["region"][region])


def grades(wanted: Wanted, *, age_years: float, names: tuple[str, ...], seed: int) -> dict[str, int]:
    """Grade of the disc below each level.

    Raises
    ------
    UsageError
        For a grade outside I to V, a level that the patient lacks, or a word other than `by_age`.
    """
    found = dict.fromkeys(names, HEALTHY)
    if wanted is None:
        return found
    if isinstance(wanted, str):
        if wanted != "by_age":
            raise UsageError(f"degeneration {wanted!r}: give grades by level, or 'by_age'.")
        return {name: _drawn(name, age_years, seed) for name in names}
    for name, grade in wanted.items():
        if name not in found or grade not in GRADES:
            raise UsageError(f"degeneration: no disc {name!r} of grade {grade!r}; grades are 1 to 5.")
    return found | dict(wanted)


def dried(level: str, grade: int, *, age_years: float, seed: int) -> float:
    """Share of a nucleus that is degenerated tissue: what its grade says, at least what its patient's age does without wear.

    Nuclei lose water at all ages, long before a disc changes its shape. Each disc has a stream of its own.
    """
    rows = table("phantom_anatomy")["degeneration"]["ageing"]
    usual = float(np.interp(age_years, rows["age_years"], rows["dried"]))
    own = usual * (1 + float(rows["spread"]) * float(stream(seed, f"ageing {level}").uniform(-1, 1)))
    return max(wear(grade).dried, own)


def _drawn(name: str, age_years: float, seed: int) -> int:
    """Grade of one disc by age; each disc has a stream of its own."""
    rows = table("phantom_anatomy")["degeneration"]
    generator = stream(seed, f"degeneration {name}")
    chance, which = generator.random(2)
    if chance >= probability(age_years, levels.region(name)):
        return HEALTHY if age_years < rows["first_change_years"] else HEALTHY + 1
    return 3 + int(np.searchsorted(np.cumsum(rows["worn"])[:-1], which, side="right"))
