"""Metal."""

from __future__ import annotations

from spinemets.phantom.anatomy.sizes import Patient
from spinemets.phantom.cases.case import Case, Group
from spinemets.phantom.pathology.screw import Screw


def _hw_ct(_: float | None) -> Case:
    screws = tuple(Screw(level=level, side=side) for level in ("L3", "L4") for side in ("left", "right"))
    return Case(
        name="hw-ct",
        about="Titanium pedicle screws in L3 and L4.",
        screws=screws,
        patient=Patient(age_years=58.0),
        series=("ct",),
    )


CASES: Group = {
    "hw-ct": _hw_ct,
}
