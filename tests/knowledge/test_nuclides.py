"""Radionuclides: headers call one nuclide by many names, and the half-life must be that of the one meant."""

from __future__ import annotations

import math

import pytest

from spinemets.knowledge.catalogue import table
from spinemets.knowledge.nuclides import by_code, by_words


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("^18^Fluorine", "F-18"),
        ("F-18", "F-18"),
        ("18F", "F-18"),
        ("F18 FDG", "F-18"),
        ("Fluorine-18", "F-18"),
        ("FDG -- fluorodeoxyglucose", None),
        ("Tc99m", "Tc-99m"),
        ("Technetium 99m", "Tc-99m"),
        ("99mTc", "Tc-99m"),
        ("Tc-99", "Tc-99m"),
        ("Tc-99m MDP", "Tc-99m"),
        ("[68Ga]Ga-PSMA", "Ga-68"),
        ("Ga-68 and F-18", None),
        ("C-11 acetate", "C-11"),
        ("series 18", None),
        ("1F-188", None),
        ("", None),
        (None, None),
    ],
)
def test_words(words, name):
    """Every usual spelling; nothing where none or two are named."""
    found = by_words(words)
    assert (found.name if found else None) == name


def test_codes():
    """SNOMED CT and the older SRT code of the same nuclide."""
    assert by_code(["77004003"]) == by_code([None, "C-111A1 "]) == by_words("F-18")
    assert by_code(["C-XXXXX", None]) is None and by_code([]) is None


def test_codes_are_those_of_dicom():
    """Every code is in the context groups of the standard, under a name with its mass number."""
    from pydicom.sr._concepts_dict import concepts

    meanings = {
        code: text for names in concepts.values() for rows in names.values() for code, (text, _) in rows.items()
    }
    for name, row in table("radionuclides")["nuclides"].items():
        code = row["codes"][0]
        mass, element = name.partition("-")[2], row["element"]
        assert meanings[code].lower() == f"^{mass}^{element}", name


def test_half_lives_are_distinct_seconds():
    """No nuclide is entered twice, no half-life in minutes: F-18 decays to half in 109.77 minutes."""
    rows = table("radionuclides")["nuclides"]
    assert math.isclose(rows["F-18"]["half_life_s"], 109.77 * 60)
    assert math.isclose(rows["Ga-68"]["half_life_s"], 67.71 * 60)
    assert math.isclose(rows["Tc-99m"]["half_life_s"], 6.015 * 3600)
    assert len({row["half_life_s"] for row in rows.values()}) == len(rows)
    codes = [code for row in rows.values() for code in row["codes"]]
    assert len(set(codes)) == len(codes)
