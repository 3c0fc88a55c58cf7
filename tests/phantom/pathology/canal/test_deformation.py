"""The canal with disease in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets import phantom
from spinemets.phantom.pathology.canal.deformation import Swelling, deformed
from spinemets.phantom.pathology.canal.region import tube_box
from spinemets.phantom.shape.block import Block


def _block(canal, low, high, step=1.0):
    (x0, y0, z0), (x1, y1, z1) = tube_box(canal, low, high)
    affine = np.diag([step, step, step, 1.0])
    affine[:3, 3] = (x0, y0, z0)
    shape = tuple(int((b - a) / step) for a, b in ((x0, x1), (y0, y1), (z0, z1)))
    return Block(affine=affine, start=(0, 0, 0), shape=shape, reach_mm=step)


def test_without_disease_it_is_the_same(normal):
    """No sections, masses or swellings: every function as before."""
    own, site = normal.anatomy.canal, normal.anatomy.site
    same = deformed(own, sections=(), pushes=(), swellings=())
    block = _block(own, *site.heights((("T12", 0.0), ("L2", 0.0))))
    for name in ("sac", "cord", "roots", "fat"):
        assert np.array_equal(getattr(same, name)(block), getattr(own, name)(block))


def test_swelling_has_its_growth(normal):
    """A cord 0.5 mm thicker: its distance is half a millimetre less in the middle of the swelling."""
    own, site = normal.anatomy.canal, normal.anatomy.site
    z = site.z(("T9", 0.0))
    grown = deformed(
        own, sections=(), pushes=(), swellings=(Swelling(of="cord", span=(z - 9, z + 9), growth_mm=0.5, taper_mm=3.0),)
    )
    block = _block(own, z - 1, z + 1)
    inside = own.sac(block) < -1
    assert (own.cord(block) - grown.cord(block))[inside] == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize("case", ["epi-escc-2", "epi-escc-3", "mim-ependymoma"])
def test_cord_stays_in_the_sac(case):
    """However pressed or swollen."""
    anatomy = phantom.build(case, 1).anatomy
    block = _block(anatomy.canal, *anatomy.site.heights((("T5", 0.0), ("T7", 0.0))))
    assert not ((anatomy.canal.cord(block) < 0) & (anatomy.canal.sac(block) > 0)).any()


def _axial(anatomy, mark, step=0.2):
    z = anatomy.site.z(mark)
    (x0, y0, _), (x1, y1, _) = tube_box(anatomy.canal, z, z + 1)
    affine = np.diag([step, step, 1.0, 1.0])
    affine[:3, 3] = (x0, y0, z)
    shape = (int((x1 - x0) / step), int((y1 - y0) / step), 1)
    return Block(affine=affine, start=(0, 0, 0), shape=shape, reach_mm=step)


@pytest.mark.parametrize("case", ["epi-escc-1a", "epi-escc-2", "epi-escc-3"])
def test_grey_matter_follows_the_cord(case):
    """Inside the cord however it is pressed, with about the share of its area that it has undisturbed, or less."""
    anatomy = phantom.build(case, 1).anatomy
    block = _axial(anatomy, ("T6", 0.0))
    cord, grey = (np.broadcast_to(f(block) < 0, block.shape) for f in (anatomy.canal.cord, anatomy.canal.grey))
    assert not (grey & ~cord).any()
    assert grey.sum() / cord.sum() == pytest.approx(0.12, abs=0.035 if case != "epi-escc-3" else 0.06)


def test_grey_matter_gives_way_with_the_cord():
    """Pushed aside to the same side, about as far."""
    anatomy = phantom.build("epi-escc-3", 1).anatomy
    block = _axial(anatomy, ("T6", 0.0))
    own = replace(anatomy.canal, pushes=(), swellings=())
    u, v, _ = (np.broadcast_to(a, block.shape) for a in anatomy.canal.across(block))

    def middle(distance):
        inside = np.broadcast_to(distance < 0, block.shape)
        return np.array([u[inside].mean(), v[inside].mean()])

    moved = middle(anatomy.canal.cord(block)) - middle(own.cord(block))
    grey = middle(anatomy.canal.grey(block)) - middle(own.grey(block))
    assert np.linalg.norm(moved) > 0.3
    assert grey == pytest.approx(moved, abs=0.6)
    assert grey @ moved > 0


def test_middle_of_a_stated_cord():
    """The butterfly of a stated section stands in the middle of its cord, not of the patient's own."""
    anatomy = phantom.build("epi-escc-0", 1).anatomy
    stated = next(s for s in anatomy.canal.sections)
    z = np.asarray([anatomy.site.z(("T6", 0.0)), anatomy.site.z(("L1", 1.0))], np.float32)
    left, back = anatomy.canal.cord_middle(z)
    assert left == pytest.approx([0.0, 0.0])
    assert back[0] == pytest.approx(stated.centre_mm)
    assert back[1] == pytest.approx(-0.2)
