"""The canal: a hole of soft tissue in a ring of bone with a body in front."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.segmentation.classical_ct import canal


def test_coarse_is_the_mean_of_eight():
    hu = np.arange(4 * 4 * 2, dtype=np.int16).reshape(4, 4, 2)
    assert canal.coarse(hu)[0, 0, 0] == pytest.approx(hu[:2, :2, :2].mean())
    assert canal.coarse(hu).shape == (2, 2, 1)


def test_an_odd_last_slice_is_left_out():
    assert canal.coarse(np.zeros((5, 4, 3))).shape == (2, 2, 1)


class TestShifted:
    def test_moves_and_fills(self):
        array = np.arange(9).reshape(3, 3, 1)
        moved = canal.shifted(array, 1, 0, -1)[..., 0]
        assert moved.tolist() == [[3, 4, 5], [6, 7, 8], [-1, -1, -1]]
        assert canal.shifted(array, 0, -1, -1)[..., 0].tolist() == [[-1, 0, 1], [-1, 3, 4], [-1, 6, 7]]

    def test_beyond_the_array_is_nothing(self):
        assert (canal.shifted(np.ones((3, 3, 1)), 5, 0, 0) == 0).all()


class TestRing:
    def test_inside_a_closed_ring_every_direction_meets_bone(self):
        i, j = np.indices((31, 31)) - 15
        bone = (np.abs(np.hypot(i, j) - 5) < 1)[..., None]
        share = canal.ring(bone, 7, 16)
        assert share[15, 15, 0] == 1.0
        assert share[0, 0, 0] == 0.0

    def test_half_a_ring_is_half(self):
        i, j = np.indices((31, 31)) - 15
        bone = ((np.abs(np.hypot(i, j) - 5) < 1) & (j > 0))[..., None]
        assert canal.ring(bone, 7, 16)[15, 15, 0] == pytest.approx(0.5, abs=0.1)

    def test_bone_out_of_reach_does_not_count(self):
        bone = np.zeros((31, 31, 1), bool)
        bone[15, 28] = True
        assert canal.ring(bone, 6, 16)[15, 15, 0] == 0.0


class TestScores:
    def test_highest_in_the_canal_of_the_made_up_patient(self, upright, settings):
        small = canal.coarse(upright.hu)
        score = canal.scores(small, 3.0, settings)
        at = np.unravel_index(int(score[:, :, 35].argmax()), score.shape[:2])
        x, y, _ = upright.grid.to_lps_mm(2 * np.array([*at, 35]) + 0.5)
        assert abs(x) < 6
        assert y == pytest.approx(23, abs=6)  # the ring is drawn around y = 23

    def test_a_hole_without_a_body_in_front_is_no_canal(self, settings):
        """The medullary cavity of a thin bone: a ring of cortex around fat, muscle in front."""
        i, j = np.indices((61, 61)) - 30
        limb = np.where(np.abs(np.hypot(i, j) - 2) < 0.6, 900.0, np.where(np.hypot(i, j) < 2, -60.0, 40.0))
        score = canal.scores(np.repeat(limb[..., None], 20, axis=2).astype(np.float32), 3.0, settings)
        assert score.max() < settings.canal_least

    def test_air_scores_nothing(self, settings):
        assert canal.scores(np.full((20, 20, 12), -1000, np.float32), 3.0, settings).max() == 0.0


class TestTrace:
    def test_follows_a_slanting_line(self):
        score = np.zeros((20, 20, 10), np.float32)
        for k in range(10):
            score[5 + k // 2, 10, k] = 1.0
        path, along = canal.trace(score, 0.04)
        assert path[:, 0].tolist() == [5 + k // 2 for k in range(10)]
        assert along.tolist() == [1.0] * 10
        assert path[:, 2].tolist() == list(range(10))

    def test_bridges_a_gap_straight(self):
        score = np.zeros((11, 11, 9), np.float32)
        score[5, 5, [0, 1, 2, 6, 7, 8]] = 1.0
        path, along = canal.trace(score, 0.04)
        assert (path[:, :2] == 5).all()
        assert along[3:6].tolist() == [0.0] * 3

    def test_one_voxel_sideways_at_most(self):
        rng = np.random.default_rng(1)
        path, _ = canal.trace(rng.random((12, 12, 30)).astype(np.float32), 0.0)
        assert np.abs(np.diff(path[:, :2], axis=0)).max() <= 1

    def test_one_slice(self):
        score = np.zeros((4, 4, 1), np.float32)
        score[2, 1, 0] = 1.0
        assert canal.trace(score, 0.04)[0].tolist() == [[2, 1, 0]]
