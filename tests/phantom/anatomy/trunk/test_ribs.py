"""Ribs, cartilages, sternum."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets import phantom
from spinemets.knowledge.catalogue import table
from spinemets.phantom.anatomy.trunk.ribs import ribs, rows_length, sternum, sternum_ends


def path_of(bone):
    """Places along a rib."""
    return np.array([bone.rods[0].start, *(rod.end for rod in bone.rods)])


@pytest.fixture(scope="module")
def bones(first_light):
    """Ribs of the demonstration patient by name."""
    return {bone.name: bone for bone in first_light.anatomy.other_bone if bone.name.startswith("rib_")}


def test_a_pair_for_each_thoracic_level(first_light, bones):
    """Twelve pairs; eleven and thirteen where the patient has as many levels."""
    levels = [level for level, size in first_light.anatomy.sizes.items() if size.thoracic]
    assert set(bones) == {f"rib_{level}_{side}" for level in levels for side in ("left", "right")}
    extra = phantom.build("lvl-t13", 1).anatomy
    assert sum(bone.name.startswith("rib_") for bone in extra.other_bone) == 26


def test_ribs_touch_their_vertebra(first_light, bones, at):
    """The head lies against the body: within 1 mm of its surface or in it, nowhere deep (costovertebral contact)."""
    for vertebra in first_light.anatomy.vertebrae:
        if vertebra.level not in ("T2", "T6", "T10", "T12"):
            continue
        for side in ("left", "right"):
            rib = bones[f"rib_{vertebra.level}_{side}"]
            head = np.array(rib.rods[0].start)
            inwards = vertebra.frame.origin - head
            line = head + np.linspace(0, 0.6, 25)[:, None] * inwards
            near = at(rib, line)
            bone = np.array([float(vertebra.bone(_point(p)).outer.ravel()[0]) for p in line])
            assert np.max(np.minimum(-near, -bone)) > -1.6, vertebra.level
            assert vertebra.bone(_point(head)).outer.ravel()[0] > -3.0


def _point(place):
    from spinemets.phantom.shape.block import Block

    affine = np.eye(4)
    affine[:3, 3] = place
    return Block(affine=affine, start=(0, 0, 0), shape=(1, 1, 1), reach_mm=0.1)


def test_lengths_are_those_of_the_table(person, bones):
    """Along the rib, within 3 % of the table times size, where the cage is long enough for it."""
    for level in ("T2", "T5", "T7", "T9", "T11", "T12"):
        path = path_of(bones[f"rib_{level}_left"])
        length = np.linalg.norm(np.diff(path, axis=0), axis=1).sum()
        assert length == pytest.approx(person.size * rows_length(level), rel=0.03), level


def test_a_level_too_many_has_the_last_rib():
    assert rows_length("T13") == table("phantom_anatomy")["rib_length_mm"]["T12"]


def test_left_mirrors_right(person, bones):
    """About the midline of the trunk; the heads follow their vertebrae, which stand a little turned."""
    for level in ("T4", "T8", "T11"):
        left, right = (path_of(bones[f"rib_{level}_{side}"])[5:] for side in ("left", "right"))
        middle = person.midline.at(left[:, 2])
        assert left[:, 0] - middle == pytest.approx(middle - right[:, 0], abs=4.0)
        assert left[:, 1:] == pytest.approx(right[:, 1:], abs=4.0)


def test_ribs_fall_forwards_and_lie_one_above_the_other(bones):
    """Each rib ends lower than it began; at any angle the next one lies below."""
    paths = [path_of(bones[f"rib_T{n}_left"]) for n in range(1, 13)]
    assert all(path[-1, 2] < path[0, 2] - 8 for path in paths)
    side = [path[np.argmax(path[:, 0]), 2] for path in paths]
    assert np.all(np.diff(side) < -4)


def test_ribs_stay_outside_the_lungs(held, bones, at):
    """No point of a lung lies in a rib or beyond the line of the ribs."""
    for side in ("left", "right"):
        points = held(f"lung_{side}", 6.0)
        for level in ("T3", "T6", "T9"):
            rib = bones[f"rib_{level}_{side}"]
            low, high = (np.asarray(c) for c in rib.box)
            near = points[((points > low) & (points < high)).all(axis=1)]
            if len(near):
                assert at(rib, near[::3]).min() > -0.6


def test_cartilages_reach_the_sternum(person, body, first_light, at):
    """Those of ribs 1 to 7 end at its side and begin where the bone ends; there are ten pairs."""
    bone = sternum(person, body.cage)
    assert [b.name for b in bone] == ["manubrium", "sternum", "xiphoid"]
    found = ribs(person, body.cage, first_light.anatomy.sizes, first_light.anatomy.frames)
    assert len(found.cartilages) == 20
    for n in range(1, 8):
        cartilage = next(c for c in found.cartilages if c.name == f"cartilage_T{n}_left")
        assert at(cartilage, found.ends[f"T{n}"])[0] < 0
        low = cartilage.box[0]
        assert (
            low[0] < max(rod.half_mm[0][0] for rod in bone[0].rods) + float(person.midline.at(np.asarray(low[2]))) + 6
        )


def test_sternum_lies_in_front_in_the_midline(person, body):
    """As long as the table says, before all bodies."""
    top, end = sternum_ends(person)
    assert top - end == pytest.approx(person.size * table("phantom_trunk")["sternum"]["length_mm"])
    for bone in sternum(person, body.cage):
        for rod in bone.rods:
            z = np.asarray(rod.start[2])
            assert rod.start[0] == pytest.approx(float(person.midline.at(z)), abs=1e-3)
            assert rod.start[1] < float(person.col.y.at(z)) - 50
