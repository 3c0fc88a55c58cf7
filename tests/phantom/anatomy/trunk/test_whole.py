"""The whole trunk together."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets import phantom
from spinemets.knowledge.catalogue import table
from spinemets.phantom.anatomy.trunk.whole import LOOK_MM
from spinemets.phantom.shape.block import Block


@pytest.fixture(scope="module")
def coarse(first_light, cube):
    """The trunk from hips to neck, 6 mm."""
    centre = first_light.anatomy.frames["T9"].origin + np.array([0, -40, -20])
    return Block.of_grid(cube(centre, (180, 150, 330), 6.0))


def test_boxes_hold_their_structures(first_light, coarse):
    """Painting by box loses nothing: no structure reaches beyond its box."""
    anatomy = first_light.anatomy
    for thing in (*anatomy.soft, *anatomy.brain, *anatomy.other_bone):
        inside = np.broadcast_to(thing.distance(coarse) < 0, coarse.shape)
        for axis, (low, high) in enumerate(zip(*thing.box, strict=True)):
            place = np.broadcast_to(coarse.axes[axis], coarse.shape)[inside]
            assert not ((place < low - 0.01) | (place > high + 0.01)).any(), thing.name


def test_skin_is_painted_first_and_has_something_under_it(first_light):
    """After the couch: all skin, then all fat, then what is under it; organs follow."""
    names = [soft.name for soft in first_light.anatomy.soft]
    tissues = [soft.tissue for soft in first_light.anatomy.soft]
    skins = [n for n, name in enumerate(names) if name.startswith("skin")]
    assert skins == list(range(3, 3 + len(skins)))
    assert tissues[3 + len(skins) : 3 + 2 * len(skins)] == ["subcutaneous_fat"] * len(skins)
    assert names.index("liver") > names.index("cavity_fat") > names.index("body_wall")


def test_every_tissue_is_known(first_light):
    """In a table of tissues, streaks included."""
    known = {name for theme in table("tissues")["themes"] for name in table(theme)["tissues"]}
    for soft in (*first_light.anatomy.soft, *first_light.anatomy.brain):
        assert soft.tissue in known and soft.streaks in known, soft.name


def test_names_are_unique(first_light):
    """A structure can be asked for by its name."""
    anatomy = first_light.anatomy
    names = [thing.name for thing in (*anatomy.soft, *anatomy.brain, *anatomy.other_bone)]
    assert len(names) == len(set(names))


def test_same_seed_same_trunk(first_light):
    """Boxes and tissues of a second build are those of the first."""
    again = phantom.build("first-light", 1).anatomy
    assert [(s.name, s.tissue, s.box, s.marbled) for s in again.soft] == [
        (s.name, s.tissue, s.box, s.marbled) for s in first_light.anatomy.soft
    ]
    assert [(b.name, b.box) for b in again.other_bone] == [(b.name, b.box) for b in first_light.anatomy.other_bone]


def test_only_what_leaves_its_cavity_is_cut(held, body):
    """The kidneys lie wholly inside and are left as they are: the liver is cut at the ribs."""
    for name, cut in (("liver", True), ("stomach_gas", False)):
        points = held(name, 4.0)
        margin = max(_section(body.cavity, p) for p in points[::10])
        assert (margin > -LOOK_MM) == cut


def _section(profile, place):
    affine = np.eye(4)
    affine[:3, 3] = place
    return float(np.ravel(profile.section(Block(affine=affine, start=(0, 0, 0), shape=(1, 1, 1), reach_mm=0.1)))[0])


@pytest.mark.parametrize("traits", [{"variant": "eleven-ribs"}, {"variant": "l6"}, {"sex": "male", "weight_kg": 110.0}])
def test_other_people_have_a_trunk(someone, traits, around):
    """Variants of number and heavy men: nested contours, hips below, a cage of air."""
    from spinemets.phantom.anatomy.trunk.contour import contours

    body = contours(someone(**traits))
    block = around(body.cavity.box, 12.0)
    inside = np.asarray(body.cavity.distance(block)) < 0
    assert inside.sum() > 500
    assert (np.asarray(body.skin.section(block))[inside] < 0).all()
