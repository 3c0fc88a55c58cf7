"""Shares of tissues in a sample."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.anatomy.vertebra import Bone
from spinemets.phantom.imaging.painting.canvas import Canvas, Painted, palette_of
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


def test_exchange_leaves_what_else_a_sample_holds(cube):
    """A quarter of CSF becomes another fluid: the difference of both times the share, the rest of the sample stays."""
    canvas = _canvas(Block.of_grid(cube((0, 0, 0), 1, 1.0)), CtContrast())
    whole = (slice(0, 3), slice(0, 3), slice(0, 3))
    canvas.exchange(whole, "csf_myelogram", "csf", np.full((3, 3, 3), 0.25, np.float32))
    change = 0.25 * (tissue("csf_myelogram").hu - tissue("csf").hu)
    assert canvas.channels == pytest.approx(-100 + change)


def test_between_two_tissues():
    """The share is that of the second; 0 and 1 give the tissues themselves."""
    palette = palette_of((CtContrast(),))
    first, second = palette.tissue("nucleus_healthy"), palette.tissue("nucleus_degenerated")
    assert palette.between("nucleus_healthy", "nucleus_degenerated", 0.0) == first
    assert palette.between("nucleus_healthy", "nucleus_degenerated", 1.0) == pytest.approx(second)
    assert palette.between("nucleus_healthy", "nucleus_degenerated", 0.25) == pytest.approx(
        0.75 * first + 0.25 * second
    )


def test_shell_around_marrow_with_a_layer(cube, first_light):
    """Outside, shell, marrow, and a layer that takes half of the marrow and none of the shell."""
    block = Block.of_grid(cube((0, 0, 0), 1, 1.0))
    canvas = _canvas(block, CtContrast())
    found = block.within(((-9, -9, -9), (9, 9, 9)))
    outer = np.array([0.0, 1.0, 1.0], np.float32)[:, None, None] * np.ones((3, 3, 3), np.float32)
    inner = np.array([0.0, 0.0, 1.0], np.float32)[:, None, None] * np.ones((3, 3, 3), np.float32)
    layer = np.full((1, 3, 3, 3), 0.5, np.float32)
    mixtures = np.zeros((3, 2, 1), np.float32)
    mixtures[:, 0, 0] = 1000.0, 200.0, 50.0
    painted = Painted(
        structure=first_light.anatomy.texture, vertebra=None, in_shell=np.array([False]), mixtures=mixtures
    )
    x, y, z = (np.broadcast_to(axis, (3, 3, 3)) for axis in block.axes)
    canvas.shell(found, Bone(outer=-outer, inner=-inner, local=(x, y, z), body=-outer), (outer, inner, layer), painted)
    assert canvas.channels[0, 0] == pytest.approx(-100)
    assert canvas.channels[0, 1] == pytest.approx(1000)
    assert canvas.channels[0, 2] == pytest.approx(125)
