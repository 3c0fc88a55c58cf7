"""design 5: the pipeline is 'the only place that knows the order of the rooms'; each stage takes values and returns one."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import spinemets
from spinemets.app import pipeline
from spinemets.app.options import Levels, Options, Outlining, Reading, Report
from spinemets.exports.nifti import write_nifti
from spinemets.knowledge.catalogue import load, parameter_hash
from spinemets.maps.from_study import as_series
from spinemets.model.errors import UnreadableInput, UsageError
from spinemets.model.finding import State
from spinemets.model.study import PatientFacts, Study

STAGES = [
    "reading", "levels and regions", "motion between series", "maps", "lesion candidates", "criteria", "findings", "impression", "pictures",
]  # fmt: skip
VERSE = {"L1": 20, "L2": 21, "L3": 22, "L4": 23, "L5": 24}


@pytest.fixture(scope="module")
def labels(scene, tmp_path_factory) -> Path:
    """Label map of the small patient as a file."""
    folder = tmp_path_factory.mktemp("labels")
    array = np.zeros(scene.spine.grid.shape_ijk, np.uint8)
    for vertebra in scene.spine.vertebrae:
        array[vertebra.regions["vertebra"].full_mask()] = VERSE[vertebra.level.name]
    write_nifti(array, scene.spine.grid, folder / "labels.nii.gz", "synthetic", {})
    return folder / "labels.nii.gz"


@pytest.fixture(scope="module")
def said() -> list[str]:
    """What the run of this module said on its way."""
    return []


@pytest.fixture(scope="module")
def done(scene, labels, said) -> pipeline.Run:
    return pipeline.run(scene.study, Options(labels=(f"{labels}:verse",)), said.append)


@pytest.fixture(scope="module")
def stated(scene, labels, tmp_path_factory) -> pipeline.Run:
    """The same study with all that a user can state."""
    clinical = tmp_path_factory.mktemp("stated") / "c.yaml"
    clinical.write_text("pain: mechanical\nage_years: 61\nsex: female\n")
    levels = Levels(anchor=("L3=0,0,104",), top="l1")
    return pipeline.run(scene.study, Options(labels=(f"{labels}:verse",), levels=levels, clinical=clinical))


@pytest.fixture(scope="module")
def bare(scene) -> pipeline.Run:
    """The same study without labels and without a segmenter."""
    return pipeline.run(scene.study, Options(outlining=Outlining(backend="none")))


@pytest.fixture(scope="module")
def folder(scene, tmp_path_factory) -> Path:
    """The CT of the small patient as a file, with what its header cannot say."""
    folder = tmp_path_factory.mktemp("study")
    ct = scene.study.series[0].pixels()
    write_nifti(np.asarray(ct.array, np.int16), ct.grid, folder / "ct.nii.gz", "synthetic", {})
    (folder.parent / "facts.yaml").write_text("ct.nii.gz: {kind: ct_bone, kvp: 120}\n")
    return folder


class TestMaps:
    """design 5: maps are made between motion and lesions, of what the criteria ask for, once."""

    def made(self, monkeypatch, study, spine):
        asked = []
        monkeypatch.setattr(
            as_series, "with_maps", lambda study, placed, kinds, how: asked.append((kinds, how)) or "made"
        )
        return pipeline.mapped(study, "placed", spine, load()), asked

    def test_all_kinds_that_criteria_name(self, monkeypatch, scene):
        bare = replace(scene.study, series=tuple(one for one in scene.study.series if one.computed is None))
        found, asked = self.made(monkeypatch, bare, scene.spine)
        kinds, how = asked[0]
        assert found == "made" and {"adc_map", "suv_map", "t1"} <= kinds
        assert {"body", "marrow"} <= {region.name for region in how.within}

    def test_none_where_nothing_could_be_measured_in_them(self, monkeypatch, scene):
        bare = replace(scene.study, series=())
        assert self.made(monkeypatch, bare, replace(scene.spine, vertebrae=())) == ("placed", [])

    def test_a_study_with_maps_keeps_them(self, monkeypatch, scene):
        """What an assessment returns can be assessed again."""
        assert self.made(monkeypatch, scene.study, scene.spine) == ("placed", [])


class TestRun:
    def test_stages_in_their_order(self, done, said):
        """Progress is told before each stage; each is timed once."""
        assert said == STAGES
        assert [s.stage for s in done.assessment.provenance.stages] == STAGES

    def test_it_returns_what_the_writers_need(self, done, scene):
        assert [s.uid for s in done.study.series] == [s.uid for s in scene.study.series]
        assert {m.moving_uid for m in done.study.motions} == {
            s.uid for s in scene.study.series[1:] if s.grid is not None
        }
        assert [v.level.name for v in done.spine.vertebrae] == ["L1", "L2", "L3", "L4", "L5"]
        assert {x.level_id for x in done.found.lesions} >= {"L3"}
        assert done.results
        assert set(done.assessment.levels) == set(VERSE)

    def test_files_give_what_the_scene_gives(self, done, scene, scene_results):
        """A label map written and read again changes no number beyond rounding."""
        kept = {(r.criterion, r.subject): r for r in done.results}
        for result in scene_results:
            assert type(kept[(result.criterion, result.subject)]) is type(result), (result.criterion, result.subject)

    def test_pictures_belong_to_findings_or_levels(self, done):
        ids = {f.id for f in done.assessment.all_findings()}
        assert done.assessment.pictures
        assert all(p.finding_id is None or p.finding_id in ids for p in done.assessment.pictures)

    def test_two_runs_agree(self, done, scene, labels):
        """REP-12: 'byte-equal except `run`'."""
        again = pipeline.run(scene.study, Options(labels=(f"{labels}:verse",)))
        one, two = (json.loads(r.assessment.to_json()) for r in (done, again))
        for answer in (one, two):
            del answer["provenance"]["stages"], answer["provenance"]["created"]
        assert one == two

    def test_without_labels_series_are_recognised_and_levels_are_not_invented(self, bare, scene):
        """'Without labels and without a segmenter: series recognised, every level not assessable (NA-SEGMENTATION)'."""
        assert [row.recognition.kind for row in bare.assessment.series] == [s.kind for s in scene.study.series]
        assert bare.assessment.levels == {}
        assert {f.reason for f in bare.assessment.not_assessable} >= {"NA-SEGMENTATION"}
        assert bare.found.lesions == ()

    def test_a_wrong_scheme_is_said_before_anything_is_measured(self, scene, labels):
        with pytest.raises(UsageError, match="'nobodys' is no label scheme"):
            pipeline.run(scene.study, Options(labels=(f"{labels}:nobodys",)))

    def test_a_wrong_anchor_is_a_usage_error(self, scene, labels):
        options = Options(labels=(f"{labels}:verse",), levels=Levels(anchor=("L9=1,2,3",)))
        with pytest.raises(UsageError):
            pipeline.run(scene.study, options)

    def test_what_the_reader_states_is_kept_beside_what_the_machine_said(self, stated):
        """'Correction: both values are kept.'"""
        corrections = stated.assessment.corrections
        assert [c.reader for c in corrections] == ["anchor L3=0,0,104", "highest vertebra in view is L1"]
        assert {c.by for c in corrections} == {"stated on the command line"}

    def test_clinical_facts_reach_the_assessment(self, stated, done):
        assert stated.assessment.clinical.pain == "mechanical"
        assert stated.assessment.patient.age_years == 61.0
        pain = {i.name: i for i in stated.assessment.levels["L3"].scores["SINS"].items}["pain"]
        assert (pain.low, pain.high) == (3, 3)
        unknown = {i.name: i for i in done.assessment.levels["L3"].scores["SINS"].items}["pain"]
        assert (unknown.low, unknown.high) == (0, 3)

    def test_what_is_stated_is_named_in_the_provenance(self, stated, done):
        assert {"anchor", "top", "clinical"} <= set(stated.assessment.provenance.options)
        assert stated.assessment.provenance.run_id != done.assessment.provenance.run_id


class TestProvenance:
    def test_everything_needed_to_repeat_a_run(self, done, labels):
        made = done.assessment.provenance
        assert made.software_version == spinemets.__version__
        assert made.parameter_hash == parameter_hash()
        assert made.options == {"labels": "labels.nii.gz:verse"}
        assert made.input_digests["labels.nii.gz"] == pipeline.label_digest(f"{labels}:verse")
        assert len(made.run_id) == 16

    def test_two_label_files_of_one_name_keep_their_digests(self, tmp_path):
        """'nothing is dropped without a line saying so': bodies/labels.nii.gz and discs/labels.nii.gz."""
        for folder in ("bodies", "discs"):
            (tmp_path / folder).mkdir()
            (tmp_path / folder / "labels.nii.gz").write_bytes(folder.encode())
        stated = [f"{tmp_path / folder / 'labels.nii.gz'}:verse" for folder in ("bodies", "discs")]
        digests = pipeline._label_digests(stated)
        assert list(digests) == ["labels.nii.gz", "labels.nii.gz (2)"]
        assert len(set(digests.values())) == 2

    def test_libraries_and_stages_are_named(self, done):
        made = done.assessment.provenance
        assert {"numpy", "scipy", "pydicom", "nibabel"} <= set(made.libraries)
        assert all(s.seconds >= 0 and s.peak_memory_mb > 10 for s in made.stages)

    def test_no_path_of_the_machine(self, done, labels):
        """'Never machine paths.'"""
        assert str(labels.parent) not in done.assessment.to_json()

    def test_other_labels_are_another_run(self, done, scene):
        other = pipeline._provenance(scene.study, Options(), pipeline.Clock())
        assert other.run_id != done.assessment.provenance.run_id
        assert other.options_digest != done.assessment.provenance.options_digest

    def test_where_it_is_written_is_no_other_run(self):
        """The folder and the volume of talk change no answer."""
        assert Options(report=Report(out=Path("a"), quiet=True)).digest() == Options().digest()

    def test_a_folder_of_labels_has_no_digest(self, tmp_path, labels):
        assert pipeline.label_digest(f"{tmp_path}:verse") == ""
        assert len(pipeline.label_digest(str(labels))) == 64


class TestOpening:
    def test_a_folder_a_path_and_a_list_are_one_study(self, folder):
        facts = folder.parent / "facts.yaml"
        one, two, three = (
            pipeline.open_study(given, facts=facts) for given in (str(folder), folder, [folder / "ct.nii.gz"])
        )
        assert [s.kind for s in one.series] == ["ct_bone"]
        assert one.series[0].digest == two.series[0].digest == three.series[0].digest

    def test_label_maps_in_the_folder_are_no_images(self, folder, labels, tmp_path):
        """'keep label maps out of the study'"""
        for source in (folder / "ct.nii.gz", labels):
            (tmp_path / source.name).write_bytes(source.read_bytes())
        study = pipeline.open_study(tmp_path, leave_out=[tmp_path / "labels.nii.gz"])
        assert [s.label for s in study.series] == ["ct"]

    def test_nothing_to_read_is_one_clear_sentence(self, tmp_path):
        (tmp_path / "note.txt").write_text("x")
        with pytest.raises(UnreadableInput):
            pipeline.open_study(tmp_path)

    def test_clinical_facts_fill_only_what_headers_leave_open(self, tmp_path):
        """'Age and sex fill only what the headers leave open.'"""
        (tmp_path / "c.yaml").write_text("age_years: 50\nsex: male\nprimary: lung\n")
        silent = Study(uid="1", patient=PatientFacts())
        spoken = Study(uid="1", patient=PatientFacts(age_years=71.0, sex="female"))
        filled = pipeline.with_clinical(silent, tmp_path / "c.yaml")
        assert (filled.patient.age_years, filled.patient.sex, filled.clinical.primary) == (50.0, "male", "lung")
        kept = pipeline.with_clinical(spoken, tmp_path / "c.yaml").patient
        assert (kept.age_years, kept.sex) == (71.0, "female")

    def test_clinical_facts_at_opening(self, folder, tmp_path):
        (tmp_path / "c.yaml").write_text("primary: breast\n")
        assert pipeline.open_study(folder, clinical=tmp_path / "c.yaml").clinical.primary == "breast"


def test_analyze_in_python_is_the_command_line(folder, labels):
    """'`assessment.levels["L3"].findings["CT-02"]` is a `Finding`.'"""
    facts = folder.parent / "facts.yaml"
    assessment = pipeline.analyze(folder, labels=[f"{labels}:verse"], facts=facts)
    assert assessment.levels["L3"].findings["CT-02"].state is State.PRESENT
    options = Options(labels=(f"{labels}:verse",), reading=Reading(facts=facts))
    other = pipeline.run(folder, options).assessment
    assert {f.id: f.state for f in other.all_findings()} == {f.id: f.state for f in assessment.all_findings()}


class TestOutputs:
    def test_each_under_its_fixed_name(self, done, tmp_path):
        written = pipeline.write_outputs(done, tmp_path / "deep" / "out")
        assert list(written) == [
            "report.html", "report.txt", "assessment.json", "measurements.csv", "labels.nii.gz", "manifest.json"
        ]  # fmt: skip
        assert all(path.name == name and path.stat().st_size > 100 for name, path in written.items())
        assert sorted(p.name for p in (tmp_path / "deep" / "out").iterdir()) == sorted(written)

    def test_the_manifest_lists_the_others(self, done, tmp_path):
        written = pipeline.write_outputs(done, tmp_path)
        text = written["manifest.json"].read_text()
        assert all(name in text for name in written if name != "manifest.json")

    def test_no_label_map_without_vertebrae(self, bare, tmp_path):
        """An empty map would look like an answer."""
        written = pipeline.write_outputs(bare, tmp_path)
        assert "labels.nii.gz" not in written
        assert written["report.html"].is_file()

    def test_an_older_answer_is_replaced_whole(self, done, tmp_path):
        (tmp_path / "report.html").write_text("old")
        pipeline.write_outputs(done, tmp_path)
        assert (tmp_path / "report.html").read_text().startswith("<!")
        assert not list(tmp_path.glob("*.part*"))


class TestClock:
    def test_seconds_and_memory_of_each_stage(self):
        clock = pipeline.Clock()
        with clock.stage("one"):
            time.sleep(0.02)
        with clock.stage("two"):
            pass
        assert [r.stage for r in clock.records] == ["one", "two"]
        assert 0.01 < clock.records[0].seconds < 5
        assert clock.records[1].peak_memory_mb >= clock.records[0].peak_memory_mb > 1

    def test_a_stage_that_fails_is_not_written_down(self):
        clock = pipeline.Clock()
        with pytest.raises(ValueError, match="x"), clock.stage("one"):
            raise ValueError("x")
        assert clock.records == []

    def test_two_clocks_share_nothing(self):
        first = pipeline.Clock()
        with first.stage("one"):
            pass
        assert pipeline.Clock().records == []

    @pytest.mark.parametrize(("platform", "divisor"), [("linux", 1024), ("darwin", 1024 * 1024)])
    def test_memory_in_the_units_of_each_system(self, monkeypatch, platform, divisor):
        """Linux counts kilobytes, macOS bytes."""
        usage = SimpleNamespace(ru_maxrss=512 * divisor)
        monkeypatch.setattr(pipeline.resource, "getrusage", lambda who: usage)
        monkeypatch.setattr(pipeline.sys, "platform", platform)
        assert pipeline.peak_memory_mb() == 512.0


def test_runs_are_frozen(done):
    with pytest.raises(AttributeError):
        done.assessment = replace(done.assessment)  # type: ignore[misc]


def test_what_pixels_showed_becomes_a_warning_of_its_series(done):
    """An image that could not be decoded is said where the series is described, once, and only where it was read."""
    first, *rest = done.study.series
    noticed = replace(first, load=SimpleNamespace(noticed=("image 3 cannot be decoded",)))
    study = pipeline.with_noticed(pipeline.with_noticed(replace(done.study, series=(noticed, *rest))))
    assert study.series[0].warnings[-1] == "image 3 cannot be decoded"
    assert study.series[0].warnings.count("image 3 cannot be decoded") == 1
    assert [one.warnings for one in study.series[1:]] == [one.warnings for one in rest]
