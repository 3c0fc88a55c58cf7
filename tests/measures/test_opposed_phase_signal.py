"""MR-CSI-01: 'T 400, 300 -> 0.75, drop 25 % -> indeterminate; 400, 380 -> 0.95 replaced; 400, 200 -> 0.50 fat'."""

from __future__ import annotations

import pytest

from spinemets.findings.judge import judge_bands
from spinemets.knowledge import catalogue
from spinemets.measures.opposed_phase_signal import measure
from spinemets.model.measurement import Refused
from tests.measures.looks import FOCUS, MARROW, NO_FOCUS, region, volume

ENTRY = catalogue.load()["MR-CSI-01"]


def of(ratio, focus=FOCUS, marrow=MARROW, spread=0.01):
    return measure(ratio=volume(0.4, ratio, spread), marrow=marrow, focus=focus, **ENTRY.values())


@pytest.mark.parametrize(
    ("signals", "state", "words"),
    [
        ((400, 300), "indeterminate", "some fat"),
        ((400, 380), "present", "replaced"),
        ((400, 200), "absent", "fat within"),
    ],
)
def test_vectors(signals, state, words):
    answer = of(signals[1] / signals[0])
    found, name = judge_bands(answer.values["ratio"].ci95, ENTRY.judge.bands)
    assert found.value == state and name == words
    assert answer.values["drop_percent"].value == pytest.approx(100 * (1 - signals[1] / signals[0]), abs=0.5)


def test_between_two_published_cut_offs():
    """'0.80 to 0.94 prints both cut-offs'."""
    state, name = judge_bands(of(0.87).values["ratio"].ci95, ENTRY.judge.bands)
    assert state.value == "indeterminate" and name == "little fat"
    assert "0.80 and 0.94" in ENTRY.statements["indeterminate"]


def test_the_drop_has_the_same_interval_the_other_way():
    answer = of(0.75)
    low, high = answer.values["ratio"].ci95
    assert answer.values["drop_percent"].ci95 == pytest.approx((100 * (1 - high), 100 * (1 - low)))


def test_marrow_as_a_whole_is_not_judged():
    answer = of(0.4, NO_FOCUS)
    assert "ratio" not in answer.values and answer.values["unjudged_ratio"].value == pytest.approx(0.4, rel=0.01)


def test_refused_and_alone():
    assert isinstance(of(0.4, NO_FOCUS, region("marrow", (slice(0, 2),) * 3)), Refused)
    assert "marrow_ratio" not in of(0.9, marrow=region("marrow", (slice(0, 2),) * 3)).values
