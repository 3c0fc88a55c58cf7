"""MR-DWI-03: '>= 2 b-values, max >= 400 s/mm2, span >= 350 ... fat suppressed'."""

from __future__ import annotations

import pytest

from spinemets.knowledge import catalogue
from spinemets.measures.diffusion_gate import measure
from tests.measures.looks import volume

ENTRY = catalogue.load()["MR-DWI-03"]
FACTS = {"b_values_s_per_mm2": [50.0, 400.0, 800.0], "noise_sigma": 2.0, "fat_suppressed": True, "place_known": True}


def verdict(**facts):
    return measure(adc=volume(1, 1), **{**FACTS, **facts}, **ENTRY.values())


def test_fit():
    answer = verdict()
    assert answer.verdicts == {"adc": "ok"} and answer.category == "fit for judging"
    assert (answer.values["lowest_b"].value, answer.values["highest_b"].value) == (50, 800)


@pytest.mark.parametrize("b", [[0.0, 50.0], [800.0], [800.0, 800.0], [100.0, 390.0], [200.0, 500.0]])
def test_b_values_that_do_not_reach(b):
    """T: 'b 0, 50 -> NA'."""
    assert verdict(b_values_s_per_mm2=b).verdicts == {"adc": "NA-SEQUENCE"}


def test_fat_that_was_not_suppressed():
    """'residual fat drives ADC to 0'."""
    assert verdict(fat_suppressed=False).verdicts == {"adc": "NA-FATSAT"}


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"noise_sigma": None}, "noise"),
        ({"fat_suppressed": None}, "fat suppression"),
        ({"place_known": False}, "motion"),
    ],
)
def test_what_is_not_known_limits(facts, words):
    answer = verdict(**facts)
    assert answer.verdicts == {"adc": "limited"} and words in answer.category


def test_all_limits_are_said():
    assert verdict(noise_sigma=None, fat_suppressed=None, place_known=False).category.count(";") == 2
