"""No confident error: real series, and three makers' headers with elements missing one by one."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from spinemets.series.classes import known_kinds
from spinemets.series.confidence import confidence_table
from studies import recognition_table as study

QUICK = (
    "dicom-singles-spine",
    "dicom-objects",
    "dicom-nema-wg04",
    "dcm_qa/xa30",
    "dcm_qa/philips",
    "diffusion_phantom",
)


@pytest.mark.parametrize("vendor", study.vendors())
def test_whole_headers_are_recognised(vendor: str):
    """`case hdr-vendors`: every sequence of every maker is named right, and none is unknown."""
    answers = list(study.header_answers(vendor, 0))
    assert len(answers) >= 25
    assert [a for a in answers if a.verdict != "right"] == []


@pytest.mark.parametrize("vendor", study.vendors())
def test_one_element_missing_never_makes_a_confident_error(vendor: str):
    """Tags dropped one by one: wrong answers exist, none with a confidence of 0.8 or more, and most stay right."""
    answers = list(study.header_answers(vendor, 1))
    assert [a for a in answers if a.confident_error] == []
    assert sum(a.verdict in ("right", "plainer") for a in answers) >= 0.8 * len(answers)
    _confidence_is_earned(answers)


@pytest.mark.slow
@pytest.mark.parametrize("vendor", study.vendors())
def test_two_elements_missing_never_make_a_confident_error(vendor: str):
    """Tags dropped two by two."""
    answers = list(study.header_answers(vendor, 2))
    assert [a for a in answers if a.confident_error] == []
    _confidence_is_earned(answers)


def _confidence_is_earned(answers: list[study.Answer]) -> None:
    """Where an answer is called sure, the share that is right is at least what is stated."""
    for confidence, n, right in study.bins(answers):
        if confidence > confidence_table().doubt_max:
            assert right >= confidence * n, (confidence, n, right)


def test_truth_names_kinds_that_exist():
    """A typing error in the truth would count as an error of the product."""
    rows = study.truth_rows()
    assert {row["kind"] for row in rows} <= {*known_kinds(), "none"}
    assert all(row["how"] and set(row) <= {"file", "where", "kind", "how"} for row in rows)


def test_no_confident_error_on_real_series(shared_data: Path, monkeypatch):
    """Real series of seven makers: nothing is called what it is not with a confidence of 0.8 or more."""
    monkeypatch.setattr(study, "SHARED", shared_data.parent)
    rows = [row for row in study.truth_rows() if any(part in row["file"] for part in QUICK)]
    monkeypatch.setattr(study, "truth_rows", lambda: rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answers = list(study.real_answers())
    assert len(answers) > 30
    assert [a for a in answers if a.confident_error] == []


@pytest.mark.slow
def test_no_confident_error_on_any_real_series(shared_data: Path, monkeypatch):
    """The whole truth table, and confidence that is earned on it."""
    monkeypatch.setattr(study, "SHARED", shared_data.parent)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answers = list(study.real_answers())
    assert [a for a in answers if a.confident_error] == []
    _confidence_is_earned(answers)


def test_verdicts():
    """A wider kind that is true is plainer, not wrong; unknown is right where no kind fits."""

    def verdict(truth: str, kind: str) -> str:
        return study.Answer(where="", truth=truth, kind=kind, confidence=0.9, score=1.0).verdict

    assert verdict("ct_bone", "ct") == "plainer" and verdict("ct", "ct_bone") == "wrong"
    assert verdict("none", "unknown") == "right" and verdict("t1", "unknown") == "unknown"
    assert study.Answer(where="", truth="t1", kind="t2", confidence=0.85, score=1.0).confident_error
    assert not study.Answer(where="", truth="t1", kind="t2", confidence=0.7, score=1.0).confident_error
    assert study.wilson_low(20, 20) == pytest.approx(0.839, abs=0.001)
