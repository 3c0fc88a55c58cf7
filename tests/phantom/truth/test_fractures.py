"""Truth of one collapse."""

from __future__ import annotations

import pytest

from spinemets.phantom.truth.fractures import fracture_truth


def test_wedge_of_the_demonstration(first_light):
    """36 % anterior loss over the anterior sixth (40 % at the rim): grade 2; the back keeps all but what the slope takes there."""
    found = fracture_truth(first_light.anatomy, "L1")
    assert found["loss"]["anterior"] == pytest.approx(0.36, abs=0.015)
    assert found["loss"]["posterior"] == pytest.approx(0.0, abs=0.035)
    assert found["genant_grade"] == 2
