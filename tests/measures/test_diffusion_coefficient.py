"""MR-DWI-02: two questions with opposite directions, and what is not judged."""

from __future__ import annotations

import pytest

from spinemets.findings.judge import judge_bands
from spinemets.knowledge import catalogue
from spinemets.measures.diffusion_coefficient import measure
from spinemets.model.lesion import Focus
from spinemets.model.measurement import Refused
from tests.measures.looks import DENSE, FOCUS, MARROW, NO_FOCUS, region, volume

ENTRY = catalogue.load()["MR-DWI-02"]


def of(focus_adc, focus=FOCUS, marrow=MARROW):
    b = [0.0, 800.0]
    image = volume(0.45e-3, focus_adc)
    return measure(adc=image, marrow=marrow, focus=focus, b_values_s_per_mm2=b, **ENTRY.values())


def judged(answer):
    state, name = judge_bands(answer.values["adc"].ci95, ENTRY.judge.bands)
    return state.value, name


@pytest.mark.parametrize(
    ("adc", "state", "side"),
    [
        (1.2e-3, "present", "between the sides"),
        (0.784e-3, "present", "malignant side"),
        (1.9e-3, "present", "benign or treated side"),
        (0.42e-3, "absent", "as in fatty marrow"),
    ],
)
def test_vectors(adc, state, side):
    """T: '0.784e-3 -> favours malignant; 1.9e-3 -> favours benign', normal marrow 0.42."""
    answer = of(adc)
    assert answer.values["adc"].value == pytest.approx(adc, rel=0.01)
    found, name = judged(answer)
    assert found == state and side in name


def test_vector_between():
    """T: '1.000e-3 -> (a) abnormal, (b) indeterminate': its interval reaches both bands, both are abnormal."""
    state, name = judged(of(1.0e-3))
    assert state == "present" and "between the sides" in name


def test_a_straddled_cut_off_is_indeterminate():
    assert judged(of(0.66e-3))[0] == "indeterminate"


def test_repeatability_is_part_of_the_interval():
    low, high = of(1.0e-3).values["adc"].ci95
    assert (high - low) / 2 >= 1.96 * 0.053e-3


def test_marrow_around_and_mean():
    answer = of(1.0e-3)
    assert answer.values["marrow_adc"].value == pytest.approx(0.45e-3, rel=0.01)
    assert answer.values["mean"].value == pytest.approx(1.0e-3, rel=0.01)
    assert answer.notes[-1] == "b-values of the fit: 0, 800 s/mm2."


def test_sclerosis_and_marrow_as_a_whole_are_not_judged():
    """'T1+T2-dark sclerosis: ADC shown, no decision'."""
    for focus, words in ((DENSE, "sclerotic focus"), (NO_FOCUS, "marrow as a whole")):
        answer = of(0.3e-3, focus)
        assert "adc" not in answer.values and answer.category == words and "unjudged_adc" in answer.values


def test_too_small_a_focus_is_refused():
    tiny = Focus(lesion_id="L3-1t1", region=region("focus", (slice(0, 2),) * 3), searched=("MR-T1-03",))
    answer = of(1e-3, tiny)
    assert isinstance(answer, Refused) and answer.code == "NA-FEW"


def test_no_marrow_left_around_the_focus():
    assert "marrow_adc" not in of(1e-3, marrow=region("marrow", (slice(0, 2),) * 3)).values
