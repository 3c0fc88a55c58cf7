"""Shares of tissues in a sample."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.imaging.painting.canvas import Canvas, palette_of
from spinemets.phantom.imaging.signals import CtContrast
from spinemets.phantom.shape.block import Block
from spinemets.phantom.tissue.tissues import tissue


def _canvas(block, *contrasts):
    """A canvas of fat on CT (-100)."""
    palette = palette_of(contrasts)
    channels = np.full((len(palette.texture_of), *block.shape), -100.0, np.float32)
    return Canvas(channels=channels, block=block, palette=palette)


def test_fill_mixes_by_share(cube):
    """A tissue that fills a quarter of a sample counts for a quarter: HU add by volume (E-57)."""
    canvas = _canvas(Block.of_grid(cube((0, 0, 0), 1, 1.0)), CtContrast())
    canvas.fill((slice(0, 1), slice(None), slice(None)), (300.0,), np.full((1, 3, 3), 0.25, np.float32))
    assert np.unique(canvas.channels[0, 0]) == pytest.approx([0.0])
    assert np.unique(canvas.channels[0, 1:]) == pytest.approx([-100.0])


def test_fill_refuses_what_does_not_fit(cube):
    """Compiled loops trust their shapes: shares of another place and values of other channels are refused."""
    canvas = _canvas(Block.of_grid(cube((0, 0, 0), 1, 1.0)), CtContrast())
    place = (slice(0, 2), slice(0, 3), slice(1, 9))
    with pytest.raises(ValueError, match="broadcast"):
        canvas.fill(place, (300.0,), np.ones((2, 3, 8), np.float32))
    with pytest.raises(ValueError, match="2 values for 1 channels"):
        canvas.fill(place, (300.0, 1.0), np.ones((2, 3, 2), np.float32))
    assert np.unique(canvas.channels) == pytest.approx([-100.0])


def test_cover_is_half_on_the_surface(cube):
    """A surface through the middle of a sample: half of each."""
    block = Block.of_grid(cube((0, 0, 0), 1, 1.0))
    canvas = _canvas(block, CtContrast())
    canvas.cover(block.within(((-9, -9, -9), (9, 9, 9))), "muscle", block.axes[2])
    expected = [tissue("muscle").hu, (tissue("muscle").hu - 100) / 2, -100]
    assert canvas.channels[0, 0, 0] == pytest.approx(expected)
