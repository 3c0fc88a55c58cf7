"""Readings of a field against interpolation by another library."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from spinemets.phantom.training import layers, reading
from spinemets.phantom.training.bending import STRAIGHT, Bends

SHAPE = (12, 14, 16)


@pytest.fixture(scope="module")
def patches():
    """A field of five mixtures in patches, parts likewise: as marked, and plain."""
    draw = np.random.default_rng(1)
    tissues = np.kron(draw.integers(0, 5, (3, 4, 4)), np.ones((4, 4, 4)))[:12, :14, :16].astype(np.uint16)
    where = np.kron(draw.integers(0, 4, (3, 4, 4)), np.ones((4, 4, 4)))[:12, :14, :16].astype(np.uint8)
    plain = tissues.copy(), where.copy()
    layers.mark(tissues, where)
    return (tissues, where), plain


@pytest.fixture(scope="module")
def turned():
    """A pose with turns and shifts that leaves the field in places."""
    return np.array([[0.8, 0.2, -0.1, 1.0], [-0.2, 0.9, 0.3, 0.5], [0.1, -0.2, 0.9, 2.0]], np.float32)


def places(pose, shape):
    """(3, i, j, k) of a grid in the field."""
    index = np.indices(shape).reshape(3, -1)
    return (pose[:, :3] @ index + pose[:, 3:]).reshape(3, *shape)


def undeformed(pose):
    """A pose without deformation."""
    return pose, (STRAIGHT.nodes, STRAIGHT.per_voxel)


def none(levels):
    """Levels without texture, textures, and where they are read."""
    grains = np.zeros((reading.NODES,) * 3, np.int8)
    amplitudes = np.zeros_like(levels)
    return np.stack([levels, amplitudes, amplitudes]), grains, grains, np.zeros((2, 4), np.float32)


def test_image_is_trilinear_in_the_levels(patches, turned):
    """One sample a voxel, against `map_coordinates`, also beyond the ends of the field."""
    (tissues, _), (plain, _) = patches
    levels = np.array([0.0, 3.0, -1.0, 8.0, 2.5], np.float32)
    out = np.empty((9, 10, 11), np.float32)
    view, pose = reading.along_memory(out, turned)
    reading.image(view, tissues, undeformed(pose), np.zeros((1, 3), np.float32), none(levels))
    expected = map_coordinates(levels[plain], places(turned, out.shape), order=1, mode="nearest")
    assert np.abs(out - expected).max() < 1e-4


def test_subsamples_are_averaged(patches, turned):
    """The mean of images at shifted places."""
    (tissues, _), (plain, _) = patches
    levels = np.array([0.0, 3.0, -1.0, 8.0, 2.5], np.float32)
    away = np.array([[0.4, 0, 0.1], [-0.3, 0.2, 0.0], [0, 0, -0.5]], np.float32)
    out = np.empty((6, 6, 6), np.float32)
    reading.image(out, tissues, undeformed(turned), away, none(levels))
    at = places(turned, out.shape)
    each = [map_coordinates(levels[plain], at + a[:, None, None, None], order=1, mode="nearest") for a in away]
    assert np.abs(out - np.mean(each, axis=0)).max() < 1e-4


def test_memory_order_changes_nothing(patches, turned):
    """A grid whose axes run otherwise gives the same values."""
    (tissues, where), _ = patches
    swapped = np.ascontiguousarray(turned[:, [0, 2, 1, 3]])
    straight, crossed = np.empty((5, 6, 7), np.float32), np.empty((5, 7, 6), np.float32)
    parts, turned_parts = np.empty((5, 6, 7), np.uint8), np.empty((5, 7, 6), np.uint8)
    levels = none(np.array([0.0, 3.0, -1.0, 8.0, 2.5], np.float32))
    for image, part, pose in ((straight, parts, turned), (crossed, turned_parts, swapped)):
        out, own = reading.along_memory(image, pose)
        reading.image(out, tissues, undeformed(own), np.zeros((1, 3), np.float32), levels)
        out, own = reading.along_memory(part, pose)
        reading.parts_at(out, where, undeformed(own))
    assert np.abs(straight - crossed.transpose(0, 2, 1)).max() < 1e-5
    assert np.array_equal(parts, turned_parts.transpose(0, 2, 1))


def test_deformed_places_are_read(patches, turned):
    """Image and parts of a deformed grid are those of the places that the deformation names, also left of the field."""
    (tissues, where), (plain, plain_parts) = patches
    bend = Bends(3, 1.0).drawn({"share": 1.0, "fine_mm": [0.8, 0.8], "coarse_mm": [1.0, 1.0]}, np.random.default_rng(1))
    levels = np.array([0.0, 3.0, -1.0, 8.0, 2.5], np.float32)
    way = (turned, (bend.nodes, bend.per_voxel))
    image, parts = np.empty((9, 10, 11), np.float32), np.empty((9, 10, 11), np.uint8)
    reading.image(image, tissues, way, np.zeros((1, 3), np.float32), none(levels))
    reading.parts_at(parts, where, way)
    at = bend.at(places(turned, image.shape).reshape(3, -1).T.astype(np.float64)).T.reshape(3, *image.shape)
    assert np.abs(at - places(turned, image.shape)).max() > 0.5
    assert np.abs(image - map_coordinates(levels[plain], at, order=1, mode="nearest")).max() < 1e-3
    weights = np.stack(
        [map_coordinates((plain_parts == n).astype(float), at, order=1, mode="nearest") for n in range(4)]
    )
    inside = ((at >= 1e-3) & (at <= np.array(SHAPE)[:, None, None, None] - 1.001)).all(axis=0)
    clear = inside & (np.sort(weights, axis=0)[-1] - np.sort(weights, axis=0)[-2] > 1e-2)
    assert clear.sum() > 100
    assert np.array_equal(parts[clear], weights.argmax(axis=0)[clear])


def test_part_has_the_most_weight(patches, turned):
    """Each part's share interpolated alone: the largest wins; 0 outside the field."""
    (_, where), (_, plain) = patches
    out = np.empty((14, 15, 16), np.uint8)
    reading.parts_at(out, where, undeformed(turned))
    at = places(turned, out.shape)
    weights = np.stack(
        [map_coordinates((plain == n).astype(np.float64), at, order=1, mode="nearest") for n in range(4)]
    )
    inside = ((at >= 1e-4) & (at <= np.array(SHAPE)[:, None, None, None] - 1)).all(axis=0)
    clear = inside & (np.sort(weights, axis=0)[-1] - np.sort(weights, axis=0)[-2] > 1e-3)
    assert np.array_equal(out[clear], weights.argmax(axis=0)[clear])
    beyond = ((at < -1e-4) | (at > 1e-4 + np.array(SHAPE)[:, None, None, None])).any(axis=0)
    assert beyond.any()
    assert (out[beyond] == 0).all()


def test_texture_has_the_amplitude_of_its_tissue(patches):
    """Deviation of the coarse and the fine texture in a tissue as its level says, none in another."""
    (tissues, _), _ = patches
    draw = np.random.default_rng(3)
    grains = np.clip(np.rint(reading.UNIT * draw.standard_normal((reading.NODES,) * 3)), -127, 127).astype(np.int8)
    levels = np.zeros((3, 5), np.float32)
    levels[1], levels[2] = 0.3, 0.4
    out = np.empty((30, 30, 30), np.float32)
    pose = np.eye(3, 4, dtype=np.float32) * np.float32(0.2)
    at = np.array([[5.3, 1, 2, 3], [7.1, 4, 5, 6]], np.float32)
    reading.image(
        out, tissues, undeformed(pose), np.zeros((1, 3), np.float32), (levels, grains, grains[::-1].copy(), at)
    )
    assert out.std() == pytest.approx(0.5, rel=0.1)
    assert abs(out.mean()) < 0.02


def test_regrid_is_trilinear():
    """Against `map_coordinates`, places beyond the ends at the ends."""
    acquired = np.random.default_rng(5).normal(size=(4, 5, 6)).astype(np.float32)
    lines = [np.linspace(-0.7, n - 0.4, m).astype(np.float32) for n, m in zip(acquired.shape, (7, 8, 9), strict=True)]
    out = np.empty((7, 8, 9), np.float32)
    reading.regrid(out, acquired, tuple(lines))
    expected = map_coordinates(acquired, np.meshgrid(*lines, indexing="ij"), order=1, mode="nearest")
    assert np.abs(out - expected).max() < 1e-5
