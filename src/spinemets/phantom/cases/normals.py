"""Patients without lesion or fracture."""

from __future__ import annotations

from functools import partial

from spinemets.phantom.anatomy.sizes import Patient
from spinemets.phantom.cases.case import Case, Group
from spinemets.phantom.cases.ingredients import LUMBAR_FIELD, absent

DECADES = range(20, 90, 10)
# Stature and weight of the cases of each sex: a choice.
BUILD = {"m": ("male", 178.0, 82.0), "f": ("female", 166.0, 68.0)}


def person(decade: int, sex: str) -> Patient:
    """A patient in the middle of a decade."""
    name, height, weight = BUILD[sex]
    return Patient(age_years=decade + 5.0, sex=name, height_cm=height, weight_kg=weight)


def _normal(_: float | None) -> Case:
    return Case(name="normal", about="No lesion and no fracture.", expected=absent(LUMBAR_FIELD))


def _of_decade(_: float | None, decade: int, sex: str) -> Case:
    patient = person(decade, sex)
    return Case(
        name=f"normal-{decade}-{sex}",
        about=f"No lesion and no fracture: {patient.sex}, {patient.age_years:.0f} years.",
        patient=patient,
        expected=absent(LUMBAR_FIELD),
    )


CASES: Group = {
    "normal": _normal,
    **{f"normal-{decade}-{sex}": partial(_of_decade, decade=decade, sex=sex) for decade in DECADES for sex in BUILD},
}
