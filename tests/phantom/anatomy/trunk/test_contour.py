"""Nested contours of the trunk."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.anatomy.trunk.contour import contours
from spinemets.phantom.shape.block import Block


def extent(profile, level, person):
    """Width and depth of a profile at a level, by its distance along the axes."""
    z = person.z(level)
    x0 = float(person.midline.at(np.asarray(z)))
    y0 = float((profile.front.at(np.asarray(z)) + profile.back.at(np.asarray(z))) / 2)
    found = []
    for axis in (0, 1):
        affine = np.eye(4)
        affine[:3, 3] = (x0, y0, z)
        affine[axis, 3] -= 300.0
        affine[:3, axis] *= 0.5
        shape = tuple(1201 if a == axis else 1 for a in range(3))
        inside = profile.section(Block(affine=affine, start=(0, 0, 0), shape=shape, reach_mm=1.0)) < 0
        found.append(np.count_nonzero(inside) * 0.5)
    return found


@pytest.mark.parametrize(("level", "width", "depth"), [("L3", 320, 220), ("T6", 330, 230)])
def test_sizes_are_those_of_the_morphometry(someone, level, width, depth):
    """`other_anatomy`, `trunk`: mean of a man and a woman of usual size, within 6 %."""
    people = [
        someone(sex=sex, height_cm=height, weight_kg=24.5 * (height / 100) ** 2)
        for sex, height in (("male", 176.5), ("female", 163.5))
    ]
    found = np.mean([extent(contours(h).skin, level, h) for h in people], axis=0)
    assert found == pytest.approx([width, depth], rel=0.06)


def test_layers_are_nested(body, around):
    """What lies in the cavity lies in the wall, that in the fat, that in the skin: everywhere in the trunk."""
    block = around(body.skin.box, 7.0)
    skin, fat, wall, cavity = (np.asarray(p.distance(block)) < 0 for p in (body.skin, body.fat, body.wall, body.cavity))
    assert cavity.sum() > 1000
    assert not (fat & ~skin).any()
    assert not (wall & ~fat).any()
    assert not (cavity & ~wall).any()
    neck = around(body.neck[0].box, 5.0)
    outer, middle, inner = (np.asarray(p.distance(neck)) < 0 for p in body.neck)
    assert not (middle & ~outer).any() and not (inner & ~middle).any()


def test_ribs_run_inside_the_wall(body, around):
    """The line of the ribs lies under muscle, the cavity of the chest within it."""
    block = around(body.cage.box, 6.0)
    z = block.axes[2]
    chest = np.broadcast_to(z > body.cage.span[0] + 100, block.shape)
    cage, wall = np.asarray(body.cage.distance(block)) < 0, np.asarray(body.wall.section(block))
    assert (wall[cage & chest] < 0).all()


def test_skin_of_the_back_is_the_column_s(body, person):
    """In the midline, in the furrow: `back` of the column within 4 mm, so that fields of view stand as they did."""
    for level in ("T6", "T10", "L1", "L3", "L4"):
        z = person.z(level)
        affine = np.eye(4)
        affine[:3, 3] = (float(person.midline.at(np.asarray(z))), 0.0, z)
        affine[1, 1] = 0.5
        block = Block(affine=affine, start=(0, 0, 0), shape=(1, 400, 1), reach_mm=1.0)
        found = np.count_nonzero(body.skin.section(block) < 0) * 0.5
        assert found == pytest.approx(float(person.col.back.at(np.asarray(z))), abs=4.0), level


def test_heavier_people_are_wider_and_deeper(someone):
    """Monotone in weight at chest and belly, and in height at equal index."""
    for level in ("T6", "L3"):
        by_weight = [extent(contours(h).skin, level, h) for h in (someone(weight_kg=w) for w in (50.0, 70.0, 100.0))]
        assert np.all(np.diff(by_weight, axis=0) > 0), level
        tall = [someone(height_cm=c, weight_kg=24 * (c / 100) ** 2) for c in (150.0, 165.0, 185.0)]
        assert np.all(np.diff([extent(contours(h).skin, level, h)[0] for h in tall]) > 0), level


def test_layers_of_soft_structures(body):
    """Skin, fat, inside of trunk and neck; muscle inside the trunk, fat with muscle in the neck."""
    (trunk, neck), contents = body.layers(), body.contents()
    assert [s.name for s in trunk] == ["skin", "subcutaneous_fat", "body_wall"]
    assert [s.tissue for s in trunk] == ["skin", "subcutaneous_fat", "muscle"]
    assert neck[2].tissue == "subcutaneous_fat" and neck[2].streaks == "muscle"
    assert [s.name for s in contents] == ["cavity_fat"]


def test_inset_takes_off_its_thickness(body):
    """All around: front, back and sides by as much."""
    inner = body.skin.inset(4.0)
    z = body.skin.half_width.z[50:60]
    assert inner.half_width.at(z) == pytest.approx(body.skin.half_width.at(z) - 4, abs=1e-3)
    assert inner.front.at(z) == pytest.approx(body.skin.front.at(z) + 4, abs=1e-3)
    assert inner.back.at(z) == pytest.approx(body.skin.back.at(z) - 4, abs=1e-3)
