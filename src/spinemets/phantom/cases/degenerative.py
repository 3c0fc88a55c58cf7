"""Worn spines, and benign changes that mimic metastases."""

from __future__ import annotations

from spinemets.phantom.anatomy.sizes import Patient
from spinemets.phantom.cases.case import Case, Group
from spinemets.phantom.cases.ingredients import absent
from spinemets.phantom.pathology.degenerative import BenignChange

LEVELS = ("T12", "L1", "L2", "L3", "L4", "L5")
SERIES = ("ct", "t1", "t2", "stir")


def _worn(_: float | None) -> Case:
    return Case(
        name="degenerated",
        about="Discs worn as in many people of 78 years, without tumour.",
        patient=Patient(age_years=78.0, degeneration="by_age"),
        expected=(*absent(LEVELS, "FX-01"), *absent(LEVELS)),
        series=SERIES,
    )


def _mim_modic1(_: float | None) -> Case:
    return Case(
        name="mim-modic1",
        about="Disc L4-L5 worn (grade IV) with Modic type 1 bands on both sides, other lumbar discs grade II and III.",
        patient=Patient(age_years=61.0, degeneration={"L4": 4, "L3": 3, "L2": 2, "L5": 3}),
        benign=(
            BenignChange(kind="modic1", level="L4", part="inferior", depth_mm=9.0),
            BenignChange(kind="modic1", level="L5", part="superior", depth_mm=8.0),
        ),
        expected=(*absent(("L4", "L5"), "FX-01", "CT-02"), *absent(("L1", "L2", "L3"))),
        series=SERIES,
    )


def _mim_schmorl(_: float | None) -> Case:
    return Case(
        name="mim-schmorl",
        about="Schmorl node in the inferior endplate of L2, dense rim, no tumour.",
        patient=Patient(degeneration={"L2": 3}),
        expected=(*absent(("L2",), "FX-01", "MR-STIR-01"), *absent(("L1", "L3", "L4"))),
        benign=(
            BenignChange(
                kind="schmorl", level="L2", part="inferior", depth_mm=7.0, centre_mm=(2.0, -3.0), radius_mm=6.0
            ),
        ),
        series=SERIES,
    )


def _mim_facet(_: float | None) -> Case:
    return Case(
        name="mim-facet",
        about="Oedema of the left articular processes of L4 and L5 beside a worn disc, no tumour.",
        patient=Patient(age_years=64.0, degeneration={"L4": 4}),
        expected=(*absent(("L4", "L5"), "FX-01"), *absent(LEVELS)),
        benign=(
            BenignChange(kind="facet_oedema", level="L4", part="left"),
            BenignChange(kind="facet_oedema", level="L5", part="left"),
        ),
        series=SERIES,
    )


CASES: Group = {
    "degenerated": _worn,
    "mim-modic1": _mim_modic1,
    "mim-schmorl": _mim_schmorl,
    "mim-facet": _mim_facet,
}
