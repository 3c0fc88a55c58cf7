"""Body map."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.knowledge.catalogue import table
from spinemets.phantom.imaging.bodies import body_labels, class_of


@pytest.fixture(scope="module")
def plane(first_light, cube):
    """Axial slices about L2, 4 mm, wider than the body, and their map."""
    grid = cube(first_light.anatomy.frames["L2"].origin + np.array([0, -40, 0]), (200, 180, 4), 4.0)
    return grid, body_labels(first_light.anatomy, grid)


def test_every_structure_has_a_class(first_light):
    """By its name; classes of the table are known, and all structures of a patient have one."""
    anatomy, codes = first_light.anatomy, table("phantom_anatomy")["body_map"]["codes"]
    for thing in (*anatomy.soft, *anatomy.brain, *anatomy.other_bone):
        assert class_of(thing.name) in codes, thing.name
    with pytest.raises(KeyError, match="no class"):
        class_of("gizzard")


@pytest.mark.parametrize(
    ("name", "found"),
    [("ascending", "bowel"), ("ascending_aorta", "aorta"), ("ascending_filling", "bowel_content"),
     ("transverse_gas", "gas"), ("iliac_left", "vessel"), ("iliacus_left", "iliacus"), ("erector_spinae_plane_left", "fat"),
     ("body_wall_arm_left", "muscle"), ("medulla", "brain"), ("medulla_left", "kidney"), ("rib_T4_left", "rib"),
     ("teeth_upper", "skull"), ("teeth_lower", "mandible")],
)  # fmt: skip
def test_classes_by_name(name, found):
    """The longest beginning counts, certain endings count more."""
    assert class_of(name) == found


def test_no_gaps_inside_the_skin(first_light, plane):
    """Every voxel inside the skin has a class; outside is air or the couch."""
    grid, labels = plane
    from spinemets.phantom.shape.block import Block

    skin = next(s for s in first_light.anatomy.soft if s.name == "skin")
    inside = np.asarray(skin.distance(Block.of_grid(grid))) < 0
    codes = table("phantom_anatomy")["body_map"]["codes"]
    assert (labels[inside] > 0).all()
    assert set(np.unique(labels[~inside])) <= {0, codes["couch"], *(codes[n] for n in ("skin",))}


def test_sides_of_the_map(first_light, plane):
    """Liver on the right, the spine in the middle, kidneys on both sides, the aorta left of the cava."""
    grid, labels = plane
    codes = table("phantom_anatomy")["body_map"]["codes"]
    x = np.broadcast_to(grid.to_lps_mm(np.argwhere(labels >= 0))[:, 0].reshape(labels.shape), labels.shape)
    middle = first_light.anatomy.frames["L2"].origin[0]
    assert x[labels == codes["liver"]].mean() < middle - 30
    assert abs(x[labels == codes["spine"]].mean() - middle) < 4
    assert x[labels == codes["aorta"]].mean() > x[labels == codes["cava"]].mean()
    kidneys = x[labels == codes["kidney"]]
    assert kidneys.min() < middle - 30 and kidneys.max() > middle + 30


def test_spine_agrees_with_the_map_of_structures(first_light, cube):
    """Bone of vertebrae here is bone of vertebrae there."""
    grid = cube(first_light.anatomy.frames["T9"].origin, (30, 40, 10), 3.0)
    codes = table("phantom_anatomy")["body_map"]["codes"]
    there = first_light.labels(grid)
    assert ((first_light.body_labels(grid) == codes["spine"]) == ((there > 0) & (there < 100))).all()


def test_codes_are_their_own(first_light):
    """No integer twice, none of the other maps."""
    codes = list(table("phantom_anatomy")["body_map"]["codes"].values())
    assert len(codes) == len(set(codes))
    assert min(codes) >= 200
