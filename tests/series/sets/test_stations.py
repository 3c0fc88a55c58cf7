"""MR-WB-01: stations joined by position, head to feet, with overlaps and gaps in mm."""

from __future__ import annotations

import pytest

from spinemets.model.acquisition import Diffusion
from spinemets.series.sets.stations import stations
from tests.series.study_builders import stack


def coronal(n: int, top_mm: float, height_mm: float = 300.0, kind: str = "t1", **facts):
    """A station: here an axial stack of 4 mm that reaches from `top_mm` down."""
    slices = round(height_mm / 4)
    return stack(n, kind, at=(0, 0, top_mm - 2 - 4.0 * (slices - 1)), shape=(64, 64, slices), **facts)


def test_two_stations_overlap_30_mm():
    """MR-WB-01 T."""
    (found,) = stations([coronal(2, 0), coronal(1, 270)])
    assert found.name == "2 stations of t1, 570 mm head to feet: series 1 and 2"
    assert found.members == ("1.2.1", "1.2.2"), "head to feet"
    assert found.notes == ("seam of series 1 and 2: overlap 30 mm",)
    assert found.varies == ("z 270 to -30 mm", "z 0 to -300 mm")


def test_seam_gap_12_mm_is_flagged():
    """MR-WB-01 T."""
    (found,) = stations([coronal(1, 312), coronal(2, 0)])
    assert found.notes == ("seam of series 1 and 2: gap 12 mm: this part of the body was not imaged",)


def test_a_gap_of_one_slice_is_none():
    (found,) = stations([coronal(1, 303), coronal(2, 0)])
    assert found.notes == ("seam of series 1 and 2: no overlap",)


def test_abutting_stations():
    (found,) = stations([coronal(1, 300), coronal(2, 0)])
    assert found.notes == ("seam of series 1 and 2: overlap 0 mm",)


def test_three_of_mr_are_whole_body():
    three = [coronal(n, 270 * (3 - n)) for n in (1, 2, 3)]
    assert stations(three)[0].name.startswith("3 whole-body stations of t1, 840 mm")
    ct = [coronal(n, 270 * (3 - n), kind="ct", modality="CT") for n in (1, 2, 3)]
    assert stations(ct)[0].name.startswith("3 stations of ct")


def test_each_class_has_its_own_stations():
    both = [
        coronal(1, 270),
        coronal(2, 0),
        coronal(3, 270, kind="stir", te_s=0.06),
        coronal(4, 0, kind="stir", te_s=0.06),
    ]
    assert [s.members for s in stations(both)] == [("1.2.1", "1.2.2"), ("1.2.3", "1.2.4")]


def test_b_values_are_joined_each_for_itself():
    dwi = [
        coronal(n, top, kind="dwi", diffusion=Diffusion(b_s_per_mm2=b))
        for n, (top, b) in enumerate(((270, 50.0), (270, 800.0), (0, 50.0), (0, 800.0)), 1)
    ]
    found = stations(dwi)
    assert [s.members for s in found] == [("1.2.1", "1.2.3"), ("1.2.2", "1.2.4")]
    assert "dwi b 800" in found[1].name


@pytest.mark.parametrize(
    "other",
    [
        coronal(2, 0, kind="t2"),
        coronal(2, 0, frame="1.8"),
        coronal(2, -400),  # too far away
        coronal(2, 250),  # nearly the same place
        coronal(2, 0, spacing=(3, 3, 4)),
        stack(2, at=(500, 0, -150), shape=(64, 64, 75)),  # beside, not below
        stack(2, at=(0, 0, -150), shape=(64, 64, 75), turned_deg=25),
    ],
)
def test_no_stations(other):
    assert stations([coronal(1, 270), other]) == []


def test_a_repeat_is_no_station():
    (found,) = stations([coronal(1, 270), coronal(2, 0), coronal(3, 0)])
    assert found.members == ("1.2.1", "1.2.2")


def test_what_is_assumed_is_said():
    (found,) = stations([coronal(1, 270, frame=None), coronal(2, 0, frame=None)])
    assert "that the stations share one is assumed" in found.notes[-1]


def test_unknown_kinds_are_not_joined():
    assert stations([coronal(1, 270, kind="unknown"), coronal(2, 0, kind="unknown")]) == []
