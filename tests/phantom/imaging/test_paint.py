"""Painting: shares of tissues in a sample, later over earlier."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.mr_signals import MrContrast
from spinemets.phantom.imaging.paint import paint
from spinemets.phantom.imaging.signals import CtContrast
from spinemets.phantom.shape.block import Block
from spinemets.phantom.tissue.tissues import tissue
from tests.phantom.imaging.samples import value_at


def test_contrasts_painted_together_equal_those_painted_alone(first_light, plane):
    """Geometry and texture are shared, mineral texture and fat texture kept apart; one more contrast changes no other."""
    contrasts = CtContrast(), MrContrast(default("t1")), MrContrast(default("stir"))
    together = paint(first_light.anatomy, plane, *contrasts)
    alone = [paint(first_light.anatomy, plane, contrast) for contrast in contrasts]
    assert np.array_equal(together, np.concatenate(alone))


def test_the_order_of_axes_changes_nothing(first_light, plane):
    """Samples are functions of their place: series are painted with their slices as the first axis."""
    turned = Block(
        affine=plane.affine[:, [2, 0, 1, 3]],
        start=(0, 0, 0),
        shape=(plane.shape[2], *plane.shape[:2]),
        reach_mm=plane.reach_mm,
    )
    found = np.moveaxis(paint(first_light.anatomy, turned, CtContrast()), 1, -1)
    assert np.abs(found - paint(first_light.anatomy, plane, CtContrast())).max() < 0.05


def test_every_tissue_where_anatomy_has_it(first_light, plane):
    """Air outside, marrow in the body, CSF in the sac, muscle beside the spinous process, fat under the skin."""
    image = paint(first_light.anatomy, plane, CtContrast())[0]
    frame, size = first_light.anatomy.frames["L3"], first_light.anatomy.sizes["L3"]
    behind = size.mean_depth / 2 + size.canal[0] / 2
    assert value_at(plane, image, frame.origin + np.array([0, 135, 0])) == pytest.approx(-1000)
    assert value_at(plane, image, frame.lps(0, 8, 0)) == pytest.approx(158, abs=110)
    assert value_at(plane, image, frame.origin + np.array([0, behind - 3, 0])) == pytest.approx(
        tissue("csf").hu, abs=30
    )
    assert value_at(plane, image, frame.origin + np.array([22, 50, 0])) == pytest.approx(40, abs=60)
    skin = float(first_light.anatomy.column.back.at(np.asarray(frame.origin[2])))
    assert value_at(plane, image, (frame.origin[0], skin - 9, frame.origin[2])) == pytest.approx(-106, abs=5)


def test_nothing_is_brighter_than_cortex_or_darker_than_air(first_light, plane):
    """Mixtures stay between their parts."""
    image = paint(first_light.anatomy, plane, CtContrast())[0]
    assert np.isfinite(image).all()
    assert image.min() >= -1001
    assert image.max() <= 1651


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
    assert value_at(plane, fat, under_skin) > 5 * value_at(plane, water, under_skin)
    sac = frame.origin + np.array([0, size.mean_depth / 2 + size.canal[0] / 2 - 3, 0])
    assert value_at(plane, water, sac) > 5 * value_at(plane, fat, sac)


def test_signals_of_an_inversion_are_signed(first_light, plane):
    """Complex pools add before the magnitude: after an inversion water is negative."""
    water, _ = paint(first_light.anatomy, plane, MrContrast(default("stir")))
    assert water.min() < -0.05
