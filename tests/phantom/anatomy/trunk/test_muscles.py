"""Muscles along the column."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.knowledge.catalogue import table
from spinemets.phantom.anatomy.trunk.muscles import muscles, tubes, upright
from spinemets.phantom.shape.block import Block


def _area_cm2(anatomy, level, cube, name):
    """Area of a soft structure in an axial plane of 1 mm."""
    block = Block.of_grid(cube(anatomy.frames[level].origin, (110.0, 110.0, 0.01), 1.0))
    soft = next(s for s in anatomy.soft if s.name == name)
    return np.count_nonzero(np.broadcast_to(soft.distance(block), block.shape)[:, :, 0] < 0) / 100.0


@pytest.mark.parametrize(("name", "key"), [("psoas_left", "psoas_cm2"), ("erector_spinae_right", "erector_cm2")])
def test_areas_at_l3(first_light, cube, name, key):
    """Near those of women: psoas 8.5, erector spinae 16 cm2 a side (with the part behind the arch)."""
    found = _area_cm2(first_light.anatomy, "L3", cube, name)
    assert found == pytest.approx(table("phantom_anatomy")["trunk"][key]["female"], rel=0.45)


def test_sides_mirror_each_other(first_light, cube):
    """Left and right muscles have the same area."""
    for muscle in ("psoas", "quadratus", "erector_spinae", "multifidus"):
        left, right = (_area_cm2(first_light.anatomy, "L4", cube, f"{muscle}_{side}") for side in ("left", "right"))
        assert left == pytest.approx(right, rel=0.03, abs=0.2)


def test_psoas_is_absent_above_and_full_below(first_light, cube):
    """Psoas begins at T12-L1 and grows downwards."""
    areas = [_area_cm2(first_light.anatomy, level, cube, "psoas_left") for level in ("T11", "L2", "L4")]
    assert areas[0] < 1 < areas[1] < areas[2]


@pytest.mark.parametrize("level", ["C4", "T2", "T8", "L2"])
def test_extensors_accompany_the_whole_spine(first_light, cube, level):
    """Erector spinae and multifidus on both sides from the neck to the sacrum."""
    for name in ("erector_spinae_left", "multifidus_right"):
        assert _area_cm2(first_light.anatomy, level, cube, name) > 0.8


def test_streaks_grow_with_age(someone):
    """The same muscles hold more fat in the old; psoas none."""
    young, old = ({m.name: m.marbled for m in muscles(someone(age_years=age))} for age in (25.0, 75.0))
    assert old["erector_spinae_left"] > 3 * young["erector_spinae_left"]
    assert old["multifidus_left"] > old["erector_spinae_left"]
    assert old["psoas_left"] == 0


def test_fat_lies_between_muscles(person):
    """A plane of fat comes before its muscle and is wider."""
    made = muscles(person)
    names = [m.name for m in made]
    n = names.index("erector_spinae_plane_left")
    assert names[n + 1] == "erector_spinae_left" and made[n].tissue == "subcutaneous_fat"
    assert made[n].box[0][0] < made[n + 1].box[0][0]


def test_airway_opens_into_its_wall(person):
    """Gas inside a wall, from the pharynx to the bifurcation; paired vessels have sides in their names."""
    made = {t.name: t for t in tubes(person)}
    assert made["airway"].tissue == "gas" and made["airway_wall"].tissue == "muscle"
    assert made["airway"].box[0][2] < person.z("T4") and made["airway"].box[1][2] > person.z("C2")
    assert {"carotid_left", "carotid_right", "oesophagus"} <= set(made)


def test_tube_is_an_ellipse_where_its_row_says(person):
    """Centre and half axes at a level, ends at its span."""
    row = {"left": {"T6": 20, "T10": 20}, "behind": {"T6": 30, "T10": 30}, "half_left": {"T6": 8, "T10": 8},
           "half_behind": {"T6": 5, "T10": 5}, "span": ["T6", 0, "T10", 0]}  # fmt: skip
    tube = upright(person, row, -1.0, 1.0)
    z = person.z("T6") - 20
    centre = np.array([float(person.col.x.at(np.asarray(z))) - 20 * person.size, 0.0, z])
    centre[1] = float(person.depths(row["behind"]).at(np.asarray(z)))
    for shift, expected in (((0, 0, 0), -5), ((8, 0, 0), 0), ((0, 5, 0), 0), ((0, 0, 26), 6)):
        affine = np.eye(4)
        affine[:3, 3] = centre + shift
        found = float(tube.distance(Block(affine=affine, start=(0, 0, 0), shape=(1, 1, 1), reach_mm=0.1)).ravel()[0])
        assert found == pytest.approx(expected, abs=0.3), shift
