"""READ 7 and 8: sentences about a level and the study."""

from __future__ import annotations

from spinemets.impression.statement import level_statement, study_summary
from spinemets.model.assessment import Hypothesis, LesionSummary, LevelAssessment, Score


def lesion(**more) -> LesionSummary:
    fields = {
        "id": "L3-1", "level_id": "L3", "series_uid": "1", "criterion": "CT-02", "kind": "lytic", "volume_ml": 3.14,
        "volume_ci95_ml": (2.8, 3.5), "diameters_mm": {"longest": 18.0}, "share_of_body": 0.11,
        "compartments": {"body": 0.95, "pedicle_left": 0.05}, "values": {}, "centroid_lps_mm": (0.0, 0.0, 0.0),
    }  # fmt: skip
    return LesionSummary(**{**fields, **more})


def test_worst_first_with_certainty_and_size(level, finding) -> None:
    """'[main hypothesis with certainty] + [type, parts, size] + [for / against] + [not assessed]'."""
    ranked = [Hypothesis(name="metastasis", net=5, certainty="most likely", signs_for=("t1 dark present (L3-01)",))]
    score = Score(name="SINS", level_id="L3", low=7, high=10, category="potentially unstable", items=())
    text = level_statement(level("L3"), {}, [lesion()], ranked, {"SINS": score})
    assert text == (
        "L3: lytic lesion of the body, 3.1 mL (2.8 to 3.5), 11 % of the body; most likely metastasis (t1 dark present); "
        "SINS 7 to 10, potentially unstable."
    )


def test_lesion_without_hypothesis_is_indeterminate(level) -> None:
    """'metastasis never without a certainty word'."""
    text = level_statement(level("L3"), {}, [lesion()], [], {})
    assert "indeterminate" in text
    assert "metastasis" not in text


def test_height_loss_is_not_called_a_fracture(level, finding) -> None:
    """FX-01 caveat: 'a height loss is called a fracture only by FX-02'."""
    loss = {"FX-01": finding("FX-01", "present", value=0.36, ci95=(0.3, 0.42))}
    text = level_statement(level("L1"), loss, [], [], {})
    assert "height loss 36 % (30 to 42), cause not determined" in text
    assert "fracture" not in text


def test_nothing_seen_names_its_denominator(level, finding) -> None:
    """'absent means looked for'; never 'normal'."""
    findings = {"A": finding("A", "absent"), "B": finding("B", "not_assessable"), "C": finding("C", "indeterminate")}
    text = level_statement(level("L2"), findings, [], [], {})
    assert text == "L2: no abnormality found by 1 of 2 criteria judged, 1 indeterminate; 1 not assessed."
    assert "normal " not in text.replace("abnormality ", "")


def test_nothing_judged_is_said(level, finding) -> None:
    text = level_statement(level(None), {"B": finding("B", "not_assessable")}, [], [], {})
    assert text.startswith("Vertebra 3 of 9 in view: not assessed")


def levels_of(level, finding, states):
    return {
        name: LevelAssessment(
            level=level(name, confidence=0.97), findings={"CT-02": finding("CT-02", state)}, statement=f"{name}: x."
        )
        for name, state in states.items()
    }


def test_negative_summary_carries_denominator_and_limit(level, finding) -> None:
    """report.md 9: 'A negative statement names its denominator and its limit'."""
    levels = levels_of(level, finding, {"L1": "absent", "L2": "absent", "L3": "not_assessable"})
    texts = [s.text for s in study_summary(levels, [], True)]
    assert any("No lesion seen in 2 of 3 vertebrae searched." in t and "66 %" in t for t in texts)


def test_summary_names_lesion_levels_and_naming(level, finding) -> None:
    levels = levels_of(level, finding, {"L2": "absent", "L3": "present"})
    levels["L3"] = LevelAssessment(
        level=level("L3", confidence=0.97),
        findings=levels["L3"].findings,
        lesions=("L3-1",),
        statement="L3: lytic lesion.",
    )
    statements = study_summary(levels, [lesion()], True)
    assert statements[0].text == "L3: lytic lesion."
    assert any("A lesion candidate at L3, 2 of 2" in s.text for s in statements)
    assert any("named by label map, confidence 0.97" in s.text for s in statements)
    assert all(s.findings for s in statements[:2])


def test_tiny_foci_are_listed_not_counted(level, finding) -> None:
    """LES-02: 'Long axis < 5 mm = tiny, listed, not counted'."""
    levels = levels_of(level, finding, {"L3": "present"})
    texts = " ".join(s.text for s in study_summary(levels, [lesion(tiny=True)], True))
    assert "No lesion seen in 1 of 1" in texts
    assert "1 tiny focus listed" in level_statement(level("L3"), {}, [lesion(tiny=True)], [], {})


def test_no_vertebra_is_said() -> None:
    (statement,) = study_summary({}, [], False)
    assert statement.text.startswith("No vertebra was located")


def test_a_candidate_says_what_can_look_the_same(level) -> None:
    """CT-02 Cv: endplate sclerosis, Schmorl node; MR-ART-03: shading. The caution stands in the sentence itself."""
    degenerate = lesion(
        caveats=("CV-DEGEN",), notes=("Lies under the upper endplate.", "Dense focus at the endplate: a Schmorl node.")
    )
    assert "(dense focus at the endplate: a Schmorl node)" in level_statement(level("L1"), {}, [degenerate], [], {})
    shaded = lesion(kind="stir_bright", caveats=("CV-SHADING",))
    assert "STIR-bright lesion" in level_statement(level("S1"), {}, [shaded], [], {})
    assert "falls off across the coil" in level_statement(level("S1"), {}, [shaded], [], {})


def named(level, finding, *names, **findings):
    """Levels of these names, each with the given findings."""
    return {
        (name or f"v{n}"): LevelAssessment(
            level=level(name, confidence=None),
            findings={k: finding(k, **f) for k, f in findings.items()},
            statement="x.",
        )
        for n, name in enumerate(names)
    }


def test_nothing_searched_is_not_nothing_found(level, finding) -> None:
    """'absent means looked for': a study without a search says that, with its denominator."""
    levels = named(level, finding, "L1", "L2", **{"CT-02": {"state": "not_assessable"}})
    texts = [s.text for s in study_summary(levels, [], True)]
    assert "None of 2 vertebrae in view could be searched for lesions." in texts
    assert "No vertebral height could be compared with an expected one." in texts
    assert not any("No lesion" in t for t in texts)


def test_heights_that_were_judged_name_their_denominator(level, finding) -> None:
    levels = named(level, finding, "L1", "L2", **{"FX-01": {"state": "absent", "value": 0.02}})
    statement = next(s for s in study_summary(levels, [], True) if "height loss" in s.text)
    assert statement.text == "No height loss of 20 % or more shown in 2 vertebrae judged."
    assert len(statement.findings) == 2


def test_a_height_loss_without_a_grade_says_that_the_grade_is_open(level, finding) -> None:
    levels = named(level, finding, "L1", **{"FX-01": {"state": "present", "value": 0.3}})
    texts = " ".join(s.text for s in study_summary(levels, [], True))
    assert "Height loss at L1 (grade open); its cause was not determined." in texts


def test_places_without_a_name_are_counted_from_the_top(level, finding) -> None:
    """G-09: 'relative number' where nothing names a level."""
    texts = [s.text for s in study_summary(named(level, finding, None, None), [], False)]
    assert texts[-1] == "No level could be named; vertebrae are counted from the top of the image."


def test_naming_without_a_confidence_says_so(level, finding) -> None:
    texts = [s.text for s in study_summary(named(level, finding, "T12", "L1"), [], False)]
    assert texts[-1] == "Levels T12 to L1 named by label map, confidence not given."


def test_many_levels_are_counted_not_listed(level, finding) -> None:
    """Page 1 names six levels at most; the others are on their own pages."""
    names = [f"T{n}" for n in range(1, 10)]
    levels = named(level, finding, *names, **{"CT-02": {"state": "present"}})
    texts = " ".join(s.text for s in study_summary(levels, [lesion(level_id=n) for n in names], True))
    assert "Lesion candidates at T1, T2, T3, T4, T5, T6 and 3 more, 9 of 9 vertebrae searched" in texts
