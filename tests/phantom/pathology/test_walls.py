"""Walls of a body: areas, and patches of a share."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.pathology.walls import WALLS, Breach, WallPatch, surface


@pytest.fixture(scope="module")
def l3(normal):
    return normal.anatomy.vertebra("L3")


@pytest.fixture(scope="module")
def found(l3):
    return surface(l3, 0.5)


def test_endplates_have_the_area_of_the_footprint(l3, found):
    """A superellipse of exponent 2.3 fills about 0.82 of its box; the rim's rounded edge belongs to no wall."""
    size = l3.body.size
    footprint = 0.82 * size.mean_width * size.mean_depth
    for wall in ("superior", "inferior"):
        assert found.area_mm2[found.of_wall[wall]].sum() == pytest.approx(footprint, rel=0.12), wall


def test_walls_do_not_overlap(found):
    """Within 45 degrees of one axis a normal is not of another."""
    assert np.sum(list(found.of_wall.values()), axis=0).max() == 1


def test_areas_converge(l3, found):
    """A finer lattice gives the same areas within 1 %."""
    fine = surface(l3, 0.35)
    for wall in WALLS:
        coarse, finer = (s.area_mm2[s.of_wall[wall]].sum() for s in (found, fine))
        assert coarse == pytest.approx(finer, rel=0.015), wall


@pytest.mark.parametrize("wall", WALLS)
@pytest.mark.parametrize("share", [0.05, 0.25, 0.75])
def test_patch_takes_its_share(l3, wall, share):
    """PHA-26: the stated share of the wall, within 1 point of a hundred, on its side of the body."""
    patch = WallPatch(wall=wall, share=share).fitted(l3)
    fine = surface(l3, 0.35)
    broken = (patch.distance(fine.bone) < 0) & fine.of_wall[wall]
    assert broken.sum() / fine.of_wall[wall].sum() == pytest.approx(share, abs=0.01)
    axis, sign = WALLS[wall]
    assert (sign * fine.local[broken, axis] > 0).all()


def test_left_and_right_are_mirrored(found):
    areas = [found.area_mm2[found.of_wall[wall]].sum() for wall in ("left", "right")]
    assert areas[0] == pytest.approx(areas[1], rel=0.02)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.2])
def test_impossible_share(l3, share):
    with pytest.raises(ValueError, match="between 0 and 1"):
        WallPatch(wall="left", share=share).fitted(l3)


def test_share_of_a_breach():
    assert Breach(wall="left", area_mm2=50.0, wall_area_mm2=200.0).share == 0.25
