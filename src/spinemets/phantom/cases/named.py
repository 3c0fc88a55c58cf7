"""All cases of the synthetic patient by name.

A case name may end in a number that sets its size, as in `cortex-frac-0.10`.
"""

from __future__ import annotations

from spinemets.model.errors import UsageError
from spinemets.phantom.cases import (
    bone,
    canal_mimics,
    epidural,
    figures,
    fractures,
    hardware,
    intradural,
    marrow,
    myelogram,
    normals,
)
from spinemets.phantom.cases.case import Case, Group

GROUPS = (
    figures,
    normals,
    bone,
    marrow,
    fractures,
    hardware,
    epidural,
    intradural,
    myelogram,
    canal_mimics,
)
CASES: Group = {name: make for group in GROUPS for name, make in group.CASES.items()}


def case_of(name: str) -> Case:
    """Case by name; `cortex-frac-0.10` gives the breached share.

    Raises
    ------
    UsageError
        If there is no such case.
    """
    if name in CASES:
        return CASES[name](None)
    stem, _, number = name.rpartition("-")
    if stem == "cortex-frac":
        try:
            return CASES[stem](float(number))
        except ValueError:
            pass
    raise UsageError(f"There is no synthetic case {name!r}.", f"Choose one of {', '.join(CASES)}.")
