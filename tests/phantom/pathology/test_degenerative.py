"""Benign changes: volumes and places."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.pathology.degenerative import BenignChange, volume_mm3
from spinemets.phantom.pathology.inserts import lattice

NODE = BenignChange(kind="schmorl", level="L2", part="inferior", depth_mm=7.0, centre_mm=(2.0, -3.0), radius_mm=6.0)


def test_node_is_half_an_ellipsoid(first_light):
    """2/3 pi r r depth, plus the piece of the endplate that it opens; it lies at the lower endplate."""
    vertebra = first_light.anatomy.vertebra("L2")
    half = 2 / 3 * np.pi * 6.0 * 6.0 * 7.0
    assert volume_mm3(NODE, vertebra) == pytest.approx(half, rel=0.06)
    block = lattice(vertebra.frame.origin, np.array([24.0, 22.0, 20.0]), 0.5)
    _, _, s = vertebra.frame.local(block)
    assert np.broadcast_to(s, block.shape)[NODE.distance(vertebra, block) < 0].max() < 0


@pytest.mark.parametrize(("part", "sign"), [("superior", 1), ("inferior", -1)])
def test_modic_band_lies_along_its_endplate(first_light, part, sign):
    """As deep as asked for in the middle, nowhere deeper, on its own side, and inside the body."""
    vertebra = first_light.anatomy.vertebra("L3")
    band = BenignChange(kind="modic1", level="L3", part=part, depth_mm=8.0)
    block = lattice(vertebra.frame.origin, np.array([26.0, 22.0, 18.0]), 0.5)
    local = [np.broadcast_to(x, block.shape) for x in vertebra.frame.local(block)]
    inside = band.distance(vertebra, block) < 0
    assert (sign * local[2][inside]).min() > 2.0
    column = inside & (np.abs(local[0]) < 0.6) & (np.abs(local[1]) < 0.6)
    assert np.ptp(local[2][column]) == pytest.approx(8.0, abs=1.2)


def test_facet_lies_on_its_side(first_light):
    """The left one to the left of the midline, behind the body."""
    vertebra = first_light.anatomy.vertebra("L4")
    facet = BenignChange(kind="facet_oedema", level="L4", part="left")
    block = lattice(vertebra.frame.lps(0.0, -34.0, 0.0), np.array([26.0, 18.0, 26.0]), 1.0)
    inside = facet.distance(vertebra, block) < 0
    l, a, _ = (np.broadcast_to(x, block.shape)[inside] for x in vertebra.frame.local(block))  # noqa: E741
    assert l.min() > 0
    assert a.max() < -vertebra.body.size.mean_depth / 2
    assert volume_mm3(facet, vertebra) > 1000
