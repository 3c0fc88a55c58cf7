"""The folder of the demonstration."""

from __future__ import annotations

from dataclasses import replace

from spinemets.phantom.files import write
from spinemets.phantom.files.demo import make_demo
from spinemets.phantom.imaging.acquisition import default


def test_parts_of_the_folder(tmp_path, monkeypatch):
    """STUDY with one folder a series, labels, clinical facts, truth; a CT-only case has CT only."""
    monkeypatch.setattr(write, "default", lambda s: replace(default(s), n_slices=2))
    demo = make_demo(tmp_path / "x", case="hw-ct", seed=2)
    assert sorted(p.name for p in (tmp_path / "x").iterdir()) == [
        "STUDY", "clinical.yaml", "labels.nii.gz", "lesions.nii.gz", "regions.nii.gz", "structures.dcm", "truth.json",
    ]  # fmt: skip
    assert [p.name for p in demo.study.iterdir()] == ["01-ct"]
    assert "age_years: 58" in demo.clinical.read_text(encoding="utf-8")
    assert "pain" not in [line.split(":")[0] for line in demo.clinical.read_text(encoding="utf-8").splitlines()]


def test_clinical_file_says_that_it_is_an_example(tmp_path, monkeypatch):
    """Nobody may take the example for a patient's facts."""
    monkeypatch.setattr(write, "default", lambda s: replace(default(s), n_slices=1))
    demo = make_demo(tmp_path, case="hw-ct")
    assert demo.clinical.read_text(encoding="utf-8").startswith("# Clinical facts of the synthetic patient: an example")
