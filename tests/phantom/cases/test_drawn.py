"""Patients drawn from a recipe."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from spinemets.model.errors import UsageError
from spinemets.phantom.cases.drawn import drawn_case, recipe_of
from spinemets.phantom.cases.named import CASES

RECIPE = recipe_of()


@pytest.fixture(scope="module")
def many():
    """Six hundred cases of one cohort."""
    return [drawn_case(RECIPE, 7, number) for number in range(600)]


def test_the_same_patient_however_many_there_are(many):
    """Seed and number fix the patient; another seed gives another."""
    assert drawn_case(RECIPE, 7, 41) == many[41]
    assert drawn_case(RECIPE, 8, 41) != many[41]


def test_groups_have_their_shares(many):
    """Within three standard deviations of 0.40, 0.35, 0.15 and 0.10."""

    def group(case):
        if case.about.startswith("Mimic"):
            return "mimic"
        return "metastatic" if case.inserts else "fracture" if case.collapses else "normal"

    counts = Counter(group(case) for case in many)
    for name, share in RECIPE["groups"].items():
        sd = np.sqrt(share * (1 - share) / len(many))
        assert counts[name] / len(many) == pytest.approx(share, abs=3 * sd)


def test_lesions_are_as_the_recipe_says(many):
    """One to twelve lesions, median radius 6 mm, in levels of the recipe, kinds by their shares."""
    inserts = [i for case in many if case.name and not case.about.startswith("Mimic") for i in case.inserts]
    radii = [np.cbrt(np.prod(i.radii_mm)) for i in inserts]
    assert np.median(radii) == pytest.approx(RECIPE["lesions"]["radius_mm"]["median"], rel=0.1)
    assert {i.level for i in inserts} == set(RECIPE["levels"])
    kinds = Counter(i.kind for i in inserts)
    for kind, share in RECIPE["lesions"]["kinds"].items():
        assert kinds[kind] / len(inserts) == pytest.approx(share, abs=0.06)
    numbers = [len(c.inserts) for c in many if c.inserts and not c.about.startswith("Mimic")]
    assert (min(numbers), max(numbers)) == (1, 12)


def test_patients_are_people(many):
    """Ages, statures and weights lie where the recipe puts them; both sexes occur."""
    low, high = RECIPE["patient"]["age_years"]
    assert all(low <= case.patient.age_years <= high for case in many)
    women = [case.patient for case in many if case.patient.sex == "female"]
    assert 0.4 < len(women) / len(many) < 0.6
    assert np.mean([p.height_cm for p in women]) == pytest.approx(163, abs=1.5)
    index = [c.patient.weight_kg / (c.patient.height_cm / 100) ** 2 for c in many if not c.about.startswith("Mimic")]
    assert np.mean(index) == pytest.approx(26.5, abs=0.8)


def test_a_recipe_changes_only_what_it_names():
    """The rest stays; what does not exist is refused by name."""
    changed = recipe_of({"lesions": {"number": [2, 3]}})
    assert changed["lesions"]["number"] == [2, 3]
    assert changed["lesions"]["kinds"] == RECIPE["lesions"]["kinds"]
    with pytest.raises(UsageError, match=r"lesions\.sise"):
        recipe_of({"lesions": {"sise": 3}})


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"groups": {"normal": 0.9}}, "add to"), ({"mimics": []}, "names no mimics")],
)
def test_a_recipe_that_makes_no_sense_is_refused(changes, words):
    """Shares must add to one; a group of mimics needs mimics."""
    with pytest.raises(UsageError, match=words):
        recipe_of(changes)


def test_mimics_exist():
    """The recipe names cases that can be made."""
    assert set(RECIPE["mimics"]) <= set(CASES)
