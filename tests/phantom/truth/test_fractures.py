"""Truth of one collapse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets import phantom
from spinemets.phantom.anatomy.body import Body
from spinemets.phantom.anatomy.sizes import Collapse, sizes
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


@pytest.fixture(scope="module")
def collapsed(normal):
    """Function: truth of a collapse of a level of the usual patient, whose bodies are built anew."""

    def of(level, **losses):
        collapse = Collapse(**losses)
        size = sizes(normal.case.patient, 1, {level: collapse})[level]
        broken = replace(normal.anatomy.vertebra(level), body=Body(size=size))
        others = tuple(v for v in normal.anatomy.vertebrae if v.level != level)
        anatomy = replace(normal.anatomy, vertebrae=(*others, broken))
        return fracture_truth(anatomy, level, collapse)

    return of


# Losses at the rim: a twelfth less over the anterior sixth.
@pytest.mark.parametrize(("anterior", "grade"), [(0.10, 0), (0.24, 1), (0.33, 2), (0.50, 3)])
def test_grades_follow_the_greatest_loss(collapsed, anterior, grade):
    """Loss is 1 - height / height before at each point, its greatest gives the grade (0.20, 0.25, 0.40)."""
    found = collapsed("L2", anterior=anterior, middle=0.6 * anterior)
    for name, loss in found["loss"].items():
        assert loss == pytest.approx(1 - found["heights_mm"][name] / found["heights_before_mm"][name], abs=2e-4), name
    worst = max(found["loss"].values())
    assert worst == found["loss"]["anterior"] == pytest.approx(anterior / 1.085, abs=0.015)
    assert found["genant_grade"] == grade == sum(worst >= limit for limit in (0.20, 0.25, 0.40))


def test_a_crush_loses_everywhere(collapsed):
    """As much behind as in front: losses alike, the middle no taller than the rims were."""
    found = collapsed("T12", anterior=0.4, middle=0.4, posterior=0.4)
    assert list(found["loss"].values()) == pytest.approx([0.4] * 3, abs=0.03)
    assert found["genant_grade"] in {2, 3}


def test_six_points_lie_in_order(collapsed, normal):
    """Superior above inferior; from the front to the back of the level; in its midline plane."""
    found, frame = collapsed("L2", anterior=0.35, middle=0.2), normal.anatomy.frames["L2"]
    at = {name: [np.subtract(p, frame.origin) for p in pair] for name, pair in found["six_points_lps_mm"].items()}
    for name, (above, below) in at.items():
        assert above @ frame.superior > below @ frame.superior, name
        assert [p @ frame.left for p in (above, below)] == pytest.approx([0, 0], abs=0.01)
    ahead = [at[name][0] @ frame.anterior for name in ("anterior", "middle", "posterior")]
    assert ahead[0] > ahead[1] > ahead[2] and ahead[0] == pytest.approx(-ahead[2], abs=0.01)
