"""Organs: sides, sizes, places."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.knowledge.catalogue import table
from spinemets.phantom.anatomy.trunk.organs import directions, gut, organs


def side_of(held, person, name):
    """Mean place left of the midline."""
    points = held(name, 4.0)
    return float((points[:, 0] - person.midline.at(points[:, 2])).mean())


def test_situs(held, person):
    """Liver, gallbladder and caecum right; spleen, stomach and descending colon left; the apex of the heart left and low."""
    for name in ("liver", "gallbladder", "ascending", "kidney_right", "atrium_right"):
        assert side_of(held, person, name) < -15, name
    for name in ("spleen", "stomach", "descending", "kidney_left", "heart"):
        assert side_of(held, person, name) > 10, name
    heart = held("heart", 4.0)
    left = heart[np.argsort(heart[:, 0])[-200:]].mean(axis=0)
    assert left[2] < heart[:, 2].mean() and left[1] < heart[:, 1].mean()


def test_right_kidney_is_the_lower_one_and_both_have_their_length(held):
    """110 mm (morphometry), the right one lower."""
    found = {side: held(f"kidney_{side}", 2.0) for side in ("left", "right")}
    assert found["right"][:, 2].mean() < found["left"][:, 2].mean() - 5
    for points in found.values():
        centred = points - points.mean(axis=0)
        along = centred @ np.linalg.svd(centred[::7], full_matrices=False)[2][0]
        assert np.ptp(along) == pytest.approx(110, rel=0.10)


def test_liver_has_its_length(held):
    """150 mm from dome to tip (morphometry), within 12 %."""
    assert np.ptp(held("liver", 4.0)[:, 2]) == pytest.approx(150, rel=0.12)


@pytest.mark.parametrize("name", ["liver", "spleen", "kidney_left", "kidney_right", "heart", "stomach", "pancreas"])
def test_organs_keep_clear_of_the_spine(first_light, held, name):
    """No organ in the bone of a vertebra."""
    points = held(name, 4.0)
    for vertebra in first_light.anatomy.vertebrae:
        low, high = (np.asarray(c) for c in vertebra.box)
        for place in points[((points > low) & (points < high)).all(axis=1)][::25]:
            assert vertebra.bone(_block(place)).outer.ravel()[0] > 0, vertebra.level


def _block(place):
    from spinemets.phantom.shape.block import Block

    affine = np.eye(4)
    affine[:3, 3] = place
    return Block(affine=affine, start=(0, 0, 0), shape=(1, 1, 1), reach_mm=0.1)


@pytest.mark.parametrize("name", ["liver", "spleen", "stomach", "ascending", "transverse", "small_bowel_0"])
def test_organs_stay_inside_ribs_and_wall(held, body, name):
    """What ribs and wall enclose holds all of them."""
    for place in held(name, 5.0)[::40]:
        assert body.cavity.section(_block(place)).ravel()[0] < 0


def test_each_row_becomes_one_organ(person):
    """In the order of the table, in its tissue."""
    rows = table("phantom_trunk")["organs"]
    assert [(s.name, s.tissue) for s in organs(person)] == [(name, row["tissue"]) for name, row in rows.items()]


def test_gut_is_drawn_by_seed(person):
    """The same seed gives the same loops, another one others; gas lies in some."""
    first, again, other = (gut(person, seed) for seed in (1, 1, 2))
    assert [s.box for s in first] == [s.box for s in again]
    assert [s.box for s in first] != [s.box for s in other]
    assert any(s.tissue == "gas" for s in first)
    assert {s.tissue for s in first} == {"bowel", "stool", "chyme", "gas"}


def test_gas_lies_in_front_in_the_gut(held):
    """The patient lies on the back: gas rises to the front of the filling."""
    gas, filling = held("transverse_gas", 2.0), held("transverse_filling", 2.0)
    assert gas[:, 1].mean() < filling[:, 1].mean() - 2


def test_directions_are_rotations():
    """Orthonormal rows; a quarter turn about z brings x to y."""
    axes = directions((20.0, -30.0, 40.0))
    assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1.0)
    assert directions((0.0, 0.0, 90.0))[0] == pytest.approx([0.0, 1.0, 0.0], abs=1e-12)
