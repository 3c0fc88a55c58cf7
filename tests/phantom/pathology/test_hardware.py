"""Implants: where they lie."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets import phantom
from spinemets.phantom.pathology.hardware import Bar, Cage, Leak, implants
from spinemets.phantom.pathology.screw import Screw
from spinemets.phantom.shape.block import Block


@pytest.fixture(scope="module")
def anatomy(normal):
    return normal.anatomy


def test_every_fixture_has_its_material(anatomy):
    """In order; a rod over three levels has two pieces."""
    fixtures = (
        Screw(level="L3", side="left", material="cobalt_chrome"),
        Bar(side="left", levels=("L3", "L4", "L5")),
        Cage(level="L4"),
        Leak(level="L2", centre_mm=(0.0, 20.0, 0.0)),
    )
    made = implants(fixtures, anatomy.sizes, anatomy.frames)
    assert [i.material for i in made] == ["cobalt_chrome", "titanium", "titanium", "peek", "cement"]


def test_rod_runs_behind_the_bone_on_its_side(anatomy):
    """5.5 mm thick, behind both bodies, left of the midline."""
    (piece,) = implants((Bar(side="left", levels=("L3", "L4")),), anatomy.sizes, anatomy.frames)
    assert piece.half_mm[0][0] == pytest.approx(2.75)
    for end, level in ((piece.start, "L3"), (piece.end, "L4")):
        offset = np.asarray(end) - anatomy.frames[level].origin
        assert offset[0] > 10
        assert offset[1] > 30


def test_cage_lies_in_its_disc(anatomy):
    """Its centre belongs to the disc below the level, and it stays out of both bodies."""
    (cage,) = implants((Cage(level="L3"),), anatomy.sizes, anatomy.frames)
    centre = (np.asarray(cage.start) + np.asarray(cage.end)) / 2
    affine = np.eye(4)
    affine[:3, 3] = centre
    point = Block(affine=affine, start=(0, 0, 0), shape=(1, 1, 1), reach_mm=1.0)
    disc = next(d for d in anatomy.discs if d.level == "L3")
    assert disc.distance(point)[0].item() < 0
    assert anatomy.vertebra("L3").bone(point).outer.item() > 1
    assert anatomy.vertebra("L4").bone(point).outer.item() > 1


def test_leak_is_a_drop_of_that_length(anatomy):
    (drop,) = implants((Leak(level="L2", centre_mm=(0.0, 20.0, 0.0), length_mm=8.0),), anatomy.sizes, anatomy.frames)
    assert np.linalg.norm(np.subtract(drop.end, drop.start)) == pytest.approx(8.0)


def test_metal_of_a_fused_patient():
    """Truth names every implant at every level that it touches."""
    truth = phantom.build("pit-hardware", 1).truth["hardware"]
    kinds = [(x["kind"], x["level"]) for x in truth]
    assert kinds.count(("rod", "L4")) == 2
    assert sum(kind == "screw" for kind, _ in kinds) == 6
