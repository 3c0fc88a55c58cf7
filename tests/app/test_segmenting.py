"""`segment` from files to masks, with the network of the package on the demonstration patient: no label map is given."""

from __future__ import annotations

import json
from types import SimpleNamespace

import nibabel as nib
import numpy as np
import pytest

from spinemets.app import pipeline, segmenting
from spinemets.app.options import Levels, Options, Report
from spinemets.segmentation.kept import FILE


def silent(stage: str) -> None:
    del stage


def dice(one, other) -> float:
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))


@pytest.fixture(scope="module")
def demo(first_light_files) -> SimpleNamespace:
    """Files and truth of the demonstration patient; what its assessment says is not asked here."""
    return SimpleNamespace(files=first_light_files, truth=json.loads(first_light_files.truth.read_text()))


@pytest.fixture(scope="module")
def outlined(demo, tmp_path_factory) -> SimpleNamespace:
    """The demonstration study, outlined and written once."""
    out = tmp_path_factory.mktemp("outlined")
    done = segmenting.segment([demo.files.study], Options(report=Report(out=out)), silent)
    written = segmenting.write(done, segmenting.document(done), out)
    maps = {name: np.asarray(nib.load(written[name]).dataobj) for name in ("labels.nii.gz", "regions.nii.gz")}
    return SimpleNamespace(
        out=out, done=done, written=written, maps=maps, levels=json.loads(written["levels.json"].read_text())
    )


class TestMasks:
    def test_every_file_under_its_name(self, outlined):
        assert set(outlined.written) == {"labels.nii.gz", "regions.nii.gz", "levels.json"}
        assert {path.name for path in outlined.out.iterdir()} == {*outlined.written, FILE}

    def test_they_lie_on_the_grid_of_the_image(self, outlined, demo):
        """'on the input's own grid'."""
        truth, found = (nib.load(path) for path in (demo.files.labels, outlined.written["labels.nii.gz"]))
        assert truth.shape == found.shape
        assert np.allclose(truth.affine, found.affine, atol=1e-3)

    def test_every_whole_vertebra_is_met(self, outlined, demo):
        """Dice of whole vertebrae against the synthetic truth; collapsed, lytic and blastic ones are among them."""
        truth = np.asarray(nib.load(demo.files.labels).dataobj)
        for number in range(18, 25):
            assert dice(truth == number, outlined.maps["labels.nii.gz"] == number) > 0.88, number

    def test_left_is_left(self, outlined, demo):
        """Mirrored truth fits worse: the outline lies on the patient's own side."""
        truth = np.asarray(nib.load(demo.files.labels).dataobj)
        whole, found = (m > 0 for m in (truth, outlined.maps["labels.nii.gz"]))
        assert dice(whole, found) > dice(whole[::-1], found) + 0.02

    def test_discs_canal_and_sacrum(self, outlined, demo):
        truth, regions = np.asarray(nib.load(demo.files.labels).dataobj), outlined.maps["regions.nii.gz"]
        names = {name: int(n) for n, name in outlined.levels["regions"].items()}
        assert dice((truth > 100) & (truth < 200), regions == names["disc"]) > 0.6
        assert dice(truth == 26, regions == names["sacrum"]) > 0.75
        assert (regions == names["canal"]).sum() > 10_000


class TestLevels:
    def test_named_by_sacrum_and_last_rib(self, outlined, demo):
        """The names of the truth, none of them told: each row says what spoke for it."""
        rows = outlined.levels["vertebrae"]
        seen = [lv["name"] for lv in demo.truth["levels"]]
        named = [row["name"] for row in rows]
        assert named == [n for n in seen if n in named] and {"T11", "T12", "L1", "L5"} <= set(named)
        assert all(row["method"] == "landmarks" and row["confidence"] >= 0.95 for row in rows)
        assert any("sacrum" in sentence for sentence in rows[0]["evidence"])

    def test_centres_are_where_the_truth_put_them(self, outlined, demo):
        truth = {lv["name"]: lv["body_centre_lps_mm"] for lv in demo.truth["levels"]}
        for row in outlined.levels["vertebrae"]:
            if row["complete"]:
                assert np.linalg.norm(np.subtract(row["centroid_lps_mm"], truth[row["name"]])) < 4.0, row["name"]

    def test_cut_vertebrae_are_flagged(self, outlined):
        first = outlined.levels["vertebrae"][0]
        assert not first["complete"] and any("border" in flag for flag in first["flags"])

    def test_one_click_renames_without_outlining_anew(self, outlined, demo, monkeypatch):
        """'`--anchor` renumbers and recomputes everything below in seconds without re-segmenting'."""
        from spinemets.segmentation.network import segmenter

        def never(*_, **__):
            raise AssertionError("outlined anew")

        monkeypatch.setattr(segmenter, "outlined", never)
        x, y, z = outlined.levels["vertebrae"][-1]["centroid_lps_mm"]
        levels = Levels(anchor=(f"L4={x},{y},{z}",))
        options = Options(report=Report(out=outlined.out), levels=levels)
        again = segmenting.segment([demo.files.study], options, silent)
        names = [v.level.name for v in again.spine.vertebrae]
        assert names[-1] == "L4" or any(v.level.conflict for v in again.spine.vertebrae)


class TestWholeAnalysis:
    def test_the_planted_findings_without_a_label_map(self, demo, outlined):
        """'`analyze` uses the same by default': the demonstration's findings at their levels, from images alone."""
        options = Options(clinical=demo.files.clinical, report=Report(out=outlined.out))
        assessment = pipeline.run(demo.files.study, options, keep_in=outlined.out).assessment
        for criterion, level, category in (("CT-02", "L2", "lytic"), ("CT-02", "L4", "blastic")):
            assert assessment.levels[level].findings[criterion].category == category
        assert assessment.levels["L1"].findings["FX-01"].state.value == "present"


class TestNoSpine:
    def test_it_is_said(self, tmp_path):
        """'No spine in view: says so, invents nothing': masks are not written, the reason is."""
        noise = np.random.default_rng(1).normal(100, 10, (60, 60, 40)).astype(np.int16)
        nib.save(nib.Nifti1Image(noise, np.diag([2.0, 2.0, 3.0, 1.0])), tmp_path / "noise.nii.gz")
        (tmp_path / "facts.yaml").write_text("'*noise.nii.gz': {kind: t2}\n")
        from spinemets.app.options import Reading

        options = Options(reading=Reading(facts=tmp_path / "facts.yaml"), report=Report(out=tmp_path / "out"))
        done = segmenting.segment([tmp_path / "noise.nii.gz"], options, silent)
        written = segmenting.write(done, segmenting.document(done), tmp_path / "out")
        assert set(written) == {"levels.json"}
        said = json.loads(written["levels.json"].read_text())
        assert said["found"] is False and said["absent"]["sentence"]
