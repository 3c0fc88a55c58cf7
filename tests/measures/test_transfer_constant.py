"""MR-DCE-02: 'no absolute cut-off is portable: report ratio to normal bodies'."""

from __future__ import annotations

import pytest

from spinemets.knowledge import catalogue
from spinemets.measures.transfer_constant import measure
from spinemets.model.measurement import Refused
from tests.measures.looks import FOCUS, MARROW, NO_FOCUS, normal, region, volume

ENTRY = catalogue.load()["MR-DCE-02"]


def of(ktrans, focus=FOCUS, reference=None, marrow=MARROW):
    reference = normal(0.05, 0.001, caveats=("CV-FEWREF",)) if reference is None else reference
    return measure(ktrans=volume(0.05, ktrans), marrow=marrow, normal=reference, focus=focus, **ENTRY.values())


def test_ratio_to_normal_vertebrae():
    answer = of(0.3)
    low, high = answer.values["ratio"].ci95
    assert answer.values["ratio"].value == pytest.approx(6, rel=0.02) and low < 6 < high
    assert answer.values["normal_ktrans_per_min"].value == 0.05 and answer.caveats == ("CV-FEWREF",)


def test_it_is_never_judged():
    assert ENTRY.judge.by == "none" and not ENTRY.judge.cuts


def test_marrow_as_a_whole():
    assert of(0.05, NO_FOCUS).values["ratio"].value == pytest.approx(1, rel=0.02)


def test_no_transfer_gives_no_ratio():
    for answer in (of(0.3, reference=normal(0.0)), of(-0.01)):
        assert isinstance(answer, Refused) and answer.code == "NA-REFERENCE"
    assert isinstance(of(0.3, NO_FOCUS, marrow=region("marrow", (slice(0, 2),) * 3)), Refused)
