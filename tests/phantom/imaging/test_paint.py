"""Painting: shares of tissues in a sample, later over earlier."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.paint import Canvas, paint
from spinemets.phantom.imaging.signals import CtContrast, MrContrast
from spinemets.phantom.shape.block import Block
from spinemets.phantom.tissue.tissues import tissue


@pytest.fixture
def plane(first_light, cube):
    """Axial plane of 1 mm through the middle of L3, reaching beyond the back."""
    centre = first_light.anatomy.frames["L3"].origin + np.array([0.0, 30.0, 0.0])
    return Block.of_grid(cube(centre, (80, 110, 0.01), 1.0))


def _at(block, image, point):
    """Value at the sample nearest to a point."""
    index = tuple(np.round(block.inverse[:3, :3] @ point + block.inverse[:3, 3]).astype(int))
    return float(image[index])


def test_fill_mixes_by_share(cube):
    """A tissue that fills a quarter of a sample counts for a quarter: HU add by volume (E-57)."""
    block = Block.of_grid(cube((0, 0, 0), 1, 1.0))
    canvas = Canvas(channels=np.full((1, 3, 3, 3), -100.0, np.float32), block=block, contrast=CtContrast())
    canvas.fill((slice(0, 1), slice(None), slice(None)), (300.0,), np.full((1, 3, 3), 0.25, np.float32))
    assert np.unique(canvas.channels[0, 0]) == pytest.approx([0.0])
    assert np.unique(canvas.channels[0, 1:]) == pytest.approx([-100.0])


def test_every_tissue_where_anatomy_has_it(first_light, plane):
    """Air outside, marrow in the body, CSF in the sac, muscle beside the spinous process, fat under the skin."""
    image = paint(first_light.anatomy, plane, CtContrast())[0]
    frame, size = first_light.anatomy.frames["L3"], first_light.anatomy.sizes["L3"]
    behind = size.mean_depth / 2 + size.canal[0] / 2
    assert _at(plane, image, frame.origin + np.array([0, 135, 0])) == pytest.approx(-1000)
    assert _at(plane, image, frame.lps(0, 8, 0)) == pytest.approx(158, abs=110)
    assert _at(plane, image, frame.origin + np.array([0, behind - 3, 0])) == pytest.approx(tissue("csf").hu, abs=30)
    assert _at(plane, image, frame.origin + np.array([22, 50, 0])) == pytest.approx(40, abs=60)
    skin = float(first_light.anatomy.column.back.at(np.asarray(frame.origin[2])))
    assert _at(plane, image, (frame.origin[0], skin - 9, frame.origin[2])) == pytest.approx(-106, abs=5)


def test_nothing_is_brighter_than_cortex_or_darker_than_air(first_light, plane):
    """Mixtures stay between their parts."""
    image = paint(first_light.anatomy, plane, CtContrast())[0]
    assert np.isfinite(image).all()
    assert image.min() >= -1001
    assert image.max() <= 1651


def test_cortex_is_painted_thin(first_light, plane):
    """A shell of 0.45 mm in samples of 1 mm peaks far below cortical bone, far above marrow."""
    image = paint(first_light.anatomy, plane, CtContrast())[0]
    frame, size = first_light.anatomy.frames["L3"], first_light.anatomy.sizes["L3"]
    front = -size.mean_depth / 2
    line = [_at(plane, image, frame.origin + np.array([0, front + d, 0])) for d in np.arange(-4, 4, 0.5)]
    assert 450 < max(line) < 1300


def test_pieces_equal_the_whole(first_light, plane):
    """A fast path never changes the answer: painting half of a block gives half of the painted block."""
    whole = paint(first_light.anatomy, plane, CtContrast())
    half = Block(
        affine=plane.affine,
        start=(0, 60, 0),
        shape=(plane.shape[0], plane.shape[1] - 60, plane.shape[2]),
        reach_mm=plane.reach_mm,
    )
    assert paint(first_light.anatomy, half, CtContrast()) == pytest.approx(whole[:, :, 60:], abs=1e-2)


def test_water_and_fat_are_kept_apart(first_light, plane):
    """MR channels: subcutaneous fat lives in the fat channel, CSF in the water channel."""
    water, fat = paint(first_light.anatomy, plane, MrContrast(default("t1")))
    frame, size = first_light.anatomy.frames["L3"], first_light.anatomy.sizes["L3"]
    skin = float(first_light.anatomy.column.back.at(np.asarray(frame.origin[2])))
    under_skin = (frame.origin[0], skin - 9, frame.origin[2])
    assert _at(plane, fat, under_skin) > 5 * _at(plane, water, under_skin)
    sac = frame.origin + np.array([0, size.mean_depth / 2 + size.canal[0] / 2 - 3, 0])
    assert _at(plane, water, sac) > 5 * _at(plane, fat, sac)


def test_signals_of_an_inversion_are_signed(first_light, plane):
    """Complex pools add before the magnitude: after an inversion water is negative."""
    water, _ = paint(first_light.anatomy, plane, MrContrast(default("stir")))
    assert water.min() < -0.05
