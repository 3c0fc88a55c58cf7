"""All cases of the synthetic patient by name.

A case name may end in a number that sets its size, as in `cortex-frac-0.10`.
"""

from __future__ import annotations

from spinemets.model.errors import UsageError
from spinemets.phantom.cases import (
    bone,
    canal_mimics,
    ct_gate,
    degenerative,
    epidural,
    faults,
    figures,
    fractures,
    geometry,
    grids,
    hardware,
    instability,
    intradural,
    marrow,
    mimics,
    myelogram,
    normals,
    nuclear,
    pairs,
    pitfalls,
)
from spinemets.phantom.cases.case import Case, Group

GROUPS = (
    figures,
    normals,
    bone,
    ct_gate,
    marrow,
    fractures,
    degenerative,
    hardware,
    epidural,
    intradural,
    myelogram,
    canal_mimics,
    grids,
    mimics,
    nuclear,
    pairs,
    pitfalls,
    instability,
    geometry,
    faults,
)
# What each group of cases is for.
HEADINGS = {
    "figures": "demonstration and figures of the review", "normals": "no lesion", "bone": "lesions that CT shows",
    "marrow": "lesions that MR shows", "fractures": "fractures", "degenerative": "wear and its mimics",
    "ct_gate": "CT that is fit for more or less", "hardware": "metal", "grids": "one property in steps",
    "epidural": "epidural and paraspinal disease", "intradural": "disease inside the dura", "myelogram": "myelograms",
    "canal_mimics": "mimics of disease in the canal", "nuclear": "what tracers show",
    "mimics": "mimics of metastasis",
    "pairs": "one patient on several days", "pitfalls": "no lesion, but easily taken for one", "instability": "instability scores and planning sectors",
    "geometry": "where series lie, and what they lack",
    "faults": "series gone wrong, protocols with gaps",
}  # fmt: skip
CASES: Group = {name: make for group in GROUPS for name, make in group.CASES.items()}


def headings() -> dict[str, tuple[str, ...]]:
    """What each group is for -> names of its cases."""
    found = {}
    for group in GROUPS:
        key = group.__name__.rpartition(".")[2]
        found[HEADINGS.get(key, key)] = tuple(group.CASES)
    return found


def case_of(name: str) -> Case:
    """Case by name; `cortex-frac-0.10` gives the breached share, `pair-flare@50` the day.

    Raises
    ------
    UsageError
        If there is no such case.
    """
    if name in CASES:
        return CASES[name](None)
    stem, _, number = name.rpartition("-")
    if stem in (*bone.SIZED, *grids.SIZED):
        try:
            return CASES[stem](float(number))
        except ValueError:
            pass
    raise UsageError(f"There is no synthetic case {name!r}.", f"Choose one of {', '.join(CASES)}.")
