"""Factors of a patient."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.knowledge.catalogue import table
from spinemets.phantom.anatomy.sizes import Patient
from spinemets.phantom.anatomy.trunk.measures import fat_factor, muscle_fat, size_factor


def test_reference_people_have_the_factors_of_the_table():
    """A man and a woman of their sex's usual height: the sex factor; at the reference index: fat as in the table."""
    rows = table("phantom_trunk")["habitus"]
    for sex, height in (("male", 176.5), ("female", 163.5)):
        weight = rows["reference_bmi"] * (height / 100) ** 2
        patient = Patient(sex=sex, height_cm=height, weight_kg=weight)
        assert size_factor(patient) == pytest.approx(rows["sex_scale"][sex])
        assert fat_factor(patient) == pytest.approx(1.0)


def test_size_grows_with_height_and_fat_with_weight():
    """Monotone; fat between its limits."""
    sizes = [size_factor(Patient(height_cm=h)) for h in (145, 160, 175, 190)]
    fats = [fat_factor(Patient(weight_kg=w)) for w in (40, 60, 80, 100, 200)]
    assert np.all(np.diff(sizes) > 0)
    assert np.all(np.diff(fats) > 0)
    limits = table("phantom_trunk")["habitus"]["fat"]
    assert limits["least"] <= fats[0] and fats[-1] == limits["most"]


def test_streaks_grow_with_age_as_the_table_says():
    """At 75 years 20 % of fat in all (table tissues), of which the tissue itself holds its own."""
    held = table("tissues_normal")["tissues"]["muscle"]["fat"]
    assert muscle_fat(Patient(age_years=75)) == pytest.approx(0.2 - held)
    assert muscle_fat(Patient(age_years=20)) == table("phantom_trunk")["muscles"]["least_streaks"]
    assert muscle_fat(Patient(age_years=50)) < muscle_fat(Patient(age_years=60))
