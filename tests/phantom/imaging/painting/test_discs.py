"""Discs: annulus around nucleus."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.knowledge.catalogue import table
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.mr_signals import MrContrast
from spinemets.phantom.imaging.paint import paint
from spinemets.phantom.imaging.painting.discs import _coat
from spinemets.phantom.shape.block import Block
from spinemets.phantom.tissue.tissues import tissue


def test_nucleus_lies_inside_the_annulus(first_light, cube):
    """L3-L4 on CT: the middle is nucleus, then annulus, ever darker outwards."""
    disc = next(d for d in first_light.anatomy.discs if d.level == "L3")
    centre = (disc.upper_frame.origin + disc.lower_frame.origin) / 2
    block = Block.of_grid(cube(centre, (22, 16, 0.5), 1.0))
    image = paint(first_light.anatomy, block, MrContrast(default("t2")))[0]
    outer, nucleus = (np.broadcast_to(d, block.shape) for d in disc.distance(block))
    healthy, worn = (MrContrast(default("t2")).tissue(tissue(f"nucleus_{s}"))[0] for s in ("healthy", "degenerated"))
    expected = healthy + first_light.anatomy.dried["L3"] * (worn - healthy)
    assert expected < 0.85 * healthy
    annulus = MrContrast(default("t2")).tissue(tissue("annulus"))[0]
    cleft = np.broadcast_to(disc.cleft(block), block.shape)
    inside = (nucleus < -2) & (outer < -2)
    assert np.median(image[inside & (cleft > 0.8)]) == pytest.approx(expected, rel=0.05)
    # Age has dried a sixth of it or more: a band of fibres splits it.
    assert np.median(image[inside & (cleft < -0.2)]) < 0.85 * expected
    rings = [np.median(image[(nucleus > r) & (nucleus < r + 1) & (outer < -1.5)]) for r in (1.5, 3.0, 4.5)]
    assert rings[0] == pytest.approx(annulus, rel=0.1)
    assert rings[0] > rings[1] > rings[2]


def test_cartilage_is_a_dark_line_along_the_endplates(first_light, cube):
    """Half a millimetre from the endplate L3-L4 is darker on T2 than annulus, 2 mm from it not."""
    disc = next(d for d in first_light.anatomy.discs if d.level == "L3")
    centre = (disc.upper_frame.origin + disc.lower_frame.origin) / 2 + np.array([0.0, -10.0, 0.0])
    block = Block.of_grid(cube(centre, (3, 2, 8), 0.25))
    image = paint(first_light.anatomy, block, MrContrast(default("t2")))[0]
    outer, nucleus = (np.broadcast_to(d, block.shape) for d in disc.distance(block))
    fibres = (nucleus > 0.5) & (nucleus < 6)
    line, deep = (image[fibres & (np.abs(outer + at) < 0.15)].mean() for at in (0.4, 2.0))
    assert line < 0.75 * deep


def test_coat_is_thickest_in_front():
    """Anterior longitudinal ligament in front, less at the sides and behind, without a step."""
    row = table("phantom_anatomy")["lining"]["column_mm"]
    ahead = np.linspace(-20, 20, 81, dtype=np.float32)
    found = _coat(ahead, 34.0)
    assert found[ahead >= 17] == pytest.approx(row["anterior"])
    assert found[ahead <= 0] == pytest.approx(row["around"])
    assert np.all(np.diff(found) >= 0)
    assert np.diff(found).max() < 0.06


def test_ligament_in_front_of_a_body(normal):
    """Sum of what T1 loses to the ligament in front of L3: dark over its thickness, whatever the samples."""
    vertebra = normal.anatomy.vertebra("L3")
    front = vertebra.body.size.mean_depth / 2

    def dark_mm(step):
        affine = np.eye(4)
        affine[:3, 0] = step * vertebra.frame.anterior
        affine[:3, 3] = vertebra.frame.lps(0.0, front - 4.0 + step / 2, 0.0)
        block = Block(affine=affine, start=(0, 0, 0), shape=(round(12 / step), 1, 1), reach_mm=step)
        bone = vertebra.bone(block)
        ahead = vertebra.frame.local(block)[1]
        shell = (bone.outer > 0) & (bone.body - _coat(ahead, vertebra.body.size.mean_depth) < 0)
        return step * np.count_nonzero(shell)

    assert dark_mm(0.05) == pytest.approx(table("phantom_anatomy")["lining"]["column_mm"]["anterior"], abs=0.15)
