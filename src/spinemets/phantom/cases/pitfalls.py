"""What looks like metastases and is none, or hides them: young marrow, growth factor, old fractures, metal, level variants."""

from __future__ import annotations

from functools import partial

from spinemets.phantom.anatomy.sizes import Collapse, Patient
from spinemets.phantom.cases.case import Case, Group, Marrow
from spinemets.phantom.cases.fractures import RIM_SHARE
from spinemets.phantom.cases.ingredients import LUMBAR_FIELD, MARROW_ONLY, NO_CRITERION, absent
from spinemets.phantom.pathology.hardware import Bar
from spinemets.phantom.pathology.screw import Screw

SIDES = ("left", "right")


def _young_marrow(_: float | None) -> Case:
    return Case(
        name="pit-young-marrow",
        about="16 years old: red marrow everywhere, fat fraction 0.20, no lesion.",
        patient=Patient(age_years=16.0, height_cm=162.0, weight_kg=55.0),
        marrow=Marrow(tissue="young_red_marrow", fat_fraction=0.20),
        expected=absent(LUMBAR_FIELD),
    )


def _gcsf(_: float | None, name: str) -> Case:
    return Case(
        name=name,
        about="Red marrow everywhere under growth factor, fat fraction 0.12, no lesion.",
        marrow=Marrow(tissue="gcsf_marrow", fat_fraction=0.12),
        expected=absent(LUMBAR_FIELD),
    )


def _osteoporosis(_: float | None) -> Case:
    loss = Collapse(anterior=RIM_SHARE * 0.30, middle=0.20, posterior=0.0)
    levels = ("T12", "L1", "L3")
    return Case(
        name="pit-osteoporosis-3fx",
        about="78 years old: three healed wedges of 30 %, no lesion.",
        patient=Patient(age_years=78.0, height_cm=158.0, weight_kg=60.0),
        collapses=dict.fromkeys(levels, loss),
        expected=(*(("FX-01", level, None, "present") for level in levels), *absent(LUMBAR_FIELD)),
    )


def _hardware(_: float | None, name: str) -> Case:
    levels = ("L3", "L4", "L5")
    return Case(
        name=name,
        about="Titanium screws and rods from L3 to L5, no lesion.",
        patient=Patient(age_years=58.0),
        screws=tuple(Screw(level=level, side=side) for level in levels for side in SIDES),
        fixtures=tuple(Bar(side=side, levels=levels) for side in SIDES),
        expected=tuple(("CT-02", level, None, "absent") for level in ("T11", "T12", "L1")),
        series=("ct",),
    )


def _variant(_: float | None, name: str, variant: str, about: str) -> Case:
    return Case(
        name=name,
        about=about,
        patient=Patient(variant=variant),
        expected=absent(LUMBAR_FIELD),
    )


def _header_of_3t(_: float | None) -> Case:
    return Case(
        name="pit-3t-header",
        about="Normal patient at 1.5 T whose MR headers say 3 T.",
        stated={"field_t": 3.0},
        expected=absent(LUMBAR_FIELD),
    )


def _stir_after_gd(_: float | None) -> Case:
    return Case(
        name="pit-stir-after-gd",
        about="Marrow lesion of L3; STIR taken after gadolinium.",
        inserts=(MARROW_ONLY,),
        series=("t1", "t1_gd", "stir"),
        awaits=NO_CRITERION,
    )


CASES: Group = {
    "pit-3t-header": _header_of_3t,
    "pit-stir-after-gd": _stir_after_gd,
    "gcsf": partial(_gcsf, name="gcsf"),
    "pit-young-marrow": _young_marrow,
    "pit-gcsf": partial(_gcsf, name="pit-gcsf"),
    "pit-osteoporosis-3fx": _osteoporosis,
    "pit-hardware": partial(_hardware, name="pit-hardware"),
    "hw-l3l5": partial(_hardware, name="hw-l3l5"),
    "pit-transitional": partial(
        _variant, name="pit-transitional", variant="sacralised-l5", about="L5 joined to the sacrum."
    ),
    "lvl-t13": partial(_variant, name="lvl-t13", variant="t13", about="Thirteen thoracic vertebrae."),
    "lvl-l6": partial(_variant, name="lvl-l6", variant="l6", about="Six lumbar vertebrae."),
}
