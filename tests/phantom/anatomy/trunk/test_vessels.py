"""Great vessels."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.anatomy.trunk.vessels import chest_vessels, trunk_vessels


def across(held, name, z, step=1.5):
    """Points of a structure in a plane."""
    points = held(name, step)
    return points[np.abs(points[:, 2] - z) < step / 2]


@pytest.mark.parametrize("level", ["T11", "L1", "L3"])
def test_aorta_left_cava_right(held, person, level):
    """In the belly, of the midline of the column; both before the bodies."""
    z = person.z(level)
    middle, front = float(person.col.x.at(np.asarray(z))), person.y(level) - float(person.col.wall.at(np.asarray(z)))
    aorta, cava = (across(held, name, z) for name in ("aorta", "cava"))
    assert cava[:, 0].mean() < middle < aorta[:, 0].mean()
    assert aorta[:, 1].max() < front + 1.5 and cava[:, 1].mean() < front


@pytest.mark.parametrize(("level", "diameter_mm"), [("T10", 24), ("L3", 18)])
def test_aorta_has_its_diameter(held, person, level, diameter_mm):
    """24 mm at T10, 18 at L3 (morphometry), within 8 %."""
    area = len(across(held, "aorta", person.z(level), 1.0))
    assert 2 * np.sqrt(area / np.pi) == pytest.approx(diameter_mm, rel=0.08)


def test_aorta_comes_from_the_left_of_the_thoracic_spine(held, person):
    """Beside T6 it lies left, at L3 nearly in the middle."""
    at = [across(held, "aorta", person.z(level))[:, 0].mean() - person.col.x.at(np.asarray(person.z(level))) for level in ("T6", "T9", "L3")]  # fmt: skip
    assert at[0] > at[1] > at[2] > 0


def test_arch_joins_the_descending_aorta(part, person, at):
    """The end of the arch lies in the tube that goes on."""
    end = person.point("T5", 25, -10, -4)
    assert at(part("ascending_aorta"), end)[0] < 0 and at(part("aorta"), end)[0] < 0


def test_vessels_keep_clear_of_bodies(first_light, held):
    """No blood in bone."""
    for vertebra in first_light.anatomy.vertebrae:
        if vertebra.level in ("T6", "T10", "L2", "L4"):
            for name in ("aorta", "cava"):
                points = across(held, name, vertebra.frame.origin[2], 3.0)
                for place in points[::3]:
                    assert vertebra.bone(_block(place)).outer.ravel()[0] > -0.6, (vertebra.level, name)


def _block(place):
    from spinemets.phantom.shape.block import Block

    affine = np.eye(4)
    affine[:3, 3] = place
    return Block(affine=affine, start=(0, 0, 0), shape=(1, 1, 1), reach_mm=0.1)


def test_bronchi_are_air_in_a_wall(person):
    """Walls come before the air that is painted into them; all else is blood."""
    made = chest_vessels(person)
    names = [s.name for s in made]
    assert names.index("bronchus_wall_left") < names.index("bronchus_left")
    assert {s.tissue for s in made} == {"aorta_blood_pre", "muscle", "gas"}


def test_pairs_of_the_trunk(person):
    """Iliac vessels and crura of both sides, aorta and cava once."""
    names = [s.name for s in trunk_vessels(person)]
    assert names.count("aorta") == names.count("cava") == 1
    assert {"iliac_left", "iliac_right", "crus_left", "crus_right"} <= set(names)
