"""Fractures by grade."""

from __future__ import annotations

from spinemets.phantom.anatomy.sizes import Collapse
from spinemets.phantom.cases.case import Case, Group

# A loss over the anterior sixth of the depth (G-08) is this much greater at the rim.
RIM_SHARE = 1.085


def _fx_grades(_: float | None) -> Case:
    losses = {"T11": 0.225, "L1": 0.32, "L3": 0.45, "L5": 0.10}
    collapses = {
        level: Collapse(anterior=RIM_SHARE * loss, middle=0.6 * loss, posterior=0.0) for level, loss in losses.items()
    }
    # 22.5 % lies nearer to the limit of 20 % than slices of a millimetre can tell.
    states = {"T11": "indeterminate", "L1": "present", "L3": "present", "L5": "absent"}
    expected = tuple(("FX-01", level, None, state) for level, state in states.items())
    return Case(
        name="fx-grades",
        about="Healed wedges of 10, 22.5, 32 and 45 % anterior loss.",
        collapses=collapses,
        expected=expected,
    )


CASES: Group = {
    "fx-grades": _fx_grades,
}
