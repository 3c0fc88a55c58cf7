"""Radiopharmaceuticals in headers."""

from __future__ import annotations

import math
from datetime import datetime

import pytest
from pydicom.sr._concepts_dict import concepts

from spinemets.exports.dicom.tracer import (
    FDG,
    INTRAVENOUS,
    MEDRONATE,
    SODIUM_FLUORIDE,
    Radiopharmaceutical,
    nuclear_item,
    pet_item,
)
from spinemets.knowledge import nuclides
from spinemets.model.errors import UsageError


@pytest.fixture
def make():
    """A tracer of a nuclide."""

    def build(nuclide="F-18", **more) -> Radiopharmaceutical:
        given = {"agent": "FDG", "dose_bq": 3.1e8, "injected": datetime(2020, 1, 1, 11), **more}
        return Radiopharmaceutical(nuclide=nuclide, **given)

    return build


def test_dose_in_the_unit_of_the_modality(make):
    """PET states becquerels, nuclear medicine megabecquerels (PS3.3 C.8.9.2, C.8.4.10)."""
    pet, nuclear = pet_item(make()), nuclear_item(make("Tc-99m"))
    assert (float(pet.RadionuclideTotalDose), float(nuclear.RadionuclideTotalDose)) == (3.1e8, 310.0)
    assert (float(pet.RadionuclideHalfLife), pet.RadiopharmaceuticalStartDateTime) == (6586.2, "20200101110000")
    assert "RadionuclidePositronFraction" not in pet
    assert float(pet_item(make(positron_fraction=0.97)).RadionuclidePositronFraction) == 0.97
    assert len(pet.RadiopharmaceuticalCodeSequence) == 0


@pytest.mark.parametrize("nuclide", ["F-18", "Tc-99m", "Ga-68", "Sc-44", "In-111"])
def test_nuclides_are_recognised(nuclide, make):
    """The code and the words written are those by which the reader knows the nuclide."""
    (code,) = pet_item(make(nuclide)).RadionuclideCodeSequence
    assert nuclides.by_code([code.CodeValue]).name == nuclide
    assert nuclides.by_words(code.CodeMeaning).name == nuclide
    assert code.CodingSchemeDesignator == ("DCM" if nuclide == "Sc-44" else "SCT")


def test_decay(make):
    """Half-life and decay constant of the table: after one half-life half is left."""
    tracer = make("Tc-99m")
    assert math.exp(-tracer.decay_per_s * tracer.half_life_s) == pytest.approx(0.5)
    with pytest.raises(UsageError, match=r"'F18' is not known\. Write symbol and mass number"):
        pet_item(make("F18"))


def test_agents_mean_what_they_are_called():
    """Codes of CID 25 and CID 11 against the dictionary pydicom makes of PS3.16."""
    known = {(code, meaning) for rows in concepts["SCT"].values() for code, (meaning, _) in rows.items()}
    for code in (FDG, SODIUM_FLUORIDE, MEDRONATE, INTRAVENOUS):
        assert (code.value, code.meaning) in known
