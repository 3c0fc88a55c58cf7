"""Cases of `myelogram`."""

from __future__ import annotations

import pytest

from spinemets import phantom
from spinemets.phantom.cases.myelogram import CASES


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_case_holds_its_disease(name):
    """Each has a region of soft tissue or fluid, at levels that the patient has, with tissues that exist."""
    patient = phantom.build(name, 1)
    assert patient.anatomy.soft_lesions
    for region in patient.anatomy.soft_lesions:
        assert set(region.levels) <= set(patient.anatomy.sizes)
        assert region.layers
