"""Tumour around the sac."""

from __future__ import annotations

import pytest

from spinemets import phantom
from spinemets.phantom.truth.epidural import epidural_truth


@pytest.fixture(scope="module")
def worst():
    """Function: the section of a case that leaves the least sac."""

    def of(case):
        return max(epidural_truth(phantom.build(case, 1).anatomy), key=lambda r: r["sac_area_loss"])

    return of


@pytest.mark.parametrize(
    ("case", "level", "grade"), [("epi-1b-ct", "T11", "1b"), ("fig04", "L4", None), ("epi-foraminal", "L3", None)]
)
def test_where_and_how_much(worst, case, level, grade):
    """Level and grade; below the cord there is none."""
    row = worst(case)
    assert (row["level"], row["escc"]) == (level, grade)


def test_circumferential(worst):
    """All around the sac."""
    assert worst("epi-circumferential")["arc_deg"] >= 0.9 * 360


def test_a_curtain_is_thin_in_the_middle(worst):
    """Two lobes cover less of the sac's front than one bulge over the same width, and thin out at the septum."""
    from spinemets.phantom.cases.epidural import BULGE, CURTAIN

    curtain, bulge = dict(CURTAIN), dict(BULGE)
    assert curtain[0] < min(curtain[38], curtain[-38]) - 3
    assert bulge[0] == max(bulge.values())
    assert worst("epi-draped")["arc_deg"] < 180


def test_fig04_is_nine_millimetres_thick(worst):
    """Specification of the figures: ventrolateral 9 mm."""
    assert worst("fig04")["max_thickness_mm"] == pytest.approx(9.0, abs=0.5)


def test_isolated_has_no_bone_lesion():
    """epi-isolated: bone is whole."""
    assert phantom.build("epi-isolated", 1).truth["lesions"] == []
