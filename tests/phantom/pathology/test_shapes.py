"""Regions of a vertebra: distances and boxes."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.pathology.shapes import (
    ArchPart,
    Ellipsoid,
    EndplateBand,
    Spiculated,
    Whole,
    lattice,
    part_points,
)


@pytest.fixture(scope="module")
def l3(normal):
    return normal.anatomy.vertebra("L3")


@pytest.fixture(scope="module")
def around(l3):
    """Bone at 1 mm around the body's centre."""
    block = lattice(l3.frame.origin, np.full(3, 22.0), 1.0)
    return block, l3.bone(block)


@pytest.mark.parametrize("centre", [(0.0, 0.0, 0.0), (3.0, -2.0, 1.0)])
def test_ball(around, centre):
    """Of a ball the distance is that to its surface, by hand."""
    _, bone = around
    l, a, s = (c - m for c, m in zip(bone.local, centre, strict=True))  # noqa: E741
    shape = Ellipsoid(centre_mm=centre, radii_mm=(6.0, 6.0, 6.0))
    assert shape.distance(bone) == pytest.approx(np.sqrt(l * l + a * a + s * s) - 6.0, abs=1e-3)


def test_thorns_only_add(around):
    """A spiculated region holds its core, grows by no more than the thorns, and does so over a small share."""
    _, bone = around
    core = Ellipsoid(radii_mm=(6.0, 6.0, 6.0))
    shape = Spiculated(core=core, thorn_mm=3.0)
    grown = core.distance(bone) - shape.distance(bone)
    assert grown.min() >= 0
    assert grown.max() <= 3.0 + 1e-4
    extra = (shape.distance(bone) < 0).sum() / (core.distance(bone) < 0).sum()
    assert 1.02 < extra < 1.5


def test_slab_of_a_bone(around):
    """Between two heights along the superior axis; without ends everywhere."""
    _, bone = around
    s = np.broadcast_to(bone.local[2], bone.outer.shape)
    inside = Whole(low_mm=-3.0, high_mm=5.0).distance(bone) < 0
    assert (inside == ((s > -3.0) & (s < 5.0))).all()
    assert (Whole().distance(bone) < 0).all()


@pytest.mark.parametrize(("side", "sign"), [("superior", 1), ("inferior", -1)])
def test_endplate_band_lies_at_its_endplate(l3, around, side, sign):
    """Of the body only, and only on that side."""
    _, bone = around
    inside = EndplateBand(side=side, depth_mm=8.0).fitted(l3).distance(bone) < 0
    s = np.broadcast_to(bone.local[2], bone.outer.shape)
    half = (l3.body.size.height[0] + l3.body.size.height[2]) / 4
    assert inside.any()
    assert (sign * s[inside] > half - 8.0).all()
    assert bone.body[inside].max() < 1.0


@pytest.mark.parametrize("part", ["pedicle_left", "lamina_right", "spinous"])
@pytest.mark.parametrize("share", [0.35, 1.0])
def test_arch_part_holds_its_share(l3, part, share):
    """PHA-27: fraction replaced, within two points of a hundred."""
    shape = ArchPart(part=part, share=share).fitted(l3)
    points = part_points(l3, part, step_mm=0.5)
    start, end = np.asarray(shape.start_mm), np.asarray(shape.end_mm)
    along = (end - start) / np.linalg.norm(end - start)
    t = (points - start) @ along
    off = np.linalg.norm(points - start - t[:, None] * along, axis=1)
    held = (t > 0) & (t < np.linalg.norm(end - start)) & (off < shape.radius_mm)
    assert held.mean() == pytest.approx(share, abs=0.02)


def test_left_part_lies_left(l3):
    assert part_points(l3, "pedicle_left", step_mm=1.0)[:, 0].min() > 0
    assert part_points(l3, "pedicle_right", step_mm=1.0)[:, 0].max() < 0


def test_unknown_part(l3):
    with pytest.raises(ValueError, match="pedicle_left"):
        part_points(l3, "tail", step_mm=1.0)


@pytest.mark.parametrize(
    "shape", [Ellipsoid(centre_mm=(4.0, 1.0, 0.0)), Spiculated(core=Ellipsoid()), ArchPart(part="pedicle_left")]
)
def test_box_holds_the_region(l3, shape):
    """Nothing of the region lies outside its box."""
    fitted = shape.fitted(l3)
    centre, reach = fitted.box
    block = lattice(l3.frame.lps(*centre), np.full(3, reach + 6.0), 1.0)
    bone = l3.bone(block)
    inside = np.broadcast_to(fitted.distance(bone) < 0, block.shape)
    x, y, z = (np.broadcast_to(axis, block.shape)[inside] for axis in block.axes)
    off = np.stack([x, y, z], axis=1) - l3.frame.lps(*centre)
    assert np.abs(off).max() <= reach
