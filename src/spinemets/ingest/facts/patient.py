"""What the headers say of the patient: age, sex, dates, a pseudonym. The name is not kept."""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace
from datetime import date

from spinemets.ingest.facts import body_size
from spinemets.ingest.facts.moments import iso
from spinemets.ingest.header.values import Values
from spinemets.model.study import PatientFacts

SEXES = {"F": "female", "M": "male", "O": "other"}
COMPARED = {
    "sex": "PatientSex (0010,0040)", "weight_kg": "PatientWeight (0010,1030) [kg]", "height_m": "PatientSize (0010,1020) [m]",
}  # fmt: skip
AGE_UNITS_PER_YEAR = {"Y": 1.0, "M": 12.0, "W": 52.1775, "D": 365.25}


def pseudonym(patient_id: str | None) -> str | None:
    """`patient-` and 8 hexadecimal digits of the SHA-256 of PatientID: the same for all studies of one patient."""
    if not patient_id:
        return None
    return "patient-" + hashlib.sha256(patient_id.encode("utf-8", "replace")).hexdigest()[:8]


def facts(values: Values, patient_id: str | None) -> PatientFacts:
    """Facts from the header of one image of the study."""
    study_date = iso(values.text("StudyDate") or "")
    weight_kg, height_m = body_size.of_values(values)
    return PatientFacts(
        pseudonym=pseudonym(patient_id), age_years=age_years(values.text("PatientAge"), values.text("PatientBirthDate"), study_date),
        sex=SEXES.get((values.text("PatientSex") or "").upper()), study_date=study_date,
        accession=values.text("AccessionNumber"), study_description=values.text("StudyDescription"),
        weight_kg=weight_kg, height_m=height_m,
    )  # fmt: skip


def merged(known: PatientFacts | None, other: PatientFacts | None) -> tuple[PatientFacts | None, tuple[str, ...]]:
    """Facts of a study so far, with what another series adds to them, and a sentence for each that it contradicts.

    What was known first stays.
    """
    if known is None or other is None:
        return known or other, ()
    stated = {f.name: getattr(other, f.name) for f in fields(PatientFacts)}
    added = {name: value for name, value in stated.items() if getattr(known, name) is None}
    said = tuple(
        f"{tag} is {stated[name]} here, {getattr(known, name)} in another series of the study"
        for name, tag in COMPARED.items()
        if None not in (stated[name], getattr(known, name)) and stated[name] != getattr(known, name)
    )
    return replace(known, **added), said


def age_years(age: str | None, birth: str | None, study_date: str | None) -> float | None:
    """Age at the study from PatientAge (`058Y`, `006M`, ...), else from birth and study date; None if neither tells."""
    text = (age or "").strip().upper()
    if text[:-1].isdigit() and text[-1:] in AGE_UNITS_PER_YEAR:
        return round(int(text[:-1]) / AGE_UNITS_PER_YEAR[text[-1]], 2)
    born = iso(birth or "")
    if born is None or study_date is None:
        return None
    try:
        days = (date.fromisoformat(study_date[:10]) - date.fromisoformat(born[:10])).days
    except ValueError:
        return None
    return round(days / 365.25, 2) if 0 <= days < 130 * 366 else None
