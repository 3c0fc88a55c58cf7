"""Series that lie askew, lack something or show nothing that names their levels; the whole body in stations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from spinemets.phantom.cases.case import Case, Group
from spinemets.phantom.cases.ingredients import LYTIC, NO_CRITERION, WHAT_COUNTS, unseen

# A slice below L3, away from every lesion of the case.
LOST = 60
# Series -> what is removed from its headers, one element each (of the scale both).
OMITTED = {
    "t1": ("EchoTime",),
    "stir": ("InversionTime",),
    "dwi": ("DiffusionBValue", "DiffusionDirectionality"),
    "ct": ("RescaleIntercept", "RescaleSlope", "RescaleType"),
}
STATIONS = ("wb3_t1-all", "wb3_stir-all")


def _of(case: Case) -> Callable[[float | None], Case]:
    """A case without a number."""
    return lambda _: case


TILT = Case(
    name="geom-tilt",
    about="Lytic lesion of L2; CT with the gantry tilted by 15 degrees.",
    inserts=(LYTIC,),
    series=("ct_tilted",),
    awaits=WHAT_COUNTS,
)
GAP = Case(
    name="geom-gap",
    about="Lytic lesion of L2; CT of which one slice is missing.",
    inserts=(LYTIC,),
    series=("ct",),
    lost_slices={"ct": (LOST,)},
    awaits=WHAT_COUNTS,
)
NO_ANCHOR = Case(
    name="lvl-none",
    about="Middle of the thoracic spine: no C2, first or last rib or sacrum in view, lytic lesion of T6.",
    inserts=(replace(LYTIC, level="T6", centre_mm=(3.0, 2.0, 0.0), radii_mm=(7.5, 7.5, 6.5)),),
    series=("ct-midthoracic", "t1-midthoracic"),
    awaits=WHAT_COUNTS,
)
MISSING = Case(
    name="pit-missing-tags",
    about="Lytic lesion of L2; each series lacks one thing in its headers: echo time, inversion time, b-value, scale.",
    inserts=(LYTIC,),
    series=tuple(OMITTED),
    omitted=OMITTED,
    expected=unseen("L2", "CT-02", "MR-STIR-01"),
)
# One lesion lies where the first two stations overlap, one where 12 mm between the last two were not imaged.
WHOLE_BODY = Case(
    name="wb-3st",
    about="Lytic lesions of T10 (in two stations) and L2; whole body in three stations, 12 mm missing between the last two.",
    inserts=(
        replace(LYTIC, id="lytic-T10", level="T10", centre_mm=(2.0, 2.0, 0.0), radii_mm=(8.0, 8.0, 7.0)),
        LYTIC,
    ),
    series=STATIONS,
    awaits=NO_CRITERION,
)
CASES: Group = {case.name: _of(case) for case in (TILT, GAP, NO_ANCHOR, MISSING, WHOLE_BODY)}
