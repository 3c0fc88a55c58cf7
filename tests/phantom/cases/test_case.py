"""A case as a value."""

from __future__ import annotations

from spinemets.phantom.cases.named import CASES, case_of


def test_one_patient_has_one_name_on_all_days():
    """What stands behind the @ is the day: the person is the same, the case is another."""
    first, later = case_of("pair-flare"), case_of("pair-flare@50")
    assert first.person == later.person == "pair-flare"
    assert (first.day, later.day) == (0, 50)
    assert first.name != later.name


def test_without_days_the_person_is_the_case():
    """Every case of one day names its own person."""
    single = [case_of(name) for name in CASES if len(case_of(name).days) == 1]
    assert all(case.person == case.name for case in single)
