"""What age and level change: mineral along the spine, fat in muscle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinemets.knowledge.lookup import table

# Number of the level before the first one of each region, counted from the head.
_BEFORE = {"C": 0, "T": 7, "L": 19, "S": 24}
_THORACIC_LEVELS = 12


@dataclass(frozen=True, kw_only=True)
class MuscleFat:
    """Fat fraction of a muscle: mean, and its standard deviation (None where none is known)."""

    mean: float
    sd: float | None


def mineral_factor(level: str) -> float:
    """Trabecular mineral of a level over that of L4.

    Measured at C2, C5, T12 and L4, each of which stands for the levels around it (`mineral_level_spans`); straight lines
    between those. A thirteenth thoracic level counts as T12, the sacrum as L4.
    """
    rows = table("tissues")
    places: list[int] = []
    factors: list[float] = []
    for measured, span in rows["mineral_level_spans"].items():
        places += [_place(name) for name in span]
        factors += [rows["mineral_by_level"][measured]] * len(span)
    return float(np.interp(_place(level), places, factors))


def muscle_fat(group: str, age_years: float) -> MuscleFat:
    """Fat fraction of a muscle by age.

    Parameters
    ----------
    group
        `psoas`, `erector_T9_T11`, `erector_T12_L2` or `erector_L3_L5`: the mean of the measured younger or older group.
        `paraspinal`: a straight line through all ages, chosen here.
    age_years
        Age; beyond the ends of the line as at its ends.

    Raises
    ------
    KeyError
        If there is no such group.
    """
    rows = table("tissues")["muscle_fat"]
    if group == "paraspinal":
        line = rows["paraspinal"]
        return MuscleFat(mean=float(np.interp(age_years, line["age_years"], line["fat"])), sd=None)
    measured = rows["measured"][group]
    older = int(age_years >= rows["limit_years"])
    return MuscleFat(mean=measured["fat"][older], sd=measured["sd"]["fat"][older])


def _place(level: str) -> int:
    """Number of a level from the head in a column of the usual number of levels."""
    number = int(level[1:])
    return _BEFORE[level[0]] + (min(number, _THORACIC_LEVELS) if level[0] == "T" else number)
