"""design 5: `impression.form` is 'the only place that puts levels, lesions, scores and sentences together'."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from spinemets.findings.weigh import weigh
from spinemets.impression.form import form
from spinemets.knowledge import catalogue as knowledge
from spinemets.model.finding import State
from spinemets.model.lesion import Found
from spinemets.model.measurement import Subject
from spinemets.model.parametric_map import NotMapped
from spinemets.model.provenance import Provenance
from spinemets.model.series import GeometryCheck, Recognition
from spinemets.model.spine import Spine
from spinemets.model.study import PatientFacts, Study
from spinemets.report.wording import forbidden

MADE = Provenance(software_version="0", parameter_hash="h", options_digest="d")
SCHEMA = Path(__file__).resolve().parents[2] / "schemas" / "assessment.schema.json"


@pytest.fixture(scope="module")
def weighed(scene, scene_results, catalogue):
    return weigh(scene_results, catalogue, scene.study, scene.spine)


@pytest.fixture(scope="module")
def formed(scene, weighed, catalogue):
    return form(scene.study, scene.spine, scene.found, weighed.findings, catalogue, MADE)


@pytest.fixture
def form_with(scene, weighed, catalogue):
    """Form the scene with other findings, lesions, study or spine."""

    def build(findings=None, found=None, study=None, spine=None):
        return form(
            study or scene.study, spine or scene.spine, found or scene.found,
            weighed.findings if findings is None else findings, catalogue, MADE,
        )  # fmt: skip

    return build


class TestNothingIsDropped:
    def test_every_finding_has_its_place(self, formed, weighed):
        """'assessed + not assessed = all'"""
        assert {f.id for f in formed.all_findings()} == {f.id for f in weighed.findings}
        assert len(formed.all_findings()) == len(weighed.findings)
        assessed = [f for f in formed.all_findings() if f.state is not State.NOT_ASSESSABLE]
        assert len(assessed) + len(formed.not_assessable) == len(weighed.findings)

    def test_one_record_for_each_criterion_and_subject(self, formed):
        subjects = [(f.criterion, f.subject) for f in formed.all_findings()]
        assert len(set(subjects)) == len(subjects)

    def test_levels_keep_their_order_head_to_feet(self, formed, scene):
        assert list(formed.levels) == [v.level.id for v in scene.spine.vertebrae] == ["L1", "L2", "L3", "L4", "L5"]

    def test_every_series_has_a_row_with_its_use(self, formed, scene):
        """'what it is, why we think so, what it was used for'"""
        assert [row.uid for row in formed.series] == [s.uid for s in scene.study.series]
        by_kind = {row.recognition.kind: row for row in formed.series}
        assert {"CT-02", "CT-04", "CT-08"} <= set(by_kind["ct_bone"].used_for)
        assert "MR-STIR-01" in by_kind["stir"].used_for
        # The maps of the scene are said to be made of its first series.
        assert by_kind["adc_map"].computed_from == (scene.study.series[0].uid,)
        assert {"CT-02", "MR-DWI-02"} <= set(by_kind["ct_bone"].used_for)
        assert all(row.not_used_because is None for row in formed.series)

    def test_every_candidate_is_there_as_data(self, formed, scene):
        assert {x.id for x in formed.lesions} == {x.id for x in scene.found.lesions}
        assert {i for lv in formed.levels.values() for i in lv.lesions} == {x.id for x in formed.lesions}

    def test_a_gate_that_judged_two_series_keeps_both_records(self, form_with, weighed, scene):
        """CT-09 judges every series that may serve: two records of one level, told apart by series number."""
        (gate,) = (f for f in weighed.findings if f.key == "CT-09" and f.subject.level_id == "L3")
        twin = replace(gate, id="L3-99", subject=replace(gate.subject, series_uid=scene.study.series[1].uid))
        level = form_with((*weighed.findings, twin)).levels["L3"]
        assert {k: f.id for k, f in level.findings.items() if f.criterion == "CT-09"} == {
            "CT-09": gate.id,
            "CT-09@2": "L3-99",
        }

    def test_study_findings_are_told_apart_by_series(self, formed):
        assert {"CT-01@1", "MR-GEN-02@2", "MR-GEN-02@3", "MR-MAR-02"} <= set(formed.study_findings)


class TestSentences:
    def test_every_sentence_rests_on_findings_that_exist(self, formed):
        """READ 9: 'every sentence carries finding ids that exist'."""
        ids = {f.id for f in formed.all_findings()}
        assert any(s.findings for s in formed.summary)
        for sentence in formed.summary:
            assert set(sentence.findings) <= ids, sentence.text

    def test_a_level_the_summary_names_has_an_entry(self, formed):
        for sentence in formed.summary:
            words = set(sentence.text.replace(":", " ").replace(",", " ").split())
            assert {w for w in words if w in ("T12", "L1", "L2", "L3", "L4", "L5", "L6", "S1")} <= set(formed.levels)

    def test_every_code_has_its_sentence(self, formed):
        """'No code without its sentence': caveats, reasons, and those of the lesions."""
        codes = {c for f in formed.all_findings() for c in f.caveats}
        codes |= {f.reason for f in formed.all_findings() if f.reason}
        codes |= {c for x in formed.lesions for c in x.caveats}
        assert set(formed.sentences) == codes
        assert all(text.endswith(".") for text in formed.sentences.values())

    def test_an_unknown_code_is_an_error_not_a_blank(self, form_with, weighed):
        """'The catalogue is complete or the run fails.'"""
        odd = replace(weighed.findings[0], caveats=("CV-NOBODY-KNOWS",))
        with pytest.raises(KeyError, match="CV-NOBODY-KNOWS"):
            form_with((odd, *weighed.findings[1:]))

    def test_statistics_of_the_review_stand_beside_what_was_judged(self, formed, catalogue):
        """MOD-TAB: rows are shown for criteria that gave an answer, and only those."""
        rows = knowledge.table("reading")["context"]
        answered = {f.criterion for f in formed.all_findings() if f.state is not State.NOT_ASSESSABLE}
        assert set(formed.context) == {row for name in answered for row in rows.get(name, ())}
        assert "CT-A2" in formed.context
        assert all(len(text) > 20 for text in formed.context.values())

    def test_sources_are_those_of_what_answered(self, formed, catalogue):
        answered = {f.criterion for f in formed.all_findings() if f.state is not State.NOT_ASSESSABLE}
        keys = {key for name in answered for key in catalogue[name].sources}
        assert {line.split(": ")[0] for line in formed.references} == keys

    def test_no_forbidden_word_in_any_sentence(self, formed):
        """REP-03: nothing recommends, advises, reassures."""
        texts = [s.text for s in formed.summary] + [lv.statement for lv in formed.levels.values()]
        texts += [line.sentence for line in formed.urgent] + [f.statement for f in formed.all_findings()]
        assert {t: forbidden(t) for t in texts if forbidden(t)} == {}
        assert forbidden(formed.methods, statement=False) == ()


class TestLesions:
    def test_the_planted_focus_leads_its_level(self, formed):
        level = formed.levels["L3"]
        (first,) = (x for x in formed.lesions if x.id == "L3-1")
        assert first.kind == "lytic"
        assert level.lesion_type == "mixed"  # the pedicle roots of the crude patient read as dense foci
        assert level.abnormal
        assert level.statement.startswith("L3: lytic lesion")

    def test_a_score_only_where_a_lesion_counts(self, form_with, scene):
        """SINS belongs to lesion levels: 'Score one lesion level'; a tiny focus is listed, not counted."""
        tiny = tuple(
            replace(x, diameters_mm=dict.fromkeys(x.diameters_mm, 3.0)) if x.level_id != "L3" else x
            for x in scene.found.lesions
        )
        formed = form_with(found=replace(scene.found, lesions=tiny))
        assert set(formed.levels["L3"].scores) == {"SINS"}
        assert all(not lv.scores for name, lv in formed.levels.items() if name != "L3")
        assert all(x.tiny for x in formed.lesions if x.level_id != "L3")

    def test_a_withdrawn_criterion_takes_its_candidates_with_it(self, form_with, weighed):
        """MR-MAR-02 present: a contrast without a reference is no lesion; CT candidates stay."""
        gone = tuple(
            replace(f, state=State.NOT_ASSESSABLE, reason="NA-REFERENCE", missing="no marrow can serve as reference",
                    value=None, category=None)
            if f.criterion in ("MR-T1-03", "MR-STIR-01") else f
            for f in weighed.findings
        )  # fmt: skip
        formed = form_with(gone)
        assert {x.criterion for x in formed.lesions} == {"CT-02"}
        assert all(x.criterion == "CT-02" for x in formed.lesions)
        ids = {x.id for x in formed.lesions}
        assert all(set(lv.lesions) <= ids for lv in formed.levels.values())
        assert "MR-T1-03" not in formed.levels["L3"].statement

    def test_positions_are_rounded_for_the_eye(self, formed):
        for lesion in formed.lesions:
            assert all(round(v, 1) == v for v in lesion.centroid_lps_mm)
        for level in formed.levels.values():
            assert level.centroid_lps_mm is not None
            assert all(round(v, 1) == v for v in level.centroid_lps_mm)


class TestWithoutLevels:
    """'Without labels: series recognised, every level not assessable (NA-SEGMENTATION), report written, exit 4'."""

    @pytest.fixture
    def nothing(self, scene, catalogue):
        from spinemets.measures.runner import run

        nowhere = Spine(vertebrae=(), absent=("NA-SEGMENTATION", "no label map was given"))
        results = run(catalogue, scene.study, nowhere, Found())
        findings = weigh(results, catalogue, scene.study, nowhere).findings
        return form(scene.study, nowhere, Found(), findings, catalogue, MADE)

    def test_every_record_says_why(self, nothing, catalogue):
        per_level = [f for f in nothing.all_findings() if catalogue[f.criterion].per not in ("series", "study")]
        assert per_level
        assert {f.reason for f in per_level} == {"NA-SEGMENTATION"}
        assert nothing.levels == {}
        assert nothing.lesions == ()

    def test_the_reason_is_a_warning_and_a_sentence(self, nothing):
        assert "no label map was given" in nothing.warnings
        assert nothing.sentences["NA-SEGMENTATION"]
        assert any("No vertebra was" in s.text for s in nothing.summary)

    def test_series_are_still_recognised_and_say_why_they_were_not_used(self, nothing):
        assert [row.recognition.kind for row in nothing.series][:3] == ["ct_bone", "t1", "stir"]


class TestUnusedSeries:
    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"geometry": GeometryCheck(verdict="refused", notes=("gap of 9 mm",))}, "gap of 9 mm"),
            ({"geometry": GeometryCheck(verdict="refused")}, "its geometry could not be trusted"),
            ({"recognition": Recognition(kind="unknown", evidence=("no TR", "no TE"))}, "no TR; no TE"),
            ({"recognition": Recognition(kind="unknown")}, "its class could not be recognised"),
            ({"recognition": Recognition(kind="t2_dixon")}, "no criterion of this version used a t2 dixon series here"),
        ],
    )
    def test_why_a_series_was_not_used(self, form_with, scene, changes, why):
        """'nothing dropped without a line saying so'"""
        extra = replace(scene.study.series[0], uid="2.25.77", number=9, **changes)
        formed = form_with(study=replace(scene.study, series=(*scene.study.series, extra)))
        assert formed.series[-1].used_for == ()
        assert formed.series[-1].not_used_because == why


def test_warnings_of_study_and_spine_are_both_told(form_with, scene):
    study = replace(scene.study, warnings=("one file is damaged",))
    spine = replace(scene.spine, warnings=("two labels touch",), sources=("a.nii.gz",), ignored=("77: 12 voxels",))
    formed = form_with(study=study, spine=spine)
    assert formed.warnings == ("one file is damaged", "two labels touch")
    assert (formed.label_sources, formed.ignored_labels) == (("a.nii.gz",), ("77: 12 voxels",))


def test_a_map_that_could_not_be_made_is_told(form_with, scene):
    """'nothing is dropped without a line saying so'"""
    why = NotMapped(kind="adc", source="series 5", reason="There is one b-value.", remedy="Give two.")
    formed = form_with(study=replace(scene.study, not_mapped=(why,)))
    assert formed.warnings == ("No map (adc) of series 5: there is one b-value. Give two.",)


def test_a_cut_vertebra_says_so(form_with, scene):
    first = scene.spine.vertebrae[0]
    cut = replace(
        first, completeness=replace(first.completeness, complete=False, notes=("Cut above.", "By the border."))
    )
    formed = form_with(spine=replace(scene.spine, vertebrae=(cut, *scene.spine.vertebrae[1:])))
    assert (formed.levels["L1"].coverage, formed.levels["L1"].coverage_note) == ("partial", "Cut above. By the border.")


def test_a_vertebra_without_a_frame_has_no_centre(form_with, scene):
    """'Never 0, never a default.'"""
    bare = replace(scene.spine.vertebrae[0], frame=None, flags=("too little left",))
    formed = form_with(spine=replace(scene.spine, vertebrae=(bare, *scene.spine.vertebrae[1:])))
    assert formed.levels["L1"].centroid_lps_mm is None
    assert formed.levels["L1"].flags == ("too little left",)


def test_an_empty_study_is_an_assessment_too(catalogue):
    formed = form(Study(uid="1", patient=PatientFacts()), Spine(vertebrae=()), Found(), (), catalogue, MADE)
    assert formed.all_findings() == ()
    assert formed.sentences == {}
    assert any(s.text.startswith("No vertebra was") for s in formed.summary)


def test_it_fulfils_the_published_schema(formed):
    """REP-12: `assessment.json` is what `schemas/assessment.schema.json` promises."""
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(json.loads(formed.to_json()))


def test_a_finding_about_a_series_that_does_not_exist_is_an_error(form_with, weighed):
    """Bad call = exception: a record that leads to no series must not reach the reader."""
    lost = replace(weighed.findings[0], subject=Subject(series_uid="9.9"))
    with pytest.raises(KeyError):
        form_with((lost,))


def test_sizes_are_those_of_the_spine(formed, scene):
    for vertebra in scene.spine.vertebrae:
        assert formed.levels[vertebra.level.id].size_mm == pytest.approx(dict(vertebra.size_mm), abs=0.006)
    assert np.isfinite([v for lv in formed.levels.values() for v in lv.size_mm.values()]).all()
