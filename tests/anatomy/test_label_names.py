"""Whether the names of a label map can be believed."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.anatomy.label_names import Candidate, label_problem

RULES = {"gap_ratio": 1.5, "taller_than_named": 1.6}


def vertebrae(names, heights=None, gaps_mm=None):
    z = -np.concatenate([[0.0], np.cumsum(gaps_mm or [30.0] * (len(names) - 1))])
    return [
        Candidate(name=n, centroid_lps_mm=np.array([0, 0, z[k]]), height_mm=None if heights is None else heights[k])
        for k, n in enumerate(names)
    ]


@pytest.mark.parametrize(
    "names", [["C1", "C2"], ["T12", "L1"], ["T12", "T13", "L1"], ["L5", "L6"], [None, "L3", None, "L5"]]
)
def test_runs(names):
    assert label_problem(vertebrae(names), RULES) is None


@pytest.mark.parametrize("names", [["L2", "L1"], ["L1", "L1"], ["L1", "L3"], ["L3", None, "L4"], ["L4", "S1"]])
def test_broken_runs(names):
    problem = label_problem(vertebrae(names), RULES)
    # L4 and S1 are neighbours where L5 is fused and S1 has become free: no variant in the table has that
    assert problem is not None
    assert "No level is named" in problem


@pytest.mark.parametrize(("gaps", "fine"), [([30, 30, 30], True), ([30, 44, 30], True), ([30, 60, 30], False)])
def test_distance_decides_on_eleven_thoracic_vertebrae(gaps, fine):
    found = label_problem(vertebrae(["T10", "T11", "L1", "L2"], gaps_mm=gaps), RULES)
    assert (found is None) == fine


def test_two_alone_cannot_show_their_distance():
    assert label_problem(vertebrae(["T11", "L1"]), RULES) is not None


def test_size_of_the_bodies():
    assert label_problem(vertebrae(["L2", "L3"], heights=[30.0, 31.0]), RULES) is None
    assert label_problem(vertebrae(["C4", "C5"], heights=[30.0, 31.0]), RULES) is not None
    # a single tall body among cut ones does not decide: the median does
    assert label_problem(vertebrae(["C4", "C5", "C6"], heights=[14.0, 31.0, 14.0]), RULES) is None
    assert label_problem(vertebrae(["C4", "C5"], heights=[None, None]), RULES) is None
    assert label_problem(vertebrae(["C1", "T13"][:1], heights=[40.0]), RULES) is None
