"""The canal with disease in it."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets import phantom
from spinemets.phantom.pathology.canal.deformation import Swelling, deformed
from spinemets.phantom.pathology.canal.region import tube_box
from spinemets.phantom.shape.block import Block


def _block(canal, low, high, step=1.0):
    (x0, y0, z0), (x1, y1, z1) = tube_box(canal, low, high)
    affine = np.diag([step, step, step, 1.0])
    affine[:3, 3] = (x0, y0, z0)
    shape = tuple(int((b - a) / step) for a, b in ((x0, x1), (y0, y1), (z0, z1)))
    return Block(affine=affine, start=(0, 0, 0), shape=shape, reach_mm=step)


def test_without_disease_it_is_the_same(normal):
    """No sections, masses or swellings: every function as before."""
    own, site = normal.anatomy.canal, normal.anatomy.site
    same = deformed(own, sections=(), pushes=(), swellings=())
    block = _block(own, *site.heights((("T12", 0.0), ("L2", 0.0))))
    for name in ("sac", "cord", "roots", "fat"):
        assert np.array_equal(getattr(same, name)(block), getattr(own, name)(block))


def test_swelling_has_its_growth(normal):
    """A cord 0.5 mm thicker: its distance is half a millimetre less in the middle of the swelling."""
    own, site = normal.anatomy.canal, normal.anatomy.site
    z = site.z(("T9", 0.0))
    grown = deformed(
        own, sections=(), pushes=(), swellings=(Swelling(of="cord", span=(z - 9, z + 9), growth_mm=0.5, taper_mm=3.0),)
    )
    block = _block(own, z - 1, z + 1)
    inside = own.sac(block) < -1
    assert (own.cord(block) - grown.cord(block))[inside] == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize("case", ["epi-escc-2", "epi-escc-3", "mim-ependymoma"])
def test_cord_stays_in_the_sac(case):
    """However pressed or swollen."""
    anatomy = phantom.build(case, 1).anatomy
    block = _block(anatomy.canal, *anatomy.site.heights((("T5", 0.0), ("T7", 0.0))))
    assert not ((anatomy.canal.cord(block) < 0) & (anatomy.canal.sac(block) > 0)).any()
