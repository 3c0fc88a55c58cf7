"""Disease in the CSF."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.pathology.canal.leptomeningeal import Leptomeningeal, csf_share
from spinemets.phantom.pathology.canal.plant import plant
from spinemets.phantom.pathology.canal.region import centre
from spinemets.phantom.shape.block import Block

SPAN = (("T11", 0.5), ("L4", 0.0))


def _plane(canal, z, step=0.25):
    x, y = centre(canal, z)
    affine = np.diag([step, step, 1.0, 1.0])
    affine[:3, 3] = (x - 14, y - 14, z)
    side = int(28 / step)
    return Block(affine=affine, start=(0, 0, 0), shape=(side, side, 1), reach_mm=step)


def test_share_of_the_film_is_its_area(normal):
    """What a film thinner than a sample replaces adds up to its area: shares of samples of 0.8 mm, as in MR, against fine points."""
    disease = Leptomeningeal(id="d", span=SPAN, film_mm=0.5)
    canal, (film,) = plant(normal.anatomy.canal, normal.anatomy.site, (disease,))
    z = normal.anatomy.site.z(("T12", 0.0))
    coarse, fine = _plane(canal, z, 0.8), _plane(canal, z, 0.1)
    area = np.count_nonzero(film.distance(fine) < 0) * 0.01
    assert 0.64 * film.share(coarse).sum() == pytest.approx(area, rel=0.08)


def test_sediment_is_level(normal):
    """In a patient on the back it fills the lowest 8 mm of the sac, whatever the height, and nothing in front of that."""
    disease = Leptomeningeal(id="d", span=SPAN, layering_mm=8.0)
    canal, (sediment,) = plant(normal.anatomy.canal, normal.anatomy.site, (disease,))
    low, high = normal.anatomy.site.heights(SPAN)
    filled, clear = [], []
    for height in np.arange(low + 6, high - 6, 5.0):
        block = _plane(canal, float(height), 0.5)
        share, y = sediment.share(block), np.broadcast_to(block.axes[1], block.shape)
        filled += y[share > 0.9].tolist()
        clear += y[(share < 0.1) & (csf_share(canal, block) > 0.9)].tolist()
    assert filled
    assert min(filled) >= max(clear) - 1.0
    assert 5.0 < max(filled) - min(filled) < 9.0
    assert not sediment.labelled


def test_csf_is_neither_cord_nor_root(normal):
    """The share of CSF is 0 in the cord, 1 in clear fluid, 0 outside the sac."""
    canal = normal.anatomy.canal
    block = _plane(canal, normal.anatomy.site.z(("T11", 0.0)))
    share = csf_share(canal, block)
    sac, cord = canal.sac(block), canal.cord(block)
    assert (share[cord < -0.3] == 0).all()
    assert (share[sac > 0.3] == 0).all()
    assert (share[(sac < -0.3) & (cord > 0.3)] == 1).all()
