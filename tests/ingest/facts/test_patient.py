"""Patient facts: "never the name"; "stable per patient: hash of PatientID only"."""

from __future__ import annotations

import pytest

from spinemets.ingest.facts.patient import age_years, facts, merged, pseudonym
from spinemets.ingest.header.values import Values
from spinemets.ingest.read import read
from spinemets.model.study import PatientFacts


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


def test_facts_of_several_series_complete_each_other():
    """The CT of a PET/CT often states no weight; two weights are said, the first is kept."""
    ct, pet = PatientFacts(sex="female", age_years=61), PatientFacts(sex="female", weight_kg=70, height_m=1.7)
    found, said = merged(ct, pet)
    assert (found, said) == (PatientFacts(sex="female", age_years=61, weight_kg=70, height_m=1.7), ())
    found, said = merged(found, PatientFacts(sex="male", weight_kg=82))
    assert (found.sex, found.weight_kg) == ("female", 70)
    assert said == (
        "PatientSex (0010,0040) is male here, female in another series of the study",
        "PatientWeight (0010,1030) [kg] is 82 here, 70 in another series of the study",
    )
    assert merged(None, pet) == (pet, ()) and merged(ct, None) == (ct, ()) and merged(None, None) == (None, ())


def test_a_study_whose_series_differ_says_so(tmp_path, write_image, noise):
    """The sentence stands with the series that contradicts the first."""
    write_image(tmp_path / "a", noise(4, 4), SeriesInstanceUID="1.2", SeriesNumber=1, PatientWeight=70)
    write_image(tmp_path / "b", noise(4, 4), SeriesInstanceUID="1.3", SeriesNumber=2, PatientWeight=82, PatientSize=1.7)
    study = read([tmp_path])
    assert (study.patient.weight_kg, study.patient.height_m) == (70, 1.7)
    assert not study.series[0].warnings and "82" in study.series[1].warnings[0]
