"""Lesions of the cord."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets import phantom
from spinemets.phantom.shape.block import Block


def _block(region, step):
    low, high = (np.array(c) for c in region.box)
    affine = np.diag([step, step, step, 1.0])
    affine[:3, 3] = low
    shape = tuple(int(n) for n in np.ceil((high - low) / step))
    return Block(affine=affine, start=(0, 0, 0), shape=shape, reach_mm=step)


def test_lesion_and_oedema_have_their_lengths():
    """fig14: lesion 12 mm, oedema 70 mm, apart from each other and inside the cord."""
    anatomy = phantom.build("fig14", 1).anatomy
    oedema, lesion = anatomy.soft_lesions[:2]
    for region, length in ((oedema, 70.0), (lesion, 12.0)):
        block = _block(region, 0.5)
        inside = region.distance(block) < 0
        z = np.broadcast_to(block.axes[2], block.shape)[inside]
        assert np.ptp(z) == pytest.approx(length, abs=3.0 if length > 20 else 1.1)
        assert (anatomy.canal.cord(block)[inside] <= 0).all()
    block = _block(oedema, 1.0)
    assert not ((oedema.distance(block) < 0) & (lesion.distance(block) < 0)).any()


def test_vessels_lie_on_the_back_of_the_cord():
    """mim-avm: outside the cord, inside the sac, behind."""
    anatomy = phantom.build("mim-avm", 1).anatomy
    vessels = anatomy.soft_lesions[-1]
    block = _block(vessels, 0.5)
    inside = vessels.distance(block) < 0
    assert (anatomy.canal.cord(block)[inside] > 0).all()
    assert (anatomy.canal.sac(block)[inside] <= 0).all()
    v = np.broadcast_to(anatomy.canal.across(block)[1], block.shape)
    assert (v[inside] > -1.5).all()
