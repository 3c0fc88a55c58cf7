"""Parts of the arch."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.anatomy.arch import SIDES, ArchPlan, arch, exiting_roots

PARTS = ("pedicle", "superior_articular", "inferior_articular", "lamina", "transverse")


@pytest.fixture(params=["T10", "T12", "L2", "L5"])
def made(request, first_light):
    """Plan and arch of a level."""
    anatomy = first_light.anatomy
    size, frame = anatomy.sizes[request.param], anatomy.frames[request.param]
    return ArchPlan(size=size, frame=frame), arch(size, frame)


def test_every_part_on_both_sides(made):
    """Pedicles, articular processes, laminae, transverse processes left and right, one spinous process."""
    _, found = made
    assert set(found.rods) == {f"{p}_{s}" for p in PARTS for s in SIDES} | {"spinous"}
    assert len(found.all_rods) == sum(len(r) for r in found.rods.values())
    assert len(found.of("pedicle")) == 2


def test_left_is_left(made):
    """Left parts lie at positive l: x of the patient's left in LPS."""
    plan, found = made
    for part in PARTS:
        for name, sign in SIDES.items():
            middle = np.mean([(np.add(r.start, r.end)) / 2 for r in found.rods[f"{part}_{name}"]], axis=0)
            assert sign * ((middle - plan.frame.origin) @ plan.frame.left) > 2


def test_pedicle_has_its_width(made):
    """The pedicle's section is the table's width and height (scaled)."""
    plan, found = made
    (rod,) = found.rods["pedicle_left"]
    assert 2 * rod.half_mm[0][0] == pytest.approx(plan.size.pedicle[0])
    assert 2 * rod.half_mm[0][1] == pytest.approx(plan.size.pedicle[1])


def test_canal_between_pedicles_is_free(made):
    """Medial walls of the pedicles stand a canal's width apart."""
    plan, _ = made
    assert 2 * (plan.pedicle_l - plan.size.pedicle[0] / 2) == pytest.approx(plan.size.canal[1])


def test_spinous_process_points_back_and_down(made):
    """From behind the canal backwards, down by the stated angle, to the stated length."""
    plan, found = made
    plate = found.rods["spinous"][0]
    way = np.subtract(plate.end, plate.start)
    assert way @ plan.frame.anterior < -10
    assert way @ plan.frame.superior < 0
    reach = -((np.subtract(plate.end, plan.frame.origin)) @ plan.frame.anterior) - plan.size.mean_depth / 2
    down = np.radians(plan.size.spinous_down_deg)
    expected = plan.size.canal[0] + plan.size.spinous_mm * np.cos(down)
    assert reach == pytest.approx(expected, abs=6.0)


def test_roots_leave_below_the_pedicle(made):
    """Exiting roots pass the foramen: below the pedicle, outwards, forwards and down."""
    plan, _ = made
    roots = exiting_roots(plan.size, plan.frame)
    assert len(roots) == 4
    for rod in roots:
        assert (np.subtract(rod.end, rod.start)) @ plan.frame.superior < 0
        assert (np.subtract(rod.end, rod.start)) @ plan.frame.anterior > 0
        top = (np.subtract(rod.end, plan.frame.origin)) @ plan.frame.superior
        assert top < plan.pedicle_s - plan.size.pedicle[1] / 2
