"""The atlas around the dens."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from spinemets import phantom
from spinemets.knowledge.lookup import table
from spinemets.phantom.shape.block import Block


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_never_meets_the_axis(cube, seed):
    """Joints with C2 and with the dens stay open."""
    anatomy = phantom.build("normal", seed).anatomy
    low, high = (np.asarray(c) for c in anatomy.atlas.box)
    block = Block.of_grid(cube((low + high) / 2, (high - low) / 2, 0.8))
    axis = anatomy.vertebra("C2").bone(block).outer < 0
    assert not ((anatomy.atlas.distance(block) < 0) & axis).any()


def test_it_is_a_ring_with_the_dens_inside(normal):
    """In its own plane the ring is closed, and the dens and the cord lie in its hole; size of the table."""
    ring = normal.anatomy.atlas
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = ring.frame.left * 0.5, ring.frame.anterior * 0.5, ring.frame.superior
    affine[:3, 3] = ring.frame.lps(-50, -45, 0)
    block = Block(affine=affine, start=(0, 0, 0), shape=(201, 141, 1), reach_mm=0.5)
    bone = ring.distance(block)[:, :, 0] < 0
    hole = ndimage.binary_fill_holes(bone) & ~bone
    assert hole[100, 90] and hole[100, 60]
    row = table("phantom_anatomy")["atlas"]
    scale = normal.anatomy.sizes["C2"].mean_width / 17.0
    across, deep = (0.5 * np.ptp(np.argwhere(bone)[:, axis]) for axis in (0, 1))
    assert across == pytest.approx(row["outer_width_mm"] * scale, rel=0.06)
    assert deep == pytest.approx(row["outer_ap_mm"] * scale, rel=0.12)
