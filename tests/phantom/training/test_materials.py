"""Codes in place of signals."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.imaging.paint import paint, paint_on
from spinemets.phantom.imaging.signals import CtContrast
from spinemets.phantom.shape.block import Block
from spinemets.phantom.tissue.tissues import tissue
from spinemets.phantom.training.contrast import Palette
from spinemets.phantom.training.materials import MOST, CodeCanvas, Codes, Material


def canvas_of(shape):
    """A canvas of air at the origin."""
    block = Block(affine=np.eye(4), start=(0, 0, 0), shape=shape, reach_mm=1.0)
    channels = np.empty((1, 0, 0, 0), np.float32)
    return CodeCanvas(channels=channels, block=block, palette=Codes.empty(), held=np.zeros((3, *shape), np.uint8))


def test_a_code_for_each_material():
    """Air is 0; the same tissue has the same code, spongy bone one for each mineral, a mixture its own."""
    codes = Codes.empty()
    assert codes.materials == [Material(tissue=tissue("gas"))]
    muscle = codes.tissue("muscle")
    assert muscle == codes.plain("muscle")[0] == 1
    first, second = (codes.spongy(tissue("lytic_tumour"), m)[0, 0] for m in (10.0, 20.0))
    assert first != second == codes.spongy(tissue("lytic_tumour"), 20.0)[0, 0]
    mixed = codes.between("nucleus_healthy", "nucleus_degenerated", 0.5)
    assert codes.materials[int(mixed[0])].share == 0.5
    assert codes.between("muscle", "nucleus_healthy", 0.0) == muscle


def test_more_tissues_than_a_byte_are_refused():
    """Rather than one tissue for another."""
    codes = Codes.empty()
    for mineral in range(MOST - 1):
        codes.spongy(tissue("lytic_tumour"), float(mineral))
    with pytest.raises(ValueError, match="more than 256"):
        codes.tissue("muscle")


def test_what_is_kept_is_not_painted_over():
    """A shielded sample stays, others change."""
    plain = canvas_of((2, 2, 2))
    kept = np.zeros((2, 2, 2), bool)
    kept[0] = True
    shielded = CodeCanvas(channels=plain.channels, block=plain.block, palette=plain.palette, held=plain.held, kept=kept)
    shielded.fill((slice(0, 2),) * 3, plain.palette.tissue("muscle"), np.float32(1.0))
    assert (plain.held[0, 0] == 0).all()
    assert (plain.held[0, 1] == 1).all()


def test_csf_is_exchanged_and_nothing_else():
    """The code of one tissue for that of another."""
    plain = canvas_of((2, 2, 2))
    whole = (slice(0, 2),) * 3
    share = np.zeros((2, 2, 2), np.float32)
    share[0] = 1.0
    plain.fill(whole, plain.palette.tissue("csf"), share)
    plain.exchange(whole, "csf_myelogram", "csf", np.float32(0.9))
    names = [m.tissue.name for m in plain.palette.materials]
    assert [names[c] for c in plain.held[0, :, 0, 0]] == ["csf_myelogram", "gas"]


def test_codes_show_what_ct_shows(first_light, plane):
    """HU of the two tissues of each sample are those that CT paints, but for texture and for the third tissue of a sample."""
    anatomy = first_light.anatomy
    canvas = canvas_of(plane.shape)
    codes = CodeCanvas(channels=canvas.channels, block=plane, palette=canvas.palette, held=canvas.held)
    paint_on(codes, anatomy)
    hu = np.array([_hu(m) for m in canvas.palette.materials])
    rest = canvas.held[2] / 255
    got = (1 - rest) * hu[canvas.held[0]] + rest * hu[canvas.held[1]]
    painted = paint(anatomy, plane, CtContrast())[0]
    apart = np.abs(got - painted)
    assert np.median(apart) < 1.0
    assert np.quantile(apart, 0.97) < 60
    assert len(Palette(canvas.palette.materials, np.array([[0, 0, 0]], np.uint8)).names) == len(hu)


def _hu(material):
    """HU of a material, by its own contrast."""
    palette = Palette([material], np.array([[0, 0, 0]], np.uint8))
    return palette._hu[0]
