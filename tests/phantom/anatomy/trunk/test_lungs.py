"""Lungs between ribs, mediastinum and diaphragm."""

from __future__ import annotations

import numpy as np

from spinemets.phantom.anatomy.trunk.lungs import dome_of, lungs


def test_volumes_are_those_of_lungs(held):
    """1 to 3 litres each, the right one larger: the heart lies on the left."""
    left, right = (len(held(f"lung_{side}", 6.0)) * 6.0**3 / 1e6 for side in ("left", "right"))
    assert 0.8 < left < 2.6 and 0.9 < right < 3.0
    assert right > left * 0.95


def test_each_on_its_side(held, person):
    """Left is left."""
    for side, sign in (("left", 1), ("right", -1)):
        points = held(f"lung_{side}", 6.0)
        assert (sign * (points[:, 0] - person.midline.at(points[:, 2]))).min() > 0


def test_inside_the_cage_and_above_the_recess(held, person, at, body):
    """Within what the ribs enclose, from above T1 down to T11 behind, less deep in front."""
    chest = body.cage.inset(5.5)
    points = held("lung_right", 6.0)
    low, high = points[:, 2].min(), points[:, 2].max()
    assert person.z("L2") < low < person.z("T11") + 6
    assert person.z("T2") < high < person.z("C6")
    front = points[points[:, 1] < person.y("T8") - 95]
    assert front[:, 2].min() > low + 12
    from spinemets.phantom.shape.block import Block

    for place in points[::400]:
        affine = np.eye(4)
        affine[:3, 3] = place
        block = Block(affine=affine, start=(0, 0, 0), shape=(1, 1, 1), reach_mm=0.1)
        assert chest.section(block).ravel()[0] < 0.5


def test_clear_of_spine_heart_and_dome(first_light, held, person, part, at):
    """No lung in a body, in the heart or under the diaphragm."""
    for side in ("left", "right"):
        points = held(f"lung_{side}", 6.0)[::12]
        assert at(part("heart"), points).min() > 2.0
        dome, _ = dome_of(person, side)
        assert min(float(dome(_block(p)).ravel()[0]) for p in points[::4]) > 0
        for vertebra in first_light.anatomy.vertebrae:
            if vertebra.level in ("T4", "T8", "T11"):
                near = points[np.abs(points[:, 2] - vertebra.frame.origin[2]) < 12]
                assert all(vertebra.bone(_block(p)).outer.ravel()[0] > 0 for p in near[::2])


def _block(place):
    from spinemets.phantom.shape.block import Block

    affine = np.eye(4)
    affine[:3, 3] = place
    return Block(affine=affine, start=(0, 0, 0), shape=(1, 1, 1), reach_mm=0.1)


def test_pair_with_boxes(person, body, part):
    """Two lungs of air-like tissue with vessels in it; boxes that end at the midline."""
    made = lungs(person, body.cage.inset(6.5), part("heart"))
    assert [s.name for s in made] == ["lung_left", "lung_right"]
    assert {s.tissue for s in made} == {"lung"}
    assert made[0].box[0][0] > made[1].box[0][0] + 50
