"""Arches of the neck."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from spinemets.phantom.shape.block import Block


def bone_on(vertebra, cube, step=0.5):
    low, high = (np.asarray(c) for c in vertebra.box)
    grid = cube((low + high) / 2, (high - low) / 2 + 2, step)
    return grid, vertebra.bone(Block.of_grid(grid)).outer < 0


@pytest.mark.parametrize("level", ["C2", "C3", "C5", "C7"])
def test_one_piece_around_the_canal(normal, cube, level):
    """Body, pillars, laminae hang together, and a straight line through the canal's middle meets no bone."""
    vertebra = normal.anatomy.vertebra(level)
    _, inside = bone_on(vertebra, cube)
    parts, n = ndimage.label(inside)
    sizes = ndimage.sum_labels(inside, parts, range(1, n + 1))
    assert max(sizes) / sum(sizes) > 0.99
    size = vertebra.body.size
    affine = np.eye(4)
    affine[:3, 2] = 0.5 * vertebra.frame.superior
    affine[:3, 3] = vertebra.frame.lps(0, -size.mean_depth / 2 - size.canal[0] / 2, -10)
    line = vertebra.bone(Block(affine=affine, start=(0, 0, 0), shape=(1, 1, 41), reach_mm=0.5)).outer
    assert (line > size.canal[0] / 2 - 3.0).all()


@pytest.mark.parametrize("level", ["C3", "C4", "C5", "C6"])
def test_foramen_of_the_vertebral_artery(normal, level):
    """In some plane across the vertebra a hole beside the body, on both sides, is closed by bone."""
    vertebra = normal.anatomy.vertebra(level)
    sides = set()
    for s in np.arange(-5, 3, 0.5):
        affine = np.eye(4)
        affine[:3, 0], affine[:3, 1] = vertebra.frame.left * 0.4, vertebra.frame.anterior * 0.4
        affine[:3, 2] = vertebra.frame.superior
        affine[:3, 3] = vertebra.frame.lps(-32, -20, s)
        plane = (
            vertebra.bone(Block(affine=affine, start=(0, 0, 0), shape=(161, 81, 1), reach_mm=0.4)).outer[:, :, 0] < 0
        )
        holes, n = ndimage.label(ndimage.binary_fill_holes(plane) & ~plane)
        for number in range(1, n + 1):
            l = 0.4 * np.argwhere(holes == number)[:, 0].mean() - 32  # noqa: E741  # left
            if 10 < abs(l) < 24:
                sides.add(np.sign(l))
    assert sides == {-1.0, 1.0}


def test_dens_and_spinous_processes(normal):
    """The dens rises 16 mm over the body of C2; the processes of C3 to C6 are forked, that of C7 is single and longest."""
    anatomy = normal.anatomy
    (dens,) = anatomy.vertebra("C2").arch.of("dens")
    frame, size = anatomy.frames["C2"], anatomy.sizes["C2"]
    tip = np.dot(np.asarray(dens.end) - frame.origin, frame.superior) + dens.half_mm[1][1]
    assert tip - size.before[2] / 2 == pytest.approx(16, abs=2.5)
    assert [len(anatomy.vertebra(level).arch.of("spinous")) for level in ("C2", "C5", "C7")] == [3, 3, 1]
    assert not anatomy.vertebra("C3").arch.of("dens")


def test_uncinates_rise_beside_the_disc(normal):
    """3 mm above the upper rim, C3 to C7 (Luschka)."""
    for level in ("C3", "C7"):
        vertebra = normal.anatomy.vertebra(level)
        for rod in vertebra.arch.of("uncinate"):
            up = np.dot(np.asarray(rod.start) - vertebra.frame.origin, vertebra.frame.superior) + rod.half_mm[0][1]
            assert 1.0 < up - vertebra.body.size.before[2] / 2 < 3.5
