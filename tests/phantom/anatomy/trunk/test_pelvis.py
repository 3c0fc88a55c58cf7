"""Hip bones and femora."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.knowledge.catalogue import table
from spinemets.phantom.anatomy.trunk.pelvis import fan, hip_left, placed
from spinemets.phantom.shape.distance import Rod


def test_head_lies_in_its_socket(person, at, part):
    """Apart from the hip bone by cartilage all around, covered from above and within, free outwards."""
    for side, sign in (("left", 1.0), ("right", -1.0)):
        centre = placed(person, ["hip", hip_left(), 0, 0], sign)
        assert at(part(f"femur_{side}"), centre)[0] < -15
        assert at(part(f"hip_bone_{side}"), centre)[0] > 15
        radius = person.size * (table("phantom_trunk")["pelvis"]["cup"]["radius_mm"] + 2.0)
        shifts = np.array([[0, 0, radius], [-sign * radius, 0, 0], [sign * (radius + 5), 0, -5]])
        found = at(part(f"hip_bone_{side}"), centre + shifts)
        assert found[0] < 0 and found[1] < 0 and found[2] > 0


def test_hip_bones_and_femora_do_not_meet(held, part, at):
    """No point of a femur in a hip bone."""
    for side in ("left", "right"):
        points = held(f"femur_{side}", 4.0)
        assert at(part(f"hip_bone_{side}"), points[::6]).min() > 0


def test_joint_with_the_sacrum_is_narrow(first_light, held):
    """The hip bone comes within 4 mm of the sacrum and nowhere into it."""
    for side in ("left", "right"):
        points = held(f"hip_bone_{side}", 2.5)
        low, high = (np.asarray(c) for c in first_light.anatomy.sacrum.box)
        near = points[((points > low) & (points < high)).all(axis=1)]
        distance = np.array([_at(first_light.anatomy.sacrum, p) for p in near[::5]])
        assert 0.5 < distance.min() < 4.0


def _at(thing, place):
    from spinemets.phantom.shape.block import Block

    affine = np.eye(4)
    affine[:3, 3] = place
    return float(np.ravel(thing.distance(Block(affine=affine, start=(0, 0, 0), shape=(1, 1, 1), reach_mm=0.1)))[0])


def test_pelvis_is_symmetric_and_wide(held, person):
    """Left and right hip bones mirror each other; 260 to 300 mm from crest to crest, its crest by L4 or L5."""
    left, right = held("hip_bone_left", 3.0), held("hip_bone_right", 3.0)
    assert len(left) == pytest.approx(len(right), rel=0.05)
    assert 240 < left[:, 0].max() - right[:, 0].min() < 300
    assert person.z("L5") - 15 < left[:, 2].max() < person.z("L3")


def test_pubic_bones_meet_in_front(held, person):
    """Within a few mm of the midline, with cartilage between them."""
    left = held("hip_bone_left", 2.5)
    gap = left[:, 0].min() - person.hip[0]
    assert 0 < gap < 7
    assert left[np.argmin(left[:, 0]), 1] < person.hip[1] - 35
    assert abs(held("symphysis", 2.0)[:, 0].mean() - person.hip[0]) < 1


def test_shaft_has_a_thick_cortex(part):
    """Compact bone around a hollow; the head has a thin shell."""
    assert part("femur_shaft_left").shell_mm > 4 > part("femur_left").shell_mm


def test_fan_spreads_from_its_root(person):
    """A bar to each point of the edge, and bars along it."""
    edge = [["hip", 100, 0, 50], ["hip", 110, 10, 60], ["hip", 120, 20, 50]]
    rods = fan(person, (["hip", 90, 0, 0], edge), ([10, 5], [9, 2], [4, 5]), 1.0)
    assert len(rods) == 5 and all(isinstance(rod, Rod) for rod in rods)
    root = tuple(person.point("hip", 90, 0, 0))
    assert all(rod.start == pytest.approx(root) for rod in rods[:3])
    assert rods[3].end == pytest.approx(tuple(person.point("hip", 110, 10, 60)))
