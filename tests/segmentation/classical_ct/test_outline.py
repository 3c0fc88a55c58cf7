"""Outlines across the column."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.segmentation.classical_ct import outline
from spinemets.segmentation.classical_ct.curve import FRONT_MM, LEFT_MM
from spinemets.segmentation.classical_ct.discs import Disc

WALL_MM = 9.0


def cylinder(radius_mm: float = 20.0, vessel_hu: float | None = None, n: int = 40) -> np.ndarray:
    """Straightened picture of a round body with its middle 12.5 mm in front of the wall."""
    left, front = np.meshgrid(LEFT_MM, FRONT_MM, indexing="ij")
    off = np.hypot(left, front - (WALL_MM + 12.5))
    section = np.where(off < radius_mm, 180.0, 40.0)
    if vessel_hu is not None:
        section = np.where(np.hypot(left - 12, front - (WALL_MM + 12.5 + radius_mm + 8)) < 9, vessel_hu, section)
    return np.repeat(section[None], n, axis=0).astype(np.float32)


def pair() -> tuple[Disc, Disc]:
    return Disc(along_mm=5, tilt=0.0, half_mm=3), Disc(along_mm=35, tilt=0.0, half_mm=3)


class TestBody:
    def test_radius_of_a_round_body(self, settings):
        radius = outline.body(cylinder(), pair(), WALL_MM, settings)
        front = np.sin(outline.ANGLES) > 0
        assert radius[front] == pytest.approx(20, abs=1.0)

    def test_never_far_behind_the_posterior_wall(self, settings):
        radius = outline.body(cylinder(30.0), pair(), WALL_MM, settings)
        behind = -np.sin(outline.ANGLES) * radius
        assert behind.max() <= settings.body_middle_mm + outline.BEHIND_WALL_MM + 0.1

    def test_a_bright_vessel_beside_the_body_is_left_out(self, settings):
        """'adaptive to contrast': the aorta of an arterial phase is brighter than bone."""
        with_vessel = outline.body(cylinder(vessel_hu=350.0), pair(), WALL_MM, settings)
        without = outline.body(cylinder(), pair(), WALL_MM, settings)
        assert np.abs(with_vessel - without).max() <= 6
        assert np.median(np.abs(with_vessel - without)) <= 1

    def test_the_path_is_closed_and_smooth(self, settings):
        radius = outline.body(cylinder(24.0), pair(), WALL_MM, settings)
        assert np.abs(np.diff(np.append(radius, radius[0]))).max() <= outline.STEP_MM


class TestCanal:
    def tube(self, gap: slice | None = None) -> np.ndarray:
        left, front = np.meshgrid(LEFT_MM, FRONT_MM, indexing="ij")
        off = np.hypot(left, front)
        picture = np.repeat(np.where((off > 9) & (off < 13), 400.0, 30.0)[None], 60, axis=0)
        if gap is not None:
            picture[gap] = 30.0
        return picture.astype(np.float32)

    def test_distance_of_the_bone(self, settings):
        radius = outline.canal(self.tube(), 150.0, settings)
        assert radius.shape == (60, len(outline.ANGLES))
        assert radius == pytest.approx(9.5, abs=1.0)

    def test_gaps_are_bridged(self, settings):
        radius = outline.canal(self.tube(slice(25, 38)), 150.0, settings)
        assert radius[31] == pytest.approx(9.5, abs=1.0)

    def test_without_bone_there_is_no_canal(self, settings):
        assert (outline.canal(np.zeros((30, len(LEFT_MM), len(FRONT_MM)), np.float32), 150.0, settings) == 0).all()


def test_inside_the_tube(upright):
    radius = np.full((len(upright.curve), len(outline.ANGLES)), 8.0)
    place = (np.array([50.0, 50.0, -3.0]), np.array([0.0, 9.0, 0.0]), np.array([7.0, 0.0, 0.0]))
    assert outline.inside(upright.curve, radius, place).tolist() == [True, False, False]
