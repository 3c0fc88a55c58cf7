"""Metal."""

from __future__ import annotations

from spinemets.phantom.anatomy.sizes import Patient
from spinemets.phantom.cases.case import Case, Group
from spinemets.phantom.cases.ingredients import unseen
from spinemets.phantom.pathology.hardware import Bar, Cage
from spinemets.phantom.pathology.screw import Screw

SIDES = ("left", "right")
METAL = "what metal leaves readable is stated by the reading, not by the case"


def _hw_ct(_: float | None) -> Case:
    screws = tuple(Screw(level=level, side=side) for level in ("L3", "L4") for side in SIDES)
    return Case(
        name="hw-ct",
        about="Titanium pedicle screws in L3 and L4.",
        screws=screws,
        patient=Patient(age_years=58.0),
        series=("ct",),
        expected=tuple(row for level in ("L3", "L4") for row in unseen(level, "CT-02", "CT-08")),
    )


def _hw_cage(_: float | None) -> Case:
    levels = ("L3", "L4")
    screws = tuple(Screw(level=level, side=side, material="cobalt_chrome") for level in levels for side in SIDES)
    rods = tuple(Bar(side=side, levels=levels, material="cobalt_chrome") for side in SIDES)
    return Case(
        name="hw-cage",
        about="Cobalt-chrome screws and rods in L3 and L4, PEEK cage between them, titanium cage below L4.",
        screws=screws,
        fixtures=(*rods, Cage(level="L3"), Cage(level="L4", material="titanium")),
        patient=Patient(age_years=58.0),
        series=("ct",),
        awaits=METAL,
    )


CASES: Group = {
    "hw-cage": _hw_cage,
    "hw-ct": _hw_ct,
}
