"""MR-DIX-01: 'T 3 % -> below; 24 % -> above; 7 % -> indeterminate'."""

from __future__ import annotations

import pytest

from spinemets.findings.judge import judge_bands
from spinemets.knowledge import catalogue
from spinemets.measures.marrow_fat_fraction import measure
from spinemets.model.measurement import Refused
from tests.measures.looks import FOCUS, MARROW, NO_FOCUS, normal, region, volume

ENTRY = catalogue.load()["MR-DIX-01"]


def of(fat, focus=FOCUS, muscle=None, marrow=MARROW):
    image = volume(0.4, fat, quantity="pdff")
    return measure(fat=image, marrow=marrow, focus=focus, muscle=muscle, **ENTRY.values())


@pytest.mark.parametrize(("fat", "state"), [(0.03, "present"), (0.24, "absent"), (0.07, "indeterminate")])
def test_vectors(fat, state):
    answer = of(fat)
    assert answer.values["fat_percent"].value == pytest.approx(100 * fat, rel=0.02)
    assert judge_bands(answer.values["fat_percent"].ci95, ENTRY.judge.bands)[0].value == state
    assert answer.values["marrow_percent"].value == pytest.approx(40, rel=0.01)


def test_only_a_proton_density_fat_fraction_is_judged():
    """'two-point, or flip > 5 deg without T1 correction: no cut-off'."""
    assert ENTRY.judge.valid_when[0].kinds == ["pdff_map"] and ENTRY.judge.valid_when[0].otherwise == "measured"


def test_muscle_of_fat_means_an_exchange():
    """'swap suspected (FF > 0.95 in muscle)'."""
    answer = of(0.03, muscle=normal(0.97))
    assert isinstance(answer, Refused) and answer.code == "NA-ARTEFACT" and "97%" in answer.missing
    assert not isinstance(of(0.03, muscle=normal(0.03)), Refused)


def test_marrow_as_a_whole_is_not_judged():
    answer = of(0.4, NO_FOCUS)
    assert "fat_percent" not in answer.values and answer.values["reported_percent"].value == pytest.approx(40, rel=0.01)
    assert answer.notes[-1] == "pdff of the marrow as a whole."


def test_refused_and_alone():
    assert isinstance(of(0.4, NO_FOCUS, marrow=region("marrow", (slice(0, 2),) * 3)), Refused)
    assert "marrow_percent" not in of(0.03, marrow=region("marrow", (slice(0, 2),) * 3)).values
