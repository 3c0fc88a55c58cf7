"""Parts of the arch."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets import phantom
from spinemets.phantom.anatomy.arch import SIDES, ArchPlan, arch, exiting_roots, ganglia, root_way
from spinemets.phantom.anatomy.sizes import Patient
from spinemets.phantom.cases.case import Case
from spinemets.phantom.shape.block import Block

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


def test_way_of_a_root(made):
    """From the sac's side under the pedicle outwards: the rods follow it, the left one at the patient's left."""
    plan, _ = made
    left, right = (root_way(plan.size, plan.frame, side) for side in SIDES.values())
    across = [[(np.subtract(p, plan.frame.origin)) @ plan.frame.left for p in way] for way in (left, right)]
    assert across[0] == pytest.approx([-a for a in across[1]])
    assert 0 < across[0][0] < across[0][1] < across[0][2]
    rods = exiting_roots(plan.size, plan.frame)
    assert [rods[0].start, rods[0].end, rods[1].end] == list(left)
    assert [rods[2].start, rods[2].end, rods[3].end] == list(right)


def test_ganglia_ride_on_their_roots(made):
    """Left then right, both ends on the root's way, thicker than it."""
    plan, _ = made
    for side, rod in zip(SIDES.values(), ganglia(plan.size, plan.frame), strict=True):
        start, middle, end = (np.array(p) for p in root_way(plan.size, plan.frame, side))
        assert np.linalg.norm(np.cross(rod.start - middle, start - middle)) < 1e-6
        assert np.linalg.norm(np.cross(rod.end - middle, end - middle)) < 1e-6
        assert rod.half_mm[0][0] > 2.0


@pytest.mark.parametrize("seed", [1, 3])
def test_sacralised_processes_reach_the_wings(seed):
    """At least 19 mm high (Castellvi 1984) and near the sacrum on both sides; the usual ones are lower and end well above it."""
    heights, gaps = {}, {}
    for variant in ("usual", "sacralised-l5"):
        case = Case(name="v", about="-", patient=Patient(variant=variant))
        anatomy = phantom.build(case, seed).anatomy
        origin = anatomy.frames["L5"].origin
        affine = np.eye(4)
        affine[:3, 3] = origin - (60, 25, 35)
        block = Block(affine=affine, start=(0, 0, 0), shape=(121, 75, 70), reach_mm=1.0)
        bone = np.broadcast_to(anatomy.vertebra("L5").bone(block).outer, block.shape) < 0
        sacrum = np.broadcast_to(anatomy.sacrum.distance(block), block.shape)
        assert not (bone & (sacrum < 0)).any()
        out = np.broadcast_to(block.axes[0], block.shape) - origin[0]
        sides = (out, -out)
        heights[variant] = [(bone & (np.abs(side - 35) < 1)).any(axis=(0, 1)).sum() for side in sides]
        gaps[variant] = [sacrum[bone & (side > 25)].min() for side in sides]
    assert min(heights["sacralised-l5"]) >= 19 > max(heights["usual"])
    assert max(gaps["sacralised-l5"]) < 6 < min(gaps["usual"])
