"""Vertebrae that were not outlined ("never silently wrong": a run of names that is shifted by one looks right in itself)."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.anatomy.evidence import Evidence
from spinemets.anatomy.gaps import missing_after, sentence, with_missing
from spinemets.anatomy.label_names import Candidate
from spinemets.anatomy.numbering import number
from spinemets.anatomy.options import LevelOptions
from spinemets.knowledge.catalogue import load

RULES = load()["G-09"].values()


def row(*heights_mm: float) -> list[Candidate]:
    """Centres on a curve, from these heights."""
    return [
        Candidate(name=None, centroid_lps_mm=np.array([0.0, 10 * np.sin(h / 90), -h]), height_mm=None)
        for h in heights_mm
    ]


COLUMN = tuple(float(n) for n in np.cumsum([0, 24, 25, 26, 27, 29, 30, 31, 32, 33]))


def test_a_row_without_gap():
    assert missing_after(row(*COLUMN), RULES) == {}


@pytest.mark.parametrize("place", range(1, 9))
def test_one_left_out_is_noticed_wherever_it_was(place):
    left = [h for n, h in enumerate(COLUMN) if n != place]
    assert missing_after(row(*left), RULES) == {place - 1: 1}


def test_two_left_out():
    assert missing_after(row(*(h for n, h in enumerate(COLUMN) if n not in (4, 5))), RULES) == {3: 2}


def test_collapse_makes_no_gap():
    """A crushed vertebra brings its neighbours together."""
    assert missing_after(row(0, 25, 50, 66, 82, 110, 138), RULES) == {}


def test_too_few_to_tell():
    assert missing_after(row(0, 25, 75), RULES) == {}


def test_the_row_is_filled_evenly():
    filled, places = with_missing(row(0, 30, 120, 150), {1: 2})
    assert places == [0, 1, 4, 5]
    assert [round(-float(c.centroid_lps_mm[2])) for c in filled] == [0, 30, 60, 90, 120, 150]


def test_what_is_said():
    assert sentence(3, 1).startswith("Between vertebra 4 and 5 in view one vertebra was not outlined")
    assert "2 vertebrae were" in sentence(0, 2)


class TestNames:
    def named(self, heights, **evidence):
        return number(row(*heights), Evidence(**evidence), LevelOptions(), RULES)

    def test_names_below_and_above_a_gap_are_right_and_carry_their_doubt(self):
        """The last rib on the fifth and the sacrum below the tenth: with L2 left out, nine are in view."""
        whole = self.named(COLUMN, last_rib=4, sacrum=9)
        assert [v.name for v in whole] == ["T8", "T9", "T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5"]
        left = self.named([h for n, h in enumerate(COLUMN) if n != 6], last_rib=4, sacrum=8)
        assert [v.name for v in left] == ["T8", "T9", "T10", "T11", "T12", "L1", "L3", "L4", "L5"]
        assert all(v.assumed and "not outlined" in v.evidence[-1] for v in left)
        assert [(v.position, v.of) for v in left] == [(n + 1, 9) for n in range(9)]

    def test_a_point_names_across_a_gap(self):
        left = [h for n, h in enumerate(COLUMN) if n != 6]
        at = tuple(float(x) for x in row(*left)[-1].centroid_lps_mm)
        found = number(row(*left), Evidence(), LevelOptions(anchors=(("L5", at),)), RULES)
        assert [v.name for v in found][4:] == ["T12", "L1", "L3", "L4", "L5"]

    def test_without_a_landmark_the_gap_is_said_all_the_same(self):
        found = self.named([h for n, h in enumerate(COLUMN) if n != 6])
        assert all(v.name is None and "not outlined" in v.evidence[-1] for v in found)
