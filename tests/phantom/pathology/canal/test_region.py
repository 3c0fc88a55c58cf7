"""Boxes, tapers, and what a region holds."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets import phantom
from spinemets.phantom.pathology.canal.region import around, centre, held, lasting, nowhere, outside, tube_box
from spinemets.phantom.shape.block import Block


def _block(corner, shape=(20, 20, 10)):
    affine = np.eye(4)
    affine[:3, 3] = corner
    return Block(affine=affine, start=(0, 0, 0), shape=shape, reach_mm=1.0)


def test_taper():
    """0 at the ends, 1/2 half way into the taper, 1 between."""
    z = np.array([0.0, 2.0, 4.0, 10.0, 18.0, 20.0], np.float32)
    assert lasting(z, (0.0, 20.0), 4.0) == pytest.approx([0, 0.5, 1, 1, 0.5, 0])


def test_boxes():
    """The box of boxes holds all of them."""
    assert around(((0, 0, 0), (1, 2, 3)), ((-1, 1, 1), (0, 5, 2))) == ((-1, 0, 0), (1, 5, 3))


def test_outside():
    """A block lies outside a span only if no sample of it is between the heights."""
    block = _block((0, 0, 100))
    assert outside(block, 110.5, 120) and outside(block, 0, 99)
    assert not outside(block, 105, 106)
    assert (nowhere(block) > 100).all()


def test_centre_is_that_of_the_canal(normal):
    """Where the canal's own coordinates are 0."""
    canal, z = normal.anatomy.canal, normal.anatomy.site.z(("T6", 0.0))
    x, y = centre(canal, z)
    u, v, _ = canal.across(_block((x, y, z), (1, 1, 1)))
    assert abs(float(np.ravel(u)[0])) < 0.8
    assert abs(float(np.ravel(v)[0])) < 0.8
    (x0, y0, _), (x1, y1, _) = tube_box(canal, z - 10, z + 10)
    assert x0 < x < x1
    assert y0 < y < y1


def test_bone_is_not_held():
    """Bone keeps its place in a region that does not erode it."""
    anatomy = phantom.build("epi-escc-3", 1).anatomy
    region, vertebra = anatomy.soft_lesions[0], anatomy.vertebra("T6")
    low, high = (np.array(c) for c in region.box)
    block = _block(low, tuple(int(n) for n in high - low))
    inside = held(region, block, anatomy.vertebrae, anatomy.discs)
    assert inside.any()
    assert not (inside & (vertebra.bone(block).outer < 0)).any()
    assert not (inside & (region.distance(block) >= 0)).any()
    assert not region.erodes
