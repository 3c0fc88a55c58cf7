"""Cases of `canal_mimics`."""

from __future__ import annotations

import pytest

from spinemets import phantom
from spinemets.phantom.cases.canal_mimics import CASES


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_case_holds_its_disease(name):
    """Each has a region of soft tissue or fluid, at levels that the patient has, with tissues that exist."""
    patient = phantom.build(name, 1)
    assert patient.anatomy.soft_lesions
    for region in patient.anatomy.soft_lesions:
        assert set(region.levels) <= set(patient.anatomy.sizes)
        assert region.layers


@pytest.mark.parametrize("stage", ["hyperacute", "acute", "subacute", "chronic"])
def test_haematoma_lies_behind(stage):
    """Dorsal, C6 to T3."""
    (region,) = phantom.build(f"mim-hematoma-{stage}", 1).anatomy.soft_lesions
    assert region.levels == ("C6", "C7", "T1", "T2", "T3")
    assert region.kind == "haematoma"
