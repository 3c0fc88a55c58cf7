"""Masses beside the column."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets import phantom
from spinemets.phantom.pathology.canal.region import held
from spinemets.phantom.pathology.paraspinal import Lobule, ParaspinalMass
from tests.phantom.region_block import region_block


def test_one_lobule_is_an_ellipsoid(normal):
    """Far from bone its volume is that of the ellipsoid."""
    mass = ParaspinalMass(id="m", lobules=(Lobule(level="L2", centre_mm=(60.0, 0.0, 0.0), half_mm=(12.0, 10.0, 9.0)),))
    region = mass.region(normal.anatomy.canal, normal.anatomy.site, ())
    volume = np.count_nonzero(region.distance(region_block(region)) < 0)
    assert volume == pytest.approx(4 / 3 * np.pi * 12 * 10 * 9, rel=0.02)


def test_erosion_has_its_depth():
    """par-mass eats 2 mm into bone and no deeper, and leaves the ribs."""
    anatomy = phantom.build("par-mass", 1).anatomy
    (region,) = anatomy.soft_lesions
    assert region.erodes
    block = region_block(region)
    inside = held(region, block, anatomy.vertebrae, anatomy.discs)
    bone = np.minimum.reduce([anatomy.vertebra(level).bone(block).outer for level in ("T9", "T10", "T11")])
    eaten = bone[inside & (bone < 0)]
    assert eaten.size > 20
    assert eaten.min() >= -2.0
    for rod in anatomy.other_bone:
        found = block.within(rod.box)
        if found is not None:
            assert not (inside[found[0]] & (rod.distance(found[1]) < -1e-3)).any()
