"""Discs: annulus around nucleus."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.mr_signals import MrContrast
from spinemets.phantom.imaging.paint import paint
from spinemets.phantom.shape.block import Block
from spinemets.phantom.tissue.tissues import tissue


def test_nucleus_lies_inside_the_annulus(first_light, cube):
    """L3-L4 on CT: the middle is nucleus, the rim annulus."""
    disc = next(d for d in first_light.anatomy.discs if d.level == "L3")
    centre = (disc.upper_frame.origin + disc.lower_frame.origin) / 2
    block = Block.of_grid(cube(centre, (22, 16, 0.5), 1.0))
    image = paint(first_light.anatomy, block, MrContrast(default("t2")))[0]
    outer, nucleus = (np.broadcast_to(d, block.shape) for d in disc.distance(block))
    healthy = MrContrast(default("t2")).tissue(tissue("nucleus_healthy"))[0]
    annulus = MrContrast(default("t2")).tissue(tissue("annulus"))[0]
    assert np.median(image[(nucleus < -2) & (outer < -2)]) == pytest.approx(healthy, rel=0.05)
    assert np.median(image[(nucleus > 2) & (outer < -1)]) == pytest.approx(annulus, rel=0.1)
