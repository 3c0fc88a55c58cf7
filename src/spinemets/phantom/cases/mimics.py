"""Mimics of metastasis: haemangioma, infection, cement, irradiated marrow."""

from __future__ import annotations

from functools import partial

from spinemets.phantom.cases.case import Case, Group
from spinemets.phantom.cases.ingredients import NO_CRITERION
from spinemets.phantom.pathology import benign
from spinemets.phantom.pathology.hardware import Leak
from spinemets.phantom.pathology.shapes import Ellipsoid, Whole

# Oedema of infection, from the endplate: most of the body's height.
OEDEMA_MM = 20.0
SERIES = ("ct", "t1", "t2", "stir")


def _haemangioma(_: float | None, kind: str) -> Case:
    aggressive = kind == "aggressive"
    shape = Whole() if aggressive else Ellipsoid(centre_mm=(2.0, 1.0, 0.0), radii_mm=(13.0, 11.0, 10.5))
    about = (
        "all of L2, body and arch, vessels between struts"
        if aggressive
        else "L2, vessels between struts, T1 not bright"
    )
    return Case(
        name=f"mim-hemangioma-{kind}",
        about=f"Haemangioma, {kind}: {about}.",
        inserts=(benign.haemangioma("L2", kind, shape),),
        series=SERIES,
        awaits=NO_CRITERION,
    )


def _discitis(_: float | None) -> Case:
    inserts = (
        *benign.infected("L3", "inferior", depth_mm=OEDEMA_MM, eroded_mm=3.0),
        *benign.infected("L4", "superior", depth_mm=OEDEMA_MM, eroded_mm=3.0),
    )
    return Case(
        name="mim-discitis",
        about="Infection of the disc L3-L4: disc bright, both endplates eroded, both bodies oedematous.",
        inserts=inserts,
        discs={"L3": "discitis_disc"},
        series=SERIES,
        expected=tuple(
            (criterion, level, None, "present") for level in ("L3", "L4") for criterion in ("MR-STIR-01", "MR-T1-01")
        ),
    )


def _cement(_: float | None) -> Case:
    return Case(
        name="mim-cement",
        about="4 ml of cement in L2, with a leak in front of it.",
        inserts=(benign.cement("L2", volume_ml=4.0),),
        fixtures=(Leak(level="L2", centre_mm=(4.0, 21.0, -2.0)),),
        series=SERIES,
        awaits=NO_CRITERION,
    )


def _rt_field(_: float | None) -> Case:
    inserts = (
        benign.irradiated("T10", high_mm=6.0),
        *(benign.irradiated(level) for level in ("T11", "T12", "L1")),
        benign.irradiated("L2", low_mm=-4.0),
    )
    return Case(
        name="mim-rt-field",
        about="Fatty marrow of a field from T10 to L2 that ends inside these two.",
        inserts=inserts,
        series=SERIES,
        expected=tuple(("MR-T1-01", level, None, "absent") for level in ("T11", "T12", "L1", "L3", "L4", "L5")),
    )


CASES: Group = {
    "mim-hemangioma-atypical": partial(_haemangioma, kind="atypical"),
    "mim-hemangioma-aggressive": partial(_haemangioma, kind="aggressive"),
    "mim-discitis": _discitis,
    "mim-cement": _cement,
    "mim-rt-field": _rt_field,
}
