"""Vertebrae: what is bone, what is shell, and that neighbours keep apart."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import ndimage

from spinemets import phantom
from spinemets.phantom.anatomy.arch import ArchPlan
from spinemets.phantom.shape.block import Block


def _bone(vertebra, cube, step=1.0, margin=2.0):
    """Bone of a vertebra on a cube that holds it."""
    low, high = (np.asarray(c) for c in vertebra.box)
    grid = cube((low + high) / 2, (high - low) / 2 + margin, step)
    return grid, vertebra.bone(Block.of_grid(grid))


@pytest.mark.parametrize("level", ["T11", "L1", "L3", "L5"])
def test_a_vertebra_is_one_piece_with_a_ring(first_light, cube, level):
    """Body, pedicles, laminae and processes hang together and enclose the canal."""
    vertebra = first_light.anatomy.vertebra(level)
    grid, bone = _bone(vertebra, cube)
    inside = bone.outer < 0
    _, n = ndimage.label(inside)
    sizes = ndimage.sum_labels(inside, ndimage.label(inside)[0], range(1, n + 1))
    assert max(sizes) / sum(sizes) > 0.995
    assert grid.shape_ijk == inside.shape
    _assert_ring(vertebra)


def _assert_ring(vertebra):
    """In the vertebra's own axial plane at pedicle level the canal is cut off from the outside by bone."""
    plan = ArchPlan(size=vertebra.body.size, frame=vertebra.frame)
    behind = plan.wall - plan.size.canal[0] / 2
    found = []
    for s in (plan.pedicle_s - 5.0, plan.pedicle_s - 3.0, plan.pedicle_s - 1.0):
        affine = np.eye(4)
        affine[:3, 0], affine[:3, 1] = vertebra.frame.left * 0.5, vertebra.frame.anterior * 0.5
        affine[:3, 2] = vertebra.frame.superior
        affine[:3, 3] = vertebra.frame.lps(-40.0, behind - 40.0, s)
        plane = (
            vertebra.bone(Block(affine=affine, start=(0, 0, 0), shape=(161, 161, 1), reach_mm=0.5)).outer[:, :, 0] < 0
        )
        hole = ndimage.binary_fill_holes(plane) & ~plane
        found.append(bool(hole[80, 80]))
    assert any(found)


def test_volume_of_a_lumbar_vertebra(first_light, cube):
    """Whole lumbar vertebrae of women hold roughly 35 to 75 ml, of which the body is more than half."""
    for level in ("L2", "L3", "L4"):
        vertebra = first_light.anatomy.vertebra(level)
        _, bone = _bone(vertebra, cube)
        whole = np.count_nonzero(bone.outer < 0) / 1000
        body = np.count_nonzero(bone.body < 0) / 1000
        assert 35 < whole < 75
        assert 0.5 < body / whole < 0.8


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_neighbours_never_intersect(cube, seed):
    """Acceptance of PHA section 2: neighbouring bodies never intersect, nor do whole vertebrae."""
    anatomy = phantom.build("normal", seed).anatomy
    for upper, lower in pairwise(anatomy.vertebrae):
        low = np.minimum(upper.box[0], lower.box[0])
        high = np.maximum(upper.box[1], lower.box[1])
        block = Block.of_grid(cube((low + high) / 2, (high - low) / 2, 1.0))
        both = (upper.bone(block).outer < 0) & (lower.bone(block).outer < 0)
        assert not both.any(), (upper.level, lower.level, int(both.sum()))


def test_bodies_never_intersect_in_many_patients(cube):
    """20 seeds x all levels: the gap between facing endplates stays open (sampled along the column of discs)."""
    line = np.linspace(-14, 14, 9, dtype=np.float32)
    for seed in range(20):
        anatomy = phantom.build("fx-grades", seed).anatomy
        for upper, lower in pairwise(anatomy.vertebrae):
            points = np.array([upper.frame.lps(l, a, 0) for l in line for a in line])  # noqa: E741
            down = -upper.frame.superior
            reach = np.arange(0, 45, 0.25)
            samples = points[:, None, :] + reach[None, :, None] * down
            inside = [
                body.distance(
                    *(((samples - f.origin) @ axis).astype(np.float32) for axis in (f.left, f.anterior, f.superior))
                ).whole
                < 0
                for body, f in ((upper.body, upper.frame), (lower.body, lower.frame))
            ]
            assert not (inside[0] & inside[1]).any(), (seed, upper.level)


def test_shell_lies_inside_the_bone(first_light, cube):
    """The marrow space is the bone less a shell of the stated thickness: 0.4 to 0.9 mm."""
    vertebra = first_light.anatomy.vertebra("L3")
    _, bone = _bone(vertebra, cube)
    thickness = bone.inner - bone.outer
    assert thickness.min() == pytest.approx(0.40, abs=0.01)
    assert thickness.max() == pytest.approx(0.90, abs=0.01)
    near = (np.abs(bone.body) < 0.5) & (bone.local[2] > 9)
    assert np.median(thickness[near]) == pytest.approx(0.45, abs=0.06)


def test_facet_joints_have_a_gap(first_light, cube):
    """Processes of neighbours keep a cartilage gap: cut back to 0.7 mm from the middle between them."""
    upper, lower = (first_light.anatomy.vertebra(level) for level in ("L3", "L4"))
    block = Block.of_grid(cube(lower.frame.lps(0, -30, 14), 30, 0.5))
    first, second = upper.bone(block).outer, lower.bone(block).outer
    both = (first < 1.2) & (second < 1.2)
    assert both.any(), "the processes should come near each other somewhere"
    assert (first + second)[both].min() > 0.5


def test_box_holds_all_bone(first_light, cube):
    """Nothing of a vertebra lies outside its box: painting by box loses nothing."""
    vertebra = first_light.anatomy.vertebra("L1")
    grid, bone = _bone(vertebra, cube, margin=8.0)
    points = grid.to_lps_mm(np.argwhere(bone.outer < 0))
    assert (points >= vertebra.box[0]).all()
    assert (points <= vertebra.box[1]).all()
