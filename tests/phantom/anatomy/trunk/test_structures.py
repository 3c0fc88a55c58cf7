"""Soft tissue around the spine."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.knowledge.lookup import table
from spinemets.phantom.shape.block import Block
from spinemets.phantom.shape.curves import Curve


def _axial(anatomy, level, cube, half=110.0):
    """Block of an axial plane through a level, 1 mm."""
    return Block.of_grid(cube(anatomy.frames[level].origin, (half, half, 0.01), 1.0))


def _area_cm2(anatomy, block, name):
    """Area of a soft structure in a plane."""
    soft = next(s for s in anatomy.soft if s.name == name)
    return np.count_nonzero(np.broadcast_to(soft.distance(block), block.shape)[:, :, 0] < 0) / 100.0


@pytest.mark.parametrize(("name", "key"), [("psoas_left", "psoas_cm2"), ("erector_spinae_right", "erector_cm2")])
def test_muscle_areas(first_light, cube, name, key):
    """Areas at L3 near those of women: psoas 8.5, erector spinae 16 cm2 a side (with the part behind the arch)."""
    found = _area_cm2(first_light.anatomy, _axial(first_light.anatomy, "L3", cube), name)
    assert found == pytest.approx(table("phantom_anatomy")["trunk"][key]["female"], rel=0.45)


def test_sides_mirror_each_other(first_light, cube):
    """Left and right muscles have the same area."""
    block = _axial(first_light.anatomy, "L4", cube)
    for muscle in ("psoas", "quadratus", "erector_spinae", "multifidus"):
        left, right = (_area_cm2(first_light.anatomy, block, f"{muscle}_{side}") for side in ("left", "right"))
        assert left == pytest.approx(right, rel=0.03, abs=0.2)


def test_liver_right_aorta_left(first_light, cube):
    """Situs: liver on the patient's right (x below the midline), aorta left of the cava."""
    anatomy = first_light.anatomy
    block = _axial(anatomy, "T12", cube)
    x = np.broadcast_to(block.axes[0], block.shape)[:, :, 0] - anatomy.frames["T12"].origin[0]
    centre = {}
    for name in ("liver", "aorta", "cava"):
        soft = next(s for s in anatomy.soft if s.name == name)
        centre[name] = x[np.broadcast_to(soft.distance(block), block.shape)[:, :, 0] < 0].mean()
    assert centre["liver"] < -30
    assert centre["cava"] < 0 < centre["aorta"]


def test_psoas_is_absent_above_and_full_below(first_light, cube):
    """Psoas begins at T12-L1 and grows downwards."""
    anatomy = first_light.anatomy
    areas = [_area_cm2(anatomy, _axial(anatomy, level, cube), "psoas_left") for level in ("T11", "L2", "L4")]
    assert areas[0] < 1 < areas[1] < areas[2]


def test_back_is_behind_the_spinous_processes(first_light):
    """Skin of the back lies behind every spinous process."""
    anatomy = first_light.anatomy
    for vertebra in anatomy.vertebrae:
        tip = max((rod.end for rod in vertebra.arch.rods["spinous"]), key=lambda p: p[1])
        assert float(anatomy.column.back.at(np.asarray(tip[2]))) > tip[1] + 4


def test_boxes_hold_their_structures(first_light, cube):
    """Painting by box loses nothing: no structure reaches beyond its box."""
    anatomy = first_light.anatomy
    grid = cube(anatomy.frames["L2"].origin, (100, 100, 120), 5.0)
    block = Block.of_grid(grid)
    x, y, _ = (np.broadcast_to(a, block.shape) for a in block.axes)
    for soft in anatomy.soft:
        inside = np.broadcast_to(soft.distance(block), block.shape) < 0
        (x0, y0, _), (x1, y1, _) = soft.box
        assert not (inside & ((x < x0) | (x > x1) | (y < y0) | (y > y1))).any(), soft.name


def test_curve_follows_its_points():
    """A curve passes through straight points exactly and keeps its slope."""
    curve = Curve.through([(float(z), 2.0 + 0.1 * z) for z in range(0, 100, 10)])
    z = np.array([30.0, 50.5, 62.0], np.float32)
    assert curve.at(z) == pytest.approx(2.0 + 0.1 * z, abs=1e-3)
    assert curve.slope.at(z) == pytest.approx(np.full(3, 0.1), abs=1e-3)
    assert float(curve.at(np.asarray(-100.0))) == pytest.approx(2.0, abs=0.2)
