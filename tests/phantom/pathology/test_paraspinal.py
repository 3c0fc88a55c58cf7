"""Masses beside the column."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets import phantom
from spinemets.phantom.pathology.canal.region import held
from spinemets.phantom.pathology.paraspinal import Lobule, ParaspinalMass
from spinemets.phantom.shape.block import Block


def _block(region, step=1.0):
    low, high = (np.array(c) for c in region.box)
    affine = np.diag([step, step, step, 1.0])
    affine[:3, 3] = low
    shape = tuple(int(n) for n in np.ceil((high - low) / step) + 1)
    return Block(affine=affine, start=(0, 0, 0), shape=shape, reach_mm=step)


def test_one_lobule_is_an_ellipsoid(normal):
    """Far from bone its volume is that of the ellipsoid."""
    mass = ParaspinalMass(id="m", lobules=(Lobule(level="L2", centre_mm=(60.0, 0.0, 0.0), half_mm=(12.0, 10.0, 9.0)),))
    region = mass.region(normal.anatomy.canal, normal.anatomy.site, ())
    volume = np.count_nonzero(region.distance(_block(region)) < 0)
    assert volume == pytest.approx(4 / 3 * np.pi * 12 * 10 * 9, rel=0.02)


def test_erosion_has_its_depth():
    """par-mass eats 2 mm into bone and no deeper, and leaves the ribs."""
    anatomy = phantom.build("par-mass", 1).anatomy
    (region,) = anatomy.soft_lesions
    assert region.erodes
    block = _block(region)
    inside = held(region, block, anatomy.vertebrae, anatomy.discs)
    bone = np.minimum.reduce([anatomy.vertebra(level).bone(block).outer for level in ("T9", "T10", "T11")])
    eaten = bone[inside & (bone < 0)]
    assert eaten.size > 20
    assert eaten.min() >= -2.0
    for rod in anatomy.other_bone:
        found = block.within(rod.box)
        if found is not None:
            assert not (inside[found[0]] & (rod.distance(found[1]) < -1e-3)).any()
