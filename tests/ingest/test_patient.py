"""Patient facts: "never the name"; "stable per patient: hash of PatientID only"."""

from __future__ import annotations

import pytest

from spinemets.ingest.patient import age_years, facts, pseudonym
from spinemets.ingest.values import Values


def test_pseudonym_is_stable_and_says_nothing():
    """The same identifier gives the same pseudonym in every study, another one another."""
    assert pseudonym("12345") == pseudonym("12345") != pseudonym("12346")
    assert pseudonym("12345") == "patient-5994471a"
    assert pseudonym("") is None and pseudonym(None) is None


@pytest.mark.parametrize(
    ("age", "birth", "study", "expected"),
    [
        ("058Y", None, None, 58.0),
        ("006M", None, None, 0.5),
        ("010D", None, None, 0.03),
        ("26W", None, None, 0.5),
        (None, "19600101", "2024-01-01", 64.0),
        ("??", "19600101", "2024-07-01", 64.5),
        (None, "19600101", None, None),
        (None, "20300101", "2024-01-01", None),
        (None, "19601399", "2024-01-01", None),
        ("", "", "2024-01-01", None),
    ],
)
def test_age(age, birth, study, expected):
    """PatientAge first, else birth and study date; nonsense is unknown."""
    assert age_years(age, birth, study) == expected


def test_facts_of_a_header():
    """Sex in words; what is missing is None."""
    import pydicom

    header = pydicom.Dataset()
    header.PatientSex, header.StudyDate, header.PatientName = "M", "20230405", "Secret^Name"
    found = facts(Values(header), "77")
    assert (found.sex, found.study_date, found.age_years) == ("male", "2023-04-05", None)
    assert "Secret" not in repr(found)
    assert facts(Values(pydicom.Dataset()), None).sex is None


def test_weight_and_height():
    """As stated, for SUV; nothing where the header writes zero."""
    import pydicom

    header = pydicom.Dataset()
    header.PatientWeight, header.PatientSize = 82, 0
    found = facts(Values(header), None)
    assert (found.weight_kg, found.height_m) == (82, None)
