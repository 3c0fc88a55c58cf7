"""Lesions that MR shows and CT does not, or not well."""

from __future__ import annotations

from spinemets.phantom.anatomy.sizes import LEVELS
from spinemets.phantom.cases.case import Case, Group
from spinemets.phantom.cases.ingredients import LUMBAR_FIELD, found
from spinemets.phantom.pathology.inserts import Insert


def _marrow_only(_: float | None) -> Case:
    lesion = Insert(
        id="marrow-1",
        kind="marrow_only",
        level="L3",
        tissue="marrow_only_infiltrate",
        centre_mm=(-4.0, 2.0, 0.0),
        radii_mm=(10.0, 9.0, 9.0),
        mineral_retained=1.0,
    )
    return Case(
        name="marrow-only",
        about="Marrow of L3 replaced between intact trabeculae: MR shows it, CT does not.",
        inserts=(lesion,),
        expected=found("L3", "marrow_only"),
    )


def _diffuse(_: float | None) -> Case:
    inserts = tuple(
        Insert(
            id=f"diffuse-{level}",
            kind="diffuse",
            level=level,
            tissue="diffuse_infiltrate",
            mineral_retained=0.9,
            share=0.92,
            compartments=("body", "posterior_elements"),
        )
        for level in LEVELS
    )
    expected = tuple(("MR-T1-01", level, None, "present") for level in LUMBAR_FIELD)
    return Case(name="diffuse", about="All marrow replaced: dark on T1 everywhere.", inserts=inserts, expected=expected)


CASES: Group = {
    "marrow-only": _marrow_only,
    "diffuse": _diffuse,
}
