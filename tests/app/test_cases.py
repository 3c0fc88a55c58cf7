"""'Truth' of the catalogue: each entry names synthetic cases with the state that must come out, from DICOM to finding.

One file of images per case is made, assessed and held against what the catalogue and the case itself promise. Each case is
made once; `make validate` runs it.
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict

import pytest

from spinemets import phantom
from spinemets.app import pipeline
from spinemets.app.options import Options
from spinemets.knowledge.catalogue import load
from spinemets.model.finding import State
from spinemets.phantom.cases.named import CASES, case_of
from spinemets.phantom.files.masks import write_labels
from spinemets.phantom.files.write import expanded, label_series, write_dicom, write_truth
from spinemets.report.wording import forbidden

pytestmark = pytest.mark.slow

PROMISED = [(name, truth) for name, entry in load().items() for truth in entry.truth]
EXPECTED = [(case, row) for case in CASES for row in case_of(case).expected]


def of(case, *values, name=None):
    """What is asked of a case; one process answers all of it, for each case is assessed once in each."""
    return pytest.param(*(values or (case,)), marks=pytest.mark.xdist_group(case), id=name or case)


ASKED = [of(case) for case in CASES]


@pytest.fixture(scope="module")
def assess(tmp_path_factory):
    """Assess a case by name; each once."""
    known = {}

    def build(case: str):
        if case not in known:
            folder = tmp_path_factory.mktemp("case")
            patient = phantom.build(case, 1)
            write_dicom(patient, folder / "STUDY")
            # As `spinemets phantom make` places them.
            grid = patient.grid(label_series(expanded(case_of(case).series)))
            write_labels(patient, folder / "labels.nii.gz", grid)
            write_truth(patient, folder / "truth.json")
            known[case] = (
                pipeline.run(folder / "STUDY", Options(labels=(str(folder / "labels.nii.gz"),))).assessment,
                json.loads((folder / "truth.json").read_text(encoding="utf-8")),
            )
        return known[case]

    return build


def found(assessment, criterion: str, level: str, part: str | None):
    return assessment.levels[level].findings[criterion if part is None else f"{criterion}:{part}"]


@pytest.mark.parametrize(
    ("criterion", "truth"),
    [of(t.case, name, t, name=f"{name}-{t.case}-{t.level}-{t.part or ''}") for name, t in PROMISED],
)
def test_the_catalogue_keeps_its_promise(assess, criterion, truth):
    """State, category and value of every `truth` line of every entry."""
    finding = found(assess(truth.case)[0], criterion, truth.level, truth.part)
    if truth.state is not None:
        assert finding.state == truth.state, (finding.value, finding.ci95, finding.missing)
    if truth.category is not None:
        assert finding.category == truth.category
    if truth.value is not None:
        assert finding.value == pytest.approx(truth.value, abs=truth.tolerance)


@pytest.mark.parametrize("case", ASKED)
def test_every_case_is_read_as_it_was_made(assess, case):
    """phantom.md: 'what a good reading must find in each'."""
    assessment, _ = assess(case)
    wrong = []
    for criterion, level, part, state in case_of(case).expected:
        finding = found(assessment, criterion, level, part)
        if finding.state != state:
            wrong.append((criterion, level, part, state, finding.state.value, finding.value, finding.missing))
    assert wrong == []


@pytest.mark.parametrize("case", ASKED)
def test_nothing_is_found_where_nothing_was_put(assess, case):
    """False alarms: no lesion candidate that counts and no height loss at a level that holds neither."""
    assessment, truth = assess(case)
    held = {x["level"] for x in truth["lesions"]} | {x["level"] for x in truth["hardware"]}
    lost = {x["level"] for x in truth["fractures"]}
    # Acute fractures and benign changes of marrow look like tumour to a single criterion.
    held |= {x["level"] for x in truth["fractures"] if x["marrow"] is not None}
    held |= {x["level"] for x in truth["benign"]}
    # A mass that eats into bone leaves lytic bone behind.
    held |= {level for x in truth["soft_lesions"] if x["erosion_mm"] > 0 for level in x["levels"]}
    assert {x.level_id for x in assessment.lesions if not x.tiny} <= held
    present = defaultdict(set)
    for finding in assessment.all_findings():
        if finding.state is State.PRESENT and finding.subject.level_id is not None:
            present[finding.criterion].add(finding.subject.level_id)
    assert present["FX-01"] <= lost
    for criterion in ("CT-02", "CT-04", "CT-05", "MR-T1-03", "MR-STIR-01"):
        assert present[criterion] <= held, criterion


@pytest.mark.parametrize("case", ASKED)
def test_volumes_contain_the_truth(assess, case):
    """The interval of the largest candidate of a level with one focal lesion holds the volume that was put in.

    Of one tissue, and whole inside the marrow: grains, rims and what the shell cuts off are another matter.
    """
    assessment, truth = assess(case)
    at = Counter(lesion["level"] for lesion in truth["lesions"])
    on_ct = {level for one in truth["series"] if one["kind"] == "ct" for level in one["levels_whole"]}
    on_ct -= {row["level"] for row in truth["not_assessable_expected"] if row["criterion"] == "CT-02"}
    single = {
        lesion["level"]: lesion["volume_mm3"] / 1000
        for lesion in truth["lesions"]
        if at[lesion["level"]] == 1 and lesion["level"] in assessment.levels and lesion["level"] in on_ct
        and lesion["kind"] in ("lytic", "blastic") and not lesion["breaks_cortex"] and len(lesion["parts"]) == 1
        and lesion["radii_mm"] and lesion["volume_mm3"] > 0.98 * 4 / 3 * math.pi * math.prod(lesion["radii_mm"])
    }  # fmt: skip
    for level, volume in single.items():
        candidates = [x for x in assessment.lesions if x.level_id == level and x.criterion == "CT-02"]
        assert candidates, level
        low, high = max(candidates, key=lambda x: x.volume_ml).volume_ci95_ml
        assert low <= volume <= high, level


@pytest.mark.parametrize("case", ASKED)
def test_height_losses_contain_the_truth(assess, case):
    assessment, truth = assess(case)
    for fracture in truth["fractures"]:
        finding = found(assessment, "FX-01", fracture["level"], None)
        if finding.ci95 is not None:
            low, high = finding.ci95
            assert low <= max(fracture["loss"].values()) <= high, fracture["level"]


@pytest.mark.parametrize("case", ASKED)
def test_words_of_every_case(assess, case):
    """REP-03 on many findings at once."""
    assessment, _ = assess(case)
    texts = [f.statement for f in assessment.all_findings()] + [s.text for s in assessment.summary]
    texts += [lv.statement for lv in assessment.levels.values()] + [u.sentence for u in assessment.urgent]
    assert {t: forbidden(t) for t in texts if forbidden(t)} == {}
    ids = {f.id for f in assessment.all_findings()}
    assert all(set(s.findings) <= ids for s in assessment.summary)


def test_every_case_promises_something_or_is_named_by_an_entry():
    """A case that proves nothing is a picture, not a test."""
    named = {truth.case for _, truth in PROMISED} | {case for case, _ in EXPECTED}
    assert {name for name in set(CASES) - named if not case_of(name).awaits} == set()
