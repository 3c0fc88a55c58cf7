"""Cases of `myelogram`."""

from __future__ import annotations

import pytest

from spinemets import phantom
from spinemets.phantom.cases.myelogram import CASES
from spinemets.phantom.cases.named import case_of
from spinemets.phantom.imaging.acquisition import default


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_case_holds_its_disease(name):
    """Each has a region of soft tissue or fluid, at levels that the patient has, with tissues that exist."""
    patient = phantom.build(name, 1)
    assert patient.anatomy.soft_lesions
    for region in patient.anatomy.soft_lesions:
        assert set(region.levels) <= set(patient.anatomy.sizes)
        assert region.layers


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_case_is_imaged_as_a_myelogram_where_its_disease_lies(name):
    """The protocol of PHA-53; a block at T8 is not looked for in the lumbar field."""
    (series,) = case_of(name).series
    assert series.startswith("ct_myelogram") and ("thoracic" in series) == ("block" in name)
    assert "MYELOGRAM" in default(series).description
