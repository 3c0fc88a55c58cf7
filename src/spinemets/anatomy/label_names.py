"""Whether the names of a label map can be believed: a run from head to feet, on bodies of a size that fits (G-09)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.anatomy.hypotheses import expected_heights_mm, variants

Rules = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidate:
    """One vertebra in view before it has a name.

    Attributes
    ----------
    name
        Name the label map gives, None for a plain instance.
    centroid_lps_mm
        Centre of the body (or of what is labelled).
    height_mm
        Height of the body, None where it is cut, collapsed or not measured.
    """

    name: str | None
    centroid_lps_mm: NDArray[np.float64]
    height_mm: float | None = None


def label_problem(vertebrae: Sequence[Candidate], rules: Rules) -> str | None:
    """Why the names of a label map cannot be believed; None if they run head to feet without gap, repeat or jump."""
    named = [(n, v.name) for n, v in enumerate(vertebrae) if v.name is not None]
    for (upper, one), (lower, other) in pairwise(named):
        step = lower - upper
        if not (_follows(one, other, step) or (step == 1 and _eleven_thoracic(vertebrae, upper, one, other, rules))):
            return (
                f"The names of the label map do not run from head to feet without gap, repeat or jump: {other} comes "
                f"{'next' if step == 1 else f'{step} places'} below {one}. No level is named."
            )
    return _size_problem(vertebrae, rules)


def _follows(one: str, other: str, step: int) -> bool:
    """Whether `other` is `step` places below `one` in some variant of the column."""
    return any(
        (a := v.place(one)) is not None and (b := v.place(other)) is not None and b - a == step
        for v in variants()
        if step > 1 or (one, other) != ("T11", "L1")
    )


def _eleven_thoracic(vertebrae: Sequence[Candidate], upper: int, one: str, other: str, rules: Rules) -> bool:
    """Whether T11 and L1 are true neighbours: their distance is that of their neighbours."""
    if (one, other) != ("T11", "L1"):
        return False
    gaps = [float(np.linalg.norm(b.centroid_lps_mm - a.centroid_lps_mm)) for a, b in pairwise(vertebrae)]
    beside = [gaps[n] for n in (upper - 1, upper + 1) if 0 <= n < len(gaps)]
    return bool(beside) and gaps[upper] <= rules["gap_ratio"] * float(np.mean(beside))


def _size_problem(vertebrae: Sequence[Candidate], rules: Rules) -> str | None:
    expected = expected_heights_mm()
    pairs = [
        (v.name, v.height_mm / expected[v.name]) for v in vertebrae if v.height_mm and v.name and v.name in expected
    ]
    ratio = float(np.median([r for _, r in pairs])) if pairs else 0.0
    if ratio <= rules["taller_than_named"]:
        return None
    span = pairs[0][0] if len(pairs) == 1 else f"{pairs[0][0]} to {pairs[-1][0]}"
    return (
        f"The label map names {span}, but the bodies are {ratio:.1f} times as high as theirs: the "
        "integers are probably a count of instances. No level is named."
    )
