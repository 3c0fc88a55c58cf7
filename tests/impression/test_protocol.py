"""MOD-21: what a study can and cannot answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.impression import protocol
from spinemets.impression.protocol import answers, best_verdicts, criteria_missing, level_limits, matrix
from spinemets.knowledge.catalogue import Criterion, Needs
from spinemets.model.acquisition import Acquisition
from spinemets.model.errors import CatalogueError
from spinemets.model.finding import Finding, State
from spinemets.model.grid import Grid
from spinemets.model.measurement import Subject
from spinemets.model.series import GeometryCheck, Recognition, Series
from spinemets.model.study import PatientFacts, Study

OPEN_CT = {"CT-01:cortex": "ok", "CT-01:lesion": "ok", "CT-01:soft_tissue": "ok"}


def by_question(result):
    return {a.question: a for a in result}


def study_of(*kinds: str, verdict: str = "ok") -> Study:
    grid = Grid(shape_ijk=(4, 4, 4), affine_lps_mm=np.eye(4))
    series = tuple(
        Series(
            uid=f"1.{n}",
            number=n,
            label=f"series {n}",
            acquisition=Acquisition(),
            load=lambda: pytest.fail("protocol must not decode pixels"),
            grid=grid,
            geometry=GeometryCheck(verdict=verdict),
            recognition=Recognition(kind=kind, confidence=1.0),
        )
        for n, kind in enumerate(kinds, 1)
    )
    return Study(uid="1", patient=PatientFacts(), series=series)


def gate(criterion: str, verdicts: dict[str, str], level: str | None = None, series: str | None = None) -> Finding:
    return Finding(
        id="S-01",
        criterion=criterion,
        version="1",
        title="gate",
        subject=Subject(level_id=level, series_uid=series),
        state=State.MEASURED,
        statement="",
        verdicts=verdicts,
    )


def entry(name: str, volumes=None, results=None) -> Criterion:
    return Criterion(
        id=name,
        version="1",
        title=f"Criterion {name}",
        asks="",
        shows="",
        decided="",
        kind="measure",
        per="vertebra",
        modalities=["CT"],
        needs=Needs(volumes=volumes or {}, results=results or []),
    )


def test_t1_and_t2_only():
    """T: T1 + T2 only -> "marrow edema: limited, add STIR"."""
    edema = by_question(answers(["t1", "t2"]))["marrow oedema"]
    assert edema.verdict == "limited"
    assert edema.addition == "add STIR or fat-suppressed T2"
    assert "T1 spin echo and T2 only" in edema.why


def test_thick_soft_kernel_ct_only():
    """T: CT 5 mm soft kernel only -> cortex not answerable; the cheapest addition is a new reconstruction."""
    found = by_question(answers(["ct_soft"], {**OPEN_CT, "CT-01:cortex": "NA-RESOLUTION"}))
    cortex = found["cortex, pedicle and stability (SINS)"]
    assert cortex.verdict == "not answerable"
    assert "1.5 mm" in (cortex.addition or "")
    assert found["lytic, blastic or mixed type"].verdict == "answered"


def test_full_mr():
    """T: T1 + STIR + T1 Gd FS -> all but mineral type answered: nothing unanswerable, the type only by way of MR signal."""
    found = by_question(answers(["t1", "stir", "t1_gd_fs"]))
    assert {a.verdict for a in found.values()} == {"answered", "limited"}
    kind = found["lytic, blastic or mixed type"]
    assert kind.verdict == "limited" and "CT" in kind.why
    for question in ("early marrow lesion", "epidural disease and cord compression", "benign or malignant fracture"):
        assert found[question].verdict == "answered"
    assert found["leptomeningeal and intramedullary disease"].verdict == "answered"


def test_flair_only_asks_for_spin_echo():
    """MR-GEN-02 T: study with `t1_flair` only -> MOD-21 asks for T1 SE."""
    marrow = by_question(answers(["t1_flair"]))["early marrow lesion"]
    assert marrow.verdict == "not answerable"
    assert "T1 spin echo" in (marrow.addition or "")
    assert by_question(answers(["stir"]))["early marrow lesion"].addition == "add T1 spin echo"


def test_matrix_of_the_specification():
    """D: the matrix, cell by cell (A adequate, L limited, - no)."""
    expected = {
        "early_marrow": "--L--AAA",
        "lesion_type": "L-LAALLL",
        "cortex_stability": "L--AALLL",
        "epidural_cord": "--LLAAAA",
        "intradural": "----LLAL",
        "fracture_cause": "LLLLLAAA",
        "treated_activity": "-LAL-LLA",
        "extent": "LAAL-LLL",
    }
    columns = ("xr", "nm", "pet", "ct", "ctm", "mr_pair", "mr_gd", "mr_functional")
    for name, cells in expected.items():
        assert "".join(matrix().questions[name].cells[c] for c in columns) == cells, name


def test_empty_study_answers_nothing_and_says_what_to_add():
    """Every question has a reason and an addition."""
    for answer in answers([]):
        assert answer.verdict == "not answerable" and answer.why and answer.addition


def test_more_series_never_answer_less():
    """Property: adding a kind of series never lowers a verdict."""
    rank = {"not answerable": 0, "limited": 1, "answered": 2}
    kinds = ["ct_bone", "t1", "t2", "stir", "t1_gd_fs", "dwi", "pet_ac", "bone_scan", "radiograph", "ctm"]
    for skip in kinds:
        for n in range(len(kinds)):
            less = [k for k in kinds[:n] if k != skip]
            before, after = answers(less), answers([*less, skip])
            assert all(rank[b.verdict] <= rank[a.verdict] for b, a in zip(before, after, strict=True))


def test_gates_limit_and_shut():
    """A gate that could not be evaluated counts as failed; a limited one limits."""
    question = "cortex, pedicle and stability (SINS)"
    assert by_question(answers(["ct"], OPEN_CT))[question].verdict == "answered"
    limited = by_question(answers(["ct"], {**OPEN_CT, "CT-01:cortex": "limited"}))[question]
    assert limited.verdict == "limited" and "limits only" in limited.why
    shut = by_question(answers(["ct"], {}))[question]
    assert shut.verdict == "not answerable" and "header value" in shut.why


def test_what_this_version_does_not_measure_is_named():
    """PET, bone scan and radiograph are in the study but not measured: limited, read by eye."""
    pet = by_question(answers(["pet_ac"]))["active tumour or scar after treatment"]
    assert pet.verdict == "limited" and "by eye" in pet.why


def test_a_question_without_criterion_is_limited():
    """The images can answer it, the catalogue cannot yet: never "answered"."""
    found = by_question(answers(["t1", "stir"], None, ["MR-T1-01"]))
    assert found["epidural disease and cord compression"].verdict == "limited"
    assert "no criterion" in found["epidural disease and cord compression"].why
    assert found["early marrow lesion"].verdict == "answered"


def test_best_verdict_over_series_and_shut_levels():
    """One series that passes is enough; levels where a gate per vertebra is shut are named."""
    findings = [
        gate("CT-01", {"cortex": "NA-RESOLUTION"}, series="1.1"),
        gate("CT-01", {"cortex": "limited"}, series="1.2"),
        gate("CT-01", {"cortex": "NA-META"}, series="1.3"),
        gate("CT-09", {"bone": "NA-ARTEFACT", "soft_tissue": "ok"}, level="L3"),
        gate("CT-09", {"bone": "NA-ARTEFACT"}, level="L4"),
    ]
    assert best_verdicts(findings) == {"CT-01:cortex": "limited"}
    limits = level_limits(findings)
    assert limits == {"CT-09:bone": "not at L3, L4"}
    cortex = by_question(answers(["ct"], OPEN_CT, None, limits))["cortex, pedicle and stability (SINS)"]
    assert "not at L3, L4" in cortex.why


def test_completeness_of_a_study(monkeypatch):
    """Door: series that are not measurable count as absent; verdicts come from the findings of the gates."""
    monkeypatch.setattr(protocol.knowledge, "load", lambda: {"CT-02": entry("CT-02"), "CT-04": entry("CT-04")})
    findings = [gate("CT-01", {"cortex": "ok", "lesion": "ok", "soft_tissue": "ok"}, series="1.1")]
    found = by_question(protocol.completeness(study_of("ct_bone"), findings))
    assert found["lytic, blastic or mixed type"].verdict == "answered"
    refused = by_question(protocol.completeness(study_of("ct_bone", verdict="refused"), findings))
    assert refused["lytic, blastic or mixed type"].verdict == "not answerable"


def test_criteria_missing_names_the_kinds_that_would_serve():
    """What the absence of a kind of series costs, directly and by what weighs its results."""
    catalogue = {
        "CT-02": entry("CT-02", {"ct": ["ct_bone", "ct"]}),
        "MR-T1-01": entry("MR-T1-01", {"t1": ["t1"]}),
        "MR-FS-01": entry("MR-FS-01", results=["MR-T1-01"]),
        "READ": entry("READ", results=["CT-02", "MR-T1-01"]),
    }
    missing = criteria_missing(study_of("ct_bone"), catalogue)
    assert [m.criterion for m in missing] == ["MR-T1-01", "MR-FS-01"]
    assert missing[0].sentence == "Criterion MR-T1-01 cannot be assessed: needs T1 spin echo"
    assert missing[1].kinds == ("t1",)
    assert not criteria_missing(study_of("ct", "t1"), catalogue)


def test_words_of_the_table_keep_the_language_rules():
    """No wording that tells anybody what to do clinically."""
    for answer in (*answers([]), *answers(["t1", "t2", "ct_soft"])):
        text = f"{answer.question} {answer.why} {answer.addition}".lower()
        assert not any(
            stem in text for stem in ("recommend", "advis", "should", "prescrib", "is indicated", "excluded")
        )


def test_a_series_twice_changes_nothing():
    """Two series of one kind answer as one does."""
    once, twice = study_of("t1", "stir"), study_of("t1", "t1", "stir")
    assert protocol.completeness(once, []) == protocol.completeness(replace(twice, uid="1"), [])


@pytest.mark.parametrize("broken", [{"colour": "red"}, {"columns": {"ct": {"words": "CT", "needs": ["ct"]}}}])
def test_a_broken_matrix_does_not_load(monkeypatch, broken):
    """An unknown field, or cells that are not the columns, are errors of the product."""
    table = {**protocol.knowledge.table("protocol"), **broken}
    monkeypatch.setattr(protocol.knowledge, "table", lambda name: table)
    matrix.cache_clear()
    try:
        with pytest.raises(CatalogueError, match="table protocol"):
            matrix()
    finally:
        matrix.cache_clear()
