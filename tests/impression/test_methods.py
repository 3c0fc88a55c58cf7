"""REP-09: a methods paragraph 'written from the run', ready to copy, with its sources."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.impression.methods import digests, paragraph, references
from spinemets.knowledge.catalogue import load
from spinemets.model.acquisition import Acquisition
from spinemets.model.grid import Grid
from spinemets.model.parametric_map import Computed
from spinemets.model.provenance import Provenance
from spinemets.model.series import Recognition, Series
from spinemets.model.spine import Spine, Vertebra
from spinemets.model.study import PatientFacts, Study
from spinemets.report.wording import forbidden

MADE = Provenance(software_version="1.2.3", parameter_hash="cafe", options_digest="d")


def series(number: int, kind: str) -> Series:
    return Series(
        uid=f"1.{number}", number=number, label=f"series {number}", acquisition=Acquisition(), digest_of=lambda: f"ab{number}",
        load=lambda: pytest.fail("the methods must not decode pixels"), recognition=Recognition(kind=kind),
        grid=Grid(shape_ijk=(2, 2, 2), affine_lps_mm=np.eye(4)),
    )  # fmt: skip


STUDY = Study(uid="1", patient=PatientFacts(), series=(series(1, "ct_bone"), series(2, "t1"), series(3, "t1")))


@pytest.fixture
def spine(level) -> Spine:
    return Spine(vertebrae=(Vertebra(level=level("L3"), frame=None, regions={}),), sources=("labels.nii.gz (verse)",))


def text(study, spine, findings=()) -> str:
    return paragraph(study, spine, findings, load(), MADE)


def test_it_says_version_hash_series_and_labels(spine):
    said = text(STUDY, spine)
    assert said.startswith("spinemets 1.2.3 (parameter hash cafe) read 1 ct bone, 2 t1 series.")
    assert "1 vertebrae (whole vertebrae) were taken from: labels.nii.gz (verse)." in said


def test_maps_were_not_read(spine):
    """What was computed is no input: it is neither counted nor digested."""
    computed = Computed(map_kind="adc", quantity="q", from_uids=("1.2",), method="m")
    study = replace(STUDY, series=(*STUDY.series, replace(series(4, "adc_map"), computed=computed)))
    assert text(study, spine) == text(STUDY, spine) and digests(study) == digests(STUDY)


def test_body_labels_are_named_as_such(spine):
    """G-12 and P6: what is missing is not done as if it were there."""
    assert "(vertebral bodies only)" in text(STUDY, replace(spine, body_only=True))


def test_without_a_vertebra_or_a_series_it_does_not_pretend():
    empty = Study(uid="1", patient=PatientFacts())
    said = text(empty, Spine(vertebrae=()))
    assert "read no series" in said
    assert "No vertebra was located." in said
    assert "Criteria that gave an answer: none." in said
    assert "Origin of their cut-offs: none applied." in said


def test_only_criteria_that_answered_are_named(spine, finding):
    """'written from what the run really did'"""
    findings = [finding("CT-02", "absent"), finding("CT-04", "not_assessable"), finding("CT-02", "present")]
    said = text(STUDY, spine, findings)
    assert "Criteria that gave an answer: CT-02." in said
    assert "CT-04" not in said


def test_marks_of_the_cutoffs_are_counted(spine, finding):
    """'A mark N or E is never called published.'"""
    entries = load()
    answered = ["CT-08", "FX-01"]
    said = text(STUDY, spine, [finding(name, "measured") for name in answered])
    marks = [r.mark for name in answered for r in (*entries[name].judge.cuts, *entries[name].judge.bands)]
    assert marks
    for mark, words in (("R", "stated by the review"), ("V", "verified in the literature"),
                        ("N", "literature, not verified"), ("E", "engineering choice")):  # fmt: skip
        if mark in marks:
            assert f"{marks.count(mark)} {words}" in said
        else:
            assert words not in said
    assert "published" not in said


def test_sources_come_once_and_in_catalogue_order():
    entries = load()
    answered = [name for name in entries if entries[name].sources]
    found = references(answered[::-1], entries)
    assert len(set(found)) == len(found)
    assert found[: len(entries[answered[0]].sources)] == tuple(
        f"{k}: {t}" for k, t in entries[answered[0]].sources.items()
    )
    assert references([], entries) == ()


def test_digests_tell_inputs_apart_without_a_path():
    assert digests(STUDY) == {"1 series 1": "ab1", "2 series 2": "ab2", "3 series 3": "ab3"}


def test_no_forbidden_word(spine, finding):
    """REP-03: no generated text recommends, advises or reassures."""
    every = [finding(name, "present") for name in load()]
    assert forbidden(text(STUDY, spine, every), statement=False) == ()
    assert "Research use only." in text(STUDY, spine, every)
