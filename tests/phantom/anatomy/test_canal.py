"""Canal, sac, cord, cauda equina."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.knowledge.catalogue import table
from spinemets.phantom.shape.block import Block


def _axial(anatomy, z, cube):
    """Block of one axial plane across the canal, 0.25 mm."""
    centre = (float(anatomy.canal.x.at(np.asarray(z))), float(anatomy.canal.y.at(np.asarray(z))), z)
    grid = cube(centre, (22, 22, 0.01), 0.25)
    return Block.of_grid(grid)


def _height(anatomy, level, share=0.0):
    """z at a level's canal."""
    size, frame = anatomy.sizes[level], anatomy.frames[level]
    return float(frame.lps(0.0, -size.mean_depth / 2 - size.canal[0] / 2, share * size.height[1])[2])


@pytest.mark.parametrize("level", ["T11", "L2", "L4"])
def test_nested_tubes(first_light, cube, level):
    """Cord or roots inside the sac, the sac inside the canal, with epidural space around."""
    canal = first_light.anatomy.canal
    block = _axial(first_light.anatomy, _height(first_light.anatomy, level), cube)
    fat, sac, cord, roots = (
        np.broadcast_to(f(block) < 0, block.shape) for f in (canal.fat, canal.sac, canal.cord, canal.roots)
    )
    assert sac.any()
    assert not (sac & ~fat).any()
    assert not (cord & ~sac).any()
    assert not (roots & ~sac).any()
    assert 0.35 < sac.sum() / fat.sum() < 0.9


def test_canal_has_the_requested_width(first_light):
    """Front to back within 2 % of the request at each level (between levels it passes smoothly)."""
    anatomy = first_light.anatomy
    for level, size in anatomy.sizes.items():
        if level != "T10":
            found = 2 * float(anatomy.canal.half_ap.at(np.asarray(_height(anatomy, level))))
            assert found == pytest.approx(size.canal[0], rel=0.03)


def test_conus_ends_in_l1(first_light, cube):
    """Conus tip at the upper third of L1; below it roots only."""
    anatomy = first_light.anatomy
    assert _height(anatomy, "L1", -0.5) < anatomy.canal.conus_z < _height(anatomy, "L1", 0.5)
    for level, cord in (("T11", True), ("L3", False)):
        block = _axial(anatomy, _height(anatomy, level), cube)
        assert bool((anatomy.canal.cord(block) < 0).any()) == cord
        assert bool((anatomy.canal.roots(block) < 0).any()) == (not cord)


def test_cord_has_its_size(first_light, cube):
    """Cord of T11: 7.1 x 8.8 mm."""
    anatomy = first_light.anatomy
    block = _axial(anatomy, _height(anatomy, "T11"), cube)
    inside = np.broadcast_to(anatomy.canal.cord(block) < 0, block.shape)[:, :, 0]
    expected = table("phantom_anatomy")["neural"]["cord_mm"]["T11"]
    assert 0.25 * inside.any(axis=0).sum() == pytest.approx(expected[0], abs=0.8)
    assert 0.25 * inside.any(axis=1).sum() == pytest.approx(expected[1], abs=0.8)


def test_roots_are_dorsal(first_light, cube):
    """L4 to the coccygeal pair hang at L3, in the back half of the sac, and those of L3 on their way out at its sides."""
    from scipy import ndimage

    anatomy = first_light.anatomy
    z = _height(anatomy, "L3")
    block = _axial(anatomy, z, cube)
    inside = np.broadcast_to(anatomy.canal.roots(block) < 0, block.shape)[:, :, 0]
    _, n = ndimage.label(inside)
    assert 13 <= n <= 16
    assert anatomy.canal.cauda.present(z) == 16
    y = np.broadcast_to(block.axes[1], block.shape)[:, :, 0]
    assert np.mean(y[inside]) > float(anatomy.canal.y.at(np.asarray(z))) + 1


def test_sac_ends_in_s2(first_light, cube):
    """The sac tapers below L5 and ends at S2."""
    canal = first_light.anatomy.canal
    block = _axial(first_light.anatomy, canal.end_z - 3, cube)
    assert not (canal.sac(block) < 0).any()
    assert canal.end_z == pytest.approx(first_light.anatomy.sacrum.segments[0].origin[2])
