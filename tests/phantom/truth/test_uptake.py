"""Truth of the tracers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spinemets import phantom
from spinemets.phantom.cases.case import Avidity
from spinemets.phantom.cases.named import case_of
from spinemets.phantom.truth.uptake import uptake_truth


def test_marrow_and_liver(normal):
    """A woman of 52: marrow between those of her fifth and sixth decade; nothing changed."""
    found = uptake_truth(normal.case, normal.anatomy)
    assert 1.46 <= found["marrow_fdg_suv_g_per_ml"] <= 1.54
    assert (found["liver_fdg_suv_g_per_ml"], found["marrow_bone_scan_suv_g_per_ml"]) == (1.88, pytest.approx(3.92))
    assert (found["bone_factor"], found["soft_factor"]) == (1.0, 1.0)


def test_factors_of_the_case():
    """Bone times 4."""
    case = replace(case_of("normal"), avidity=Avidity(bone_factor=4.0, soft_factor=0.3))
    found = phantom.build(case, 1).truth["uptake"]
    assert found["marrow_bone_scan_suv_g_per_ml"] == pytest.approx(4 * 3.92)
    assert (found["bone_factor"], found["soft_factor"]) == (4.0, 0.3)


def test_lesions_state_both_tracers(first_light):
    """Lytic: 5.5 with glucose, 1.5 times a normal vertebra; blastic: 3.0 and 5.2."""
    found = [
        (x["parts"][0]["fdg_suv_g_per_ml"], x["parts"][0]["bone_scan_ratio"]) for x in first_light.truth["lesions"]
    ]
    assert found == [(5.5, 1.5), (3.0, 5.2)]
