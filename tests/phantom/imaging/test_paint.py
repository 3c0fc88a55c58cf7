"""Painting: shares of tissues in a sample, later over earlier."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.phantom.shape import twins

from spinemets import phantom
from spinemets.knowledge.catalogue import table
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.mr_signals import MrContrast
from spinemets.phantom.imaging.paint import Canvas, paint, palette_of
from spinemets.phantom.imaging.signals import CtContrast
from spinemets.phantom.pathology.inserts import lattice
from spinemets.phantom.shape.block import Block
from spinemets.phantom.tissue.tissues import tissue


@pytest.fixture
def plane(first_light, cube):
    """Axial plane of 1 mm through the middle of L3, reaching beyond the back."""
    centre = first_light.anatomy.frames["L3"].origin + np.array([0.0, 30.0, 0.0])
    return Block.of_grid(cube(centre, (80, 110, 2.0), 1.0))


def _at(block, image, point):
    """Value at the sample nearest to a point."""
    index = tuple(np.round(block.inverse[:3, :3] @ point + block.inverse[:3, 3]).astype(int))
    return float(image[index])


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


@pytest.mark.parametrize("case", ["first-light", "ct-mixed"])
def test_lesions_equal_their_twin(case):
    """Shell, marrow, vein and lesions of one vertebra over air, against numpy, value by value."""
    patient = phantom.build(case, 1).anatomy
    insert = patient.inserts[0]
    vertebra, host = patient.vertebra(insert.level), patient.hosts[insert.level]
    block = lattice(vertebra.frame.lps(*insert.centre_mm), np.array([20.0, 20.0, 12.0]), 1.0)
    bone = vertebra.bone(block)
    shares = twins.coverage(bone.outer, 1.0), twins.coverage(bone.inner, 1.0)
    texture = patient.fields["mineral"].log_normal(
        shares[1] > 0, bone.local, table("phantom_anatomy")["texture"]["mineral_cv"]
    )
    contrast = CtContrast()

    def spongy(of, mineral):
        (base,), (slope,) = contrast.spongy(of, mineral)
        return base + slope * texture.astype(float)

    marrow = spongy(host, host.mineral_mg_per_ml)
    shell = np.full(block.shape, float(contrast.tissue(tissue("cortical_bone"))[0]))
    vein = _vein_share(vertebra, bone)
    written = tissue(insert.tissue)
    lesion = spongy(written, insert.mineral_retained * host.mineral_mg_per_ml)
    if insert.kind == "mixed":
        dense = spongy(tissue("blastic_tumour"), tissue("blastic_tumour").mineral_mg_per_ml)
        lesion = dense + insert.lytic_part(bone, patient.fields["islands"]) * (lesion - dense)
    member = insert.membership(bone, 1.0)
    blood = contrast.tissue(tissue("basivertebral"))[0]
    shell, marrow = (part + vein * (blood - part) for part in (shell, marrow))
    marrow = marrow + member * (lesion - marrow)
    if insert.breaks_cortex:
        shell = shell + member * (lesion - shell)
    expected = -1000 * (1 - shares[0]) + (shares[0] - shares[1]) * shell + shares[1] * marrow
    alone = replace(patient, soft=(), discs=(), roots=(), other_bone=(), metal=(), vertebrae=(vertebra,))
    inside = (shares[0] == 1) & (twins.coverage(bone.body, 1.0) == 1)
    assert inside.sum() > 5000
    assert paint(alone, block, contrast)[0][inside] == pytest.approx(expected[inside], abs=0.02)


def _vein_share(vertebra, bone):
    """Share of the basivertebral vein, everywhere in the block."""
    rows, depth = table("phantom_anatomy")["basivertebral"], vertebra.body.size.mean_depth
    l, a, s = bone.local  # noqa: E741
    behind = a + depth / 2
    norm = np.hypot(l / (rows["width_mm"] / 2), s / (rows["height_mm"] / 2))
    return np.where(behind > -4, np.clip(1 - norm - behind / (rows["depth_share"] * depth), 0, 0.4) / 0.4, 0.0)


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
