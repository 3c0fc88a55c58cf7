"""MR-CE-01: 'present if E >= 20 % and E - E_ref > 2 SE'; patterns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.knowledge import catalogue
from spinemets.measures.contrast_enhancement import measure
from spinemets.model.measurement import Refused
from tests.measures.looks import BLOCK, FOCUS, MARROW, NO_FOCUS, SHAPE, normal, region, volume

ENTRY = catalogue.load()["MR-CE-01"]


def of(percent, focus=FOCUS, reference=15.0, error=0.5, image=None, marrow=MARROW):
    image = volume(15, percent) if image is None else image
    return measure(percent=image, marrow=marrow, normal=normal(reference, error), focus=focus, **ENTRY.values())


def state(answer):
    return ENTRY.judge.categories[answer.category]


def test_vector():
    """T: '200 -> 320, ref 15 % -> 60 % present'."""
    answer = of(60)
    assert answer.values["enhancement_percent"].value == pytest.approx(60, rel=0.01)
    assert state(answer) == "present" and answer.notes[-1] == "Pattern: even."


def test_hardly_and_no_more_than_normal():
    assert (of(8).category, state(of(8))) == ("hardly", "absent")
    assert (of(40, reference=45.0).category, state(of(40, reference=45.0))) == (
        "no more than reference marrow",
        "absent",
    )


def test_within_two_errors_or_across_the_cut_off_is_undecided():
    assert state(of(30, reference=28.0, error=3.0)) == "indeterminate"
    assert state(of(20)) == "indeterminate"


def test_rim_and_uneven_patterns():
    """'rim (shell >= 1.3 core)', 'heterogeneous'."""
    array = np.full(SHAPE, 15.0, np.float32)
    array[BLOCK] = 90
    array[6:10, 6:10, 6:10] = 30
    rim = replace(volume(1, 1), array=array)
    assert of(0, image=rim).notes[-1] == "Pattern: rim."
    assert of(60, image=volume(15, 60, spread=0.5)).notes[-1] == "Pattern: uneven."


def test_a_focus_without_a_core_has_no_rim():
    flat = replace(FOCUS, region=region("focus", np.s_[2:14, 2:14, 7:8]))
    assert of(60, flat, image=volume(60, 60)).notes[-1] == "Pattern: even."


def test_a_loss_of_signal_has_no_pattern():
    answer = of(-10)
    assert answer.category == "hardly" and "spread_over_median" not in answer.values and len(answer.notes) == 1


def test_marrow_as_a_whole_is_not_judged():
    answer = of(15, NO_FOCUS)
    assert answer.category is None and answer.values["unjudged_percent"].value == pytest.approx(15, rel=0.01)
    assert isinstance(of(15, NO_FOCUS, marrow=region("marrow", (slice(0, 2),) * 3)), Refused)
