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


@pytest.mark.parametrize(
    "traits", [{}, {"height_cm": 190.0, "weight_kg": 85.0}, {"sex": "male"}, {"cobb_deg": 25.0, "apex": "L2"}]
)
def test_sides_and_order_hold_in_other_people(someone, at, traits):
    """At L2 the aorta's middle lies left of the cava's; neither holds the centre of a body; both are before it."""
    h = someone(**traits)
    named = {soft.name: soft for soft in trunk_vessels(h)}
    z, front = h.z("L2"), float(h.col.wall.at(np.asarray(h.z("L2"))))
    x, y = float(h.col.x.at(np.asarray(z))), h.y("L2")
    across = np.arange(-40.0, 41.0, 2.0)
    found = {}
    for name in ("aorta", "cava"):
        plane = np.array([[x + u, y - front - v, z] for u in across for v in np.arange(-4.0, 30.0, 3.0)])
        inside = plane[at(named[name], plane) < 0]
        found[name] = inside.mean(axis=0)
        assert at(named[name], (x, y, z))[0] > front - 2
    assert found["aorta"][0] > x > found["cava"][0]
    assert max(place[1] for place in found.values()) < y - front + 1


def test_paired_vessels_are_mirrored(person):
    """Boxes of the left and the right iliac vessels and crura are as large; left is at larger x."""
    named = {soft.name: np.array(soft.box) for soft in trunk_vessels(person)}
    for stem in ("iliac", "crus", "femoral_vein"):
        left, right = named[f"{stem}_left"], named[f"{stem}_right"]
        assert left[1] - left[0] == pytest.approx(right[1] - right[0], abs=12.0), stem
        assert left[:, 2] == pytest.approx(right[:, 2])
        assert left.mean(axis=0)[0] > right.mean(axis=0)[0] + 15, stem
