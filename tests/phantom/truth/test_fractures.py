"""Truth of one collapse."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets import phantom
from spinemets.phantom.truth.fractures import fracture_truth


def test_wedge_of_the_demonstration(first_light):
    """36 % anterior loss over the anterior sixth (40 % at the rim): grade 2; the back keeps all but what the slope takes there."""
    found = fracture_truth(first_light.anatomy, "L1", first_light.case.collapses["L1"])
    assert found["loss"]["anterior"] == pytest.approx(0.36, abs=0.015)
    assert found["loss"]["posterior"] == pytest.approx(0.0, abs=0.035)
    assert found["genant_grade"] == 2
    assert found["marrow"] is None
    assert found["kind"] == "wedge"
    for name, (above, below) in found["six_points_lps_mm"].items():
        apart = np.linalg.norm(np.subtract(above, below))
        assert apart == pytest.approx(found["heights_mm"][name], abs=1.5), name


def test_fluid_of_figure_ten():
    """30 % anterior loss, cleft of 2 ml full of fluid, acute."""
    patient = phantom.build("fig10", 1)
    found = fracture_truth(patient.anatomy, "T11", patient.case.collapses["T11"])
    assert (found["age"], found["tumour"]) == ("acute", False)
    assert found["loss"]["anterior"] == pytest.approx(0.30, abs=0.01)
    assert found["marrow"]["fluid_mm3"] == pytest.approx(2000, rel=0.02)
    assert found["marrow"]["changed_share"] > 0.8
