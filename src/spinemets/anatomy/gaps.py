"""Vertebrae that were not outlined: a gap in the row as wide as one or more of them (G-09: a shift by one is never silent)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from spinemets.anatomy.label_names import Candidate

Rules = Mapping[str, Any]
# Neighbouring distances on either side that a distance is held against.
BESIDE = 3
# Of these, the percentile that a collapse beside the gap does not pull down.
USUAL_PERCENTILE = 70.0


def missing_after(vertebrae: Sequence[Candidate], rules: Rules) -> dict[int, int]:
    """Place above each gap -> how many vertebrae it leaves room for.

    A distance between two centres is a gap where it is `missing_ratio` times the usual one beside it and more. Without
    three distances nothing can be told.
    """
    pitches = [float(np.linalg.norm(b.centroid_lps_mm - a.centroid_lps_mm)) for a, b in pairwise(vertebrae)]
    if len(pitches) < BESIDE:
        return {}
    found = {}
    for place, pitch in enumerate(pitches):
        beside = [*pitches[max(0, place - BESIDE) : place], *pitches[place + 1 : place + 1 + BESIDE]]
        ratio = pitch / float(np.percentile(beside, USUAL_PERCENTILE))
        if ratio >= rules["missing_ratio"]:
            found[place] = max(1, round(ratio) - 1)
    return found


def with_missing(vertebrae: Sequence[Candidate], missing: Mapping[int, int]) -> tuple[list[Candidate], list[int]]:
    """The row with a candidate for each missing vertebra, and the new place of each one that is there."""
    row: list[Candidate] = []
    places = []
    for place, vertebra in enumerate(vertebrae):
        places.append(len(row))
        row.append(vertebra)
        count = missing.get(place, 0)
        for n in range(1, count + 1):
            share = n / (count + 1)
            between = (1 - share) * vertebra.centroid_lps_mm + share * vertebrae[place + 1].centroid_lps_mm
            row.append(replace(vertebra, name=None, centroid_lps_mm=between, height_mm=None))
    return row, places


def sentence(place: int, count: int) -> str:
    """What is said of a gap."""
    number = "one vertebra was" if count == 1 else f"{count} vertebrae were"
    return (
        f"Between vertebra {place + 1} and {place + 2} in view {number} not outlined: the gap between them is too wide."
    )
