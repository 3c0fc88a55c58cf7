"""Muscle is streaked with fat."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.imaging.paint import paint
from spinemets.phantom.imaging.signals import CtContrast
from spinemets.phantom.shape.block import Block
from spinemets.phantom.tissue.tissues import tissue


def test_muscle_carries_streaks_of_fat(first_light, cube):
    """Erector spinae beside the spinous process of L3: mostly muscle, some of it fat, the mean between them."""
    frame = first_light.anatomy.frames["L3"]
    block = Block.of_grid(cube(frame.origin + np.array([22.0, 50.0, 0.0]), (6, 6, 12), 1.0))
    image = paint(first_light.anatomy, block, CtContrast())[0]
    muscle = tissue("muscle").hu
    assert image.max() == pytest.approx(muscle, abs=1)
    assert image.min() < muscle - 30
    assert tissue("subcutaneous_fat").hu < image.mean() < muscle
