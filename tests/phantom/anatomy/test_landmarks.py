"""Landmarks lie where their names say."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.anatomy.landmarks import landmarks
from spinemets.phantom.shape.block import Block


def of(patient, level):
    vertebra = patient.anatomy.vertebra(level)
    return vertebra, landmarks(vertebra.frame, vertebra.body, vertebra.arch)


def local(frame, point):
    return np.array([frame.left, frame.anterior, frame.superior]) @ (point - frame.origin)


def at(point):
    """Block of the one point."""
    affine = np.eye(4)
    affine[:3, 3] = point
    return Block(affine=affine, start=(0, 0, 0), shape=(1, 1, 1), reach_mm=0.1)


def test_twenty_six_at_every_level(first_light):
    """The same names everywhere (acceptance of PHA section 2)."""
    names = {tuple(of(first_light, level)[1]) for level in first_light.anatomy.sizes}
    assert len(names) == 1
    assert len(names.pop()) == 26


@pytest.mark.parametrize("level", ["C2", "C5", "T1", "T6", "T12", "L1", "L3", "L5"])
def test_points_on_and_in_the_bone(first_light, level):
    """Endplate and wall points lie on the body's surface, pedicles and processes inside the bone, the canal outside.

    The tip of a forked spinous process lies between its prongs.
    """
    vertebra, found = of(first_light, level)
    for name, point in found.items():
        bone = vertebra.bone(at(point))
        if name.startswith(("endplate", "wall")):
            body = vertebra.body.distance(*(np.full((1,), x, np.float32) for x in local(vertebra.frame, point)))
            assert abs(float(body.whole[0])) < 0.9, name
        elif name == "canal_centre":
            assert bone.outer[0, 0, 0] > 3.0
        else:
            assert bone.outer[0, 0, 0] < (1.0 if name == "spinous_tip" else 0.5), name


@pytest.mark.parametrize("level", ["C4", "T8", "L2"])
def test_sides_mirror_each_other(first_light, level):
    """Left points are the mirror image of right ones in the level's frame, and lie to the left."""
    vertebra, found = of(first_light, level)
    for name, point in found.items():
        if name.endswith("left"):
            left, right = (local(vertebra.frame, p) for p in (point, found[name.replace("left", "right")]))
            assert left[0] > 1.0, name
            assert left * [-1, 1, 1] == pytest.approx(right, abs=0.02), name
        elif not name.endswith("right"):
            assert local(vertebra.frame, point)[0] == pytest.approx(0.0, abs=1e-3), name


def test_distances_are_the_sizes_asked_for(first_light):
    """Central height, depth at mid-height, span of the transverse processes, from the points alone."""
    for level in ("T8", "L2", "L4"):
        vertebra, found = of(first_light, level)
        size = vertebra.body.size
        apart = lambda p, q, found=found: float(np.linalg.norm(found[p] - found[q]))  # noqa: E731
        assert apart("endplate_superior_centre", "endplate_inferior_centre") == pytest.approx(size.height[1], rel=0.02)
        assert apart("wall_anterior", "wall_posterior") == pytest.approx(size.mean_depth, rel=0.03)
        assert apart("transverse_tip_left", "transverse_tip_right") == pytest.approx(size.transverse_mm, rel=0.02)
