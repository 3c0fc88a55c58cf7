"""Canal, sac, cord, cauda equina."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.knowledge.lookup import table
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
    assert 3 <= n <= 32  # those that touch count as one
    assert anatomy.canal.cauda.present(z) == 32
    y = np.broadcast_to(block.axes[1], block.shape)[:, :, 0]
    assert np.mean(y[inside]) > float(anatomy.canal.y.at(np.asarray(z))) + 1


def test_sac_ends_in_s2(first_light, cube):
    """The sac tapers below L5 and ends at S2."""
    canal = first_light.anatomy.canal
    block = _axial(first_light.anatomy, canal.end_z - 3, cube)
    assert not (canal.sac(block) < 0).any()
    assert canal.end_z == pytest.approx(first_light.anatomy.sacrum.segments[0].origin[2])


@pytest.mark.parametrize("level", ["C3", "C5", "C7", "T2", "T4"])
def test_sac_has_its_measured_size(normal, cube, level):
    """Area, depth and width where they were measured, scaled with the patient's canal."""
    anatomy = normal.anatomy
    deep, wide, area = table("phantom_anatomy")["neural"]["sac_mm"][level]
    bony = table("phantom_anatomy")["levels"][level]["canal"]
    scale = [have / usual for have, usual in zip(anatomy.sizes[level].canal, bony, strict=True)]
    z = np.asarray(_height(anatomy, level))
    found = [2 * float(curve.at(z)) for curve in (anatomy.canal.sac_ap, anatomy.canal.sac_width)]
    assert found[0] == pytest.approx(deep * scale[0], rel=0.05)
    assert found[1] == pytest.approx(wide * scale[1], rel=0.05)
    assert np.pi / 4 * found[0] * found[1] == pytest.approx(area * scale[0] * scale[1], rel=0.08)
    block = _axial(anatomy, float(z), cube)
    inside = np.broadcast_to(anatomy.canal.sac(block) < 0, block.shape)[:, :, block.shape[2] // 2]
    tilt = np.sqrt(1 + float(anatomy.canal.y.slope.at(z)) ** 2)
    assert inside.sum() * 0.25**2 / tilt == pytest.approx(np.pi / 4 * found[0] * found[1], rel=0.03)


def _room(canal, mark_z):
    """Space in front of the sac and behind it in the midline at a height."""
    z = np.asarray(mark_z)
    half, middle, sac = (float(curve.at(z)) for curve in (canal.half_ap, canal.sac_middle, canal.sac_ap))
    return half + middle - sac, half - middle - sac


def test_sac_stands_off_at_the_sacrum(normal):
    """Little in front of the sac in the lumbar spine, fat in front of it at L5-S1."""
    canal, site = normal.anatomy.canal, normal.anatomy.site
    assert _room(canal, site.z(("L3", 0.0)))[0] == pytest.approx(1.0, abs=0.15)
    assert _room(canal, site.z(("L5", -1.3)))[0] > 2.5
    assert _room(canal, float(normal.anatomy.sacrum.s1_frame.lps(0.0, -22.0, -8.0)[2]))[0] > 3


def test_sac_reaches_back_under_the_laminae(normal):
    """Less fat behind it under a lamina than between two: the fat is in triangles."""
    canal, site = normal.anatomy.canal, normal.anatomy.site
    for level in ("L2", "L3", "L4"):
        assert _room(canal, site.z((level, -1.1)))[1] > _room(canal, site.z((level, 0.1)))[1] + 0.4


@pytest.mark.parametrize(("level", "share"), [("C5", 0.20), ("T4", 0.12), ("T9", 0.12), ("T12", 0.29)])
def test_grey_matter_has_its_share(normal, cube, level, share):
    """Inside the cord, the stated share of its area, the same on both sides."""
    anatomy = normal.anatomy
    z = _height(anatomy, level)
    centre = (float(anatomy.canal.x.at(np.asarray(z))), float(anatomy.canal.y.at(np.asarray(z))), z)
    block = Block.of_grid(cube(centre, (9, 9, 0.01), 0.1))
    cord, grey = (np.broadcast_to(f(block) < 0, block.shape) for f in (anatomy.canal.cord, anatomy.canal.grey))
    assert not (grey & ~cord).any()
    assert grey.sum() / cord.sum() == pytest.approx(share, abs=0.015)
    u, v, _ = (np.broadcast_to(a, block.shape) for a in anatomy.canal.across(block))
    assert (grey & (u > 0)).sum() == pytest.approx((grey & (u < 0)).sum(), rel=0.04)
    # Anterior horns are broad, posterior ones narrow: a cord the wrong way round has them exchanged.
    deep = float(anatomy.canal.cord_ap.at(np.asarray(z)))
    front, back = (grey & (np.abs(v - at) < 0.15) for at in (-0.3 * deep - 0.2, 0.4 * deep - 0.2))
    assert front.sum() > 1.3 * back.sum()


def test_grey_volume_of_the_cord(normal):
    """Grey over all of the cord: between the shares of the two cords that were measured (0.155 and 0.20)."""
    canal = normal.anatomy.canal
    z = np.linspace(canal.conus_z + 5, _height(normal.anatomy, "C3"), 120)
    shares = table("phantom_anatomy")["neural"]["grey_share"]
    knots = sorted((_height(normal.anatomy, level), share) for level, share in shares.items())
    share = np.interp(z, *zip(*knots, strict=True))
    area = canal.cord_ap.at(z) * canal.cord_width.at(z)
    assert 0.15 < float((share * area).sum() / area.sum()) < 0.205


def test_enlargements(normal):
    """The cord is wider in the neck and above the conus than in the chest."""
    canal, site = normal.anatomy.canal, normal.anatomy.site
    width = {level: float(canal.cord_width.at(np.asarray(site.z((level, 0.0))))) for level in ("C5", "T7", "T11")}
    assert width["C5"] > 1.5 * width["T7"]
    assert width["T11"] > 1.1 * width["T7"]


def test_same_on_both_sides(normal):
    """Sac, cord, grey matter and fat are mirror images about the canal's centre."""
    canal, z = normal.anatomy.canal, _height(normal.anatomy, "T9")
    x, y = float(canal.x.at(np.asarray(z))), float(canal.y.at(np.asarray(z)))
    affine = np.diag([0.2, 0.2, 1.0, 1.0])
    affine[:3, 3] = (x - 10.0, y - 10, z)
    block = Block(affine=affine, start=(0, 0, 0), shape=(101, 101, 1), reach_mm=0.2)
    for name in ("sac", "cord", "grey", "fat"):
        found = np.broadcast_to(getattr(canal, name)(block), block.shape)
        assert found == pytest.approx(found[::-1], abs=5e-3), name
