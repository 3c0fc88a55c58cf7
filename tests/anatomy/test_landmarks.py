"""Landmarks that are passed on to the naming of levels (G-09 In: sacrum, first and last rib, header words)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.anatomy.landmarks import Ribs, bears_rib, conus_of, dens_of, header_regions, on_sacrum, ribs_of
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

    def ribs(self, spine, places, up_mm=2.0) -> Region:
        """Bone of ribs beside the bodies at some places, both sides, so far above their middles."""
        index = np.moveaxis(np.indices(spine.grid.shape_ijk), 0, -1)
        points = spine.grid.to_lps_mm(index)
        inside = np.zeros(spine.grid.shape_ijk, bool)
        for place in places:
            at = spine.vertebrae[place].frame.origin_lps_mm
            for side in (-1, 1):
                inside |= np.linalg.norm(points - (at + np.array([29.0 * side, 12, up_mm])), axis=-1) <= 6.0
        return Region.from_mask("rib", inside, spine.grid)

    def test_last_rib_without_a_number(self, spine):
        """The lowest of the run of vertebrae that bear ribs, with one below that plainly bears none."""
        assert ribs_of(spine.vertebrae, {"rib": self.ribs(spine, (0, 1))}) == Ribs(first=None, last=1)

    def test_first_rib_without_a_number(self, spine):
        assert ribs_of(spine.vertebrae, {"rib": self.ribs(spine, (2, 3))}) == Ribs(first=2, last=None)

    def test_the_head_of_the_first_rib_beside_the_disc_is_not_the_vertebras_above(self, spine):
        """Finer outlines reach from T1's rib to C7's lower edge, and the first rib named nothing any more."""
        height = spine.vertebrae[1].size_mm["height_mm"]
        reaching = self.ribs(spine, (2, 3), up_mm=0.6 * height)
        above, below = (spine.vertebrae[n].frame.origin_lps_mm[2] for n in (1, 2))
        assert reaching.grid.to_lps_mm(reaching.indices)[:, 2].max() > above - 0.95 * height
        assert reaching.grid.to_lps_mm(reaching.indices)[:, 2].max() > below
        assert ribs_of(spine.vertebrae, {"rib": reaching}) == Ribs(first=2, last=None)

    def test_ribs_everywhere_end_nowhere(self, spine):
        assert ribs_of(spine.vertebrae, {"rib": self.ribs(spine, (0, 1, 2, 3))}) == Ribs(first=None, last=None)
        assert ribs_of(spine.vertebrae, {}) == Ribs(first=None, last=None)

    def test_a_pelvis_taken_for_ribs_does_not_move_the_last_rib(self, spine):
        assert ribs_of(spine.vertebrae, {"rib": self.ribs(spine, (0, 1, 3))}) == Ribs(first=None, last=1)

    def test_sides_out_of_view_bear_no_witness(self, spine):
        """Nothing beside the lower body is imaged: that no rib is seen there says nothing."""
        narrow = replace(spine.vertebrae[2], size_mm={**spine.vertebrae[2].size_mm, "width_mm": 400.0})
        vertebrae = (*spine.vertebrae[:2], narrow, spine.vertebrae[3])
        assert ribs_of(vertebrae, {"rib": self.ribs(spine, (0, 1))}) == Ribs(first=None, last=None)

    def test_dens(self, spine):
        """Bone of the highest vertebra above its body, in front of the canal."""
        top = spine.vertebrae[0]
        height = top.size_mm["height_mm"]
        peg = self.blob(spine, top.frame.to_lps_mm(np.array([0.0, 0.0, height / 2 + 7.0])), 5.0)
        whole = top.regions["vertebra"].full_mask() | peg.full_mask()
        outlines = [v.regions["vertebra"] for v in spine.vertebrae]
        with_peg = Region.from_mask("vertebra", whole, spine.grid)
        narrow = [replace(v, size_mm={**v.size_mm, "width_mm": 17.0}) for v in spine.vertebrae]
        assert dens_of(narrow, [with_peg, *outlines[1:]]) == 0
        assert dens_of(narrow, outlines) is None
        lowest = (*narrow[1:], narrow[0])
        assert dens_of(lowest, [*outlines[1:], with_peg]) is None
        assert dens_of(narrow, [None] * 4) is None

    def test_a_piece_of_the_next_body_is_no_dens(self, spine):
        """A lumbar CT that ends in a body: what is seen of it above a vertebra as wide as 40 mm names nothing C2."""
        top = spine.vertebrae[0]
        piece = self.blob(spine, top.frame.to_lps_mm(np.array([0.0, 0.0, top.size_mm["height_mm"] / 2 + 7.0])), 5.0)
        whole = Region.from_mask("vertebra", top.regions["vertebra"].full_mask() | piece.full_mask(), spine.grid)
        assert top.size_mm["width_mm"] > 23
        assert dens_of(spine.vertebrae, [whole, *(v.regions["vertebra"] for v in spine.vertebrae[1:])]) is None

    def test_conus(self, spine):
        """The cord ends beside the second vertebra, the canal goes on below."""
        second = spine.vertebrae[1].frame.origin_lps_mm
        index = np.moveaxis(np.indices(spine.grid.shape_ijk), 0, -1)
        points = spine.grid.to_lps_mm(index)
        beside = np.hypot(points[..., 0] - second[0], points[..., 1] - second[1] - 24) < 5
        canal = Region.from_mask("canal", beside, spine.grid)
        cord = Region.from_mask("cord", beside & (points[..., 2] > second[2]), spine.grid)
        assert conus_of(spine.vertebrae, {"canal": canal, "cord": cord}) == pytest.approx(1.0, abs=0.1)
        assert conus_of(spine.vertebrae, {"canal": canal, "cord": canal.renamed("cord")}) is None
        assert conus_of(spine.vertebrae, {"canal": canal}) is None

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
