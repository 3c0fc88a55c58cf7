"""The canal from ligament to cord."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.imaging.paint import paint
from spinemets.phantom.imaging.signals import CtContrast
from spinemets.phantom.shape.block import Block
from spinemets.phantom.tissue.tissues import tissue


def test_from_fat_to_cord(first_light, cube):
    """Middle of the canal at T9: cord inside CSF inside epidural fat, each with the value of its tissue."""
    canal = first_light.anatomy.canal
    frame, size = first_light.anatomy.frames["T12"], first_light.anatomy.sizes["T12"]
    centre = frame.lps(0.0, -size.mean_depth / 2 - size.canal[0] / 2, 0.0)
    block = Block.of_grid(cube(centre, (10, 10, 0.5), 0.5))
    image = paint(first_light.anatomy, block, CtContrast())[0]
    cord, sac = (np.broadcast_to(d, block.shape) for d in (canal.cord(block), canal.sac(block)))
    assert np.median(image[cord < -1]) == pytest.approx(tissue("cord_white").hu, abs=3)
    assert np.median(image[(sac < -0.6) & (cord > 0.6)]) == pytest.approx(tissue("csf").hu, abs=6)
