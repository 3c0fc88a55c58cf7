"""Landmarks that are passed on to the naming of levels (G-09 In: sacrum, first and last rib, header words)."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.anatomy.landmarks import bears_rib, header_regions, on_sacrum
from spinemets.model.acquisition import Acquisition
from spinemets.model.region import Region
from spinemets.model.series import Series
from spinemets.model.study import PatientFacts, Study


def series(uid: str = "1.2", **facts) -> Series:
    def load():
        raise AssertionError("anatomy reads no pixels")

    sides = facts.pop("sides_known", True)
    return Series(uid=uid, number=1, label="series 1", acquisition=Acquisition(**facts), load=load, sides_known=sides)


def study(*members: Series) -> Study:
    return Study(uid="1", patient=PatientFacts(), series=members)


@pytest.fixture(scope="module")
def spine(analytic, locate_all):
    """Four whole vertebrae without names."""
    return locate_all(analytic.Builder().segmentation(analytic.column(4)))


class TestLandmarks:
    """What is passed on to the naming of levels."""

    @staticmethod
    def blob(spine, lps, radius: float) -> Region:
        index = np.moveaxis(np.indices(spine.grid.shape_ijk), 0, -1)
        inside = np.linalg.norm(spine.grid.to_lps_mm(index) - lps, axis=-1) <= radius
        return Region.from_mask("blob", inside, spine.grid)

    def test_sacrum(self, spine):
        below = spine.vertebrae[-1].frame.origin_lps_mm + np.array([0, 0, -22.0])
        assert on_sacrum(spine.vertebrae, {"sacrum": self.blob(spine, below, 6.0)}) == 3
        assert on_sacrum(spine.vertebrae, {}) is None

    def test_last_rib(self, spine):
        at = spine.vertebrae[1].frame.origin_lps_mm
        others = {
            "rib_T12_left": self.blob(spine, at + np.array([27.0, 12, 2]), 4.0),
            "rib_T12_right": self.blob(spine, at + np.array([-27.0, 12, 2]), 4.0),
        }
        assert bears_rib(spine.vertebrae, others, "T12") == 1
        assert bears_rib(spine.vertebrae, others, "T1") is None

    def test_ribs_of_two_levels_contradict(self, spine):
        others = {
            "rib_T12_left": self.blob(spine, spine.vertebrae[1].frame.origin_lps_mm + np.array([27.0, 12, 2]), 4.0),
            "rib_T12_right": self.blob(spine, spine.vertebrae[2].frame.origin_lps_mm + np.array([-27.0, 12, 2]), 4.0),
        }
        assert bears_rib(spine.vertebrae, others, "T12") is None

    @pytest.mark.parametrize(
        ("facts", "letters"),
        [
            ({"body_part": "LSPINE"}, ("L",)),
            ({"description": "T2 sag cervical"}, ("C",)),
            ({"body_part": "CHEST"}, ()),
            ({"body_part": "CSPINE", "description": "lumbar"}, ("C", "L")),
        ],
    )
    def test_header_words(self, facts, letters):
        assert header_regions(study(series(**facts))) == letters
