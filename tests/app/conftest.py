"""A stand-in for the pipeline: the command line is tested for what it says, not for what the rooms find."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

import spinemets.app
from spinemets.model.assessment import Assessment, LevelAssessment, Statement, UrgentLine
from spinemets.model.finding import Finding, State
from spinemets.model.level import Level
from spinemets.model.measurement import Subject
from spinemets.model.provenance import Provenance
from spinemets.model.study import ClinicalFacts, PatientFacts, Study, Unread
from spinemets.phantom.files.demo import Demo


def finding(number: int, state: State) -> Finding:
    return Finding(
        id=f"L3-{number:02d}",
        criterion="CT-02",
        version="1.0",
        title="Lytic lesion",
        subject=Subject(level_id="L3"),
        state=state,
        statement="A sentence.",
    )


@pytest.fixture
def make_assessment() -> Callable[..., Assessment]:
    """An assessment of one vertebra with one record in each of the given states."""

    def build(*states: State) -> Assessment:
        records = {f"CT-02:{n}": finding(n, state) for n, state in enumerate(states)}
        level = Level(name="L3", position=1, of=1, method="label map")
        return Assessment(
            study_uid="1.2.3",
            patient=PatientFacts(),
            clinical=ClinicalFacts(),
            provenance=Provenance(software_version="0", parameter_hash="0", options_digest="0"),
            levels={"L3": LevelAssessment(level=level, findings=records)},
            summary=(Statement(text="L3: a lytic lesion is seen."),),
            urgent=(
                UrgentLine(id="URG-1", kind="none found", sentence="No urgent finding was seen in what was assessed."),
            ),
            warnings=("Series 2 was not used.",),
        )

    return build


class Pipeline(SimpleNamespace):
    """Records what it was called with; raises `fault` where one is set."""

    fault: BaseException | None = None
    assessment: Assessment

    def open_study(self, paths: list[Path], facts: Path | None = None, study: str | None = None) -> Study:
        self.opened = {"paths": paths, "facts": facts, "study": study}
        unread = Unread(file="broken.dcm", reason="the file ends inside the pixel data")
        return Study(uid="1.2.3", patient=PatientFacts(), unread=(unread,), warnings=("One file is damaged.",))

    def run(
        self, paths: list[Path], options: object, progress: Callable[[str], None], keep_in: Path
    ) -> SimpleNamespace:
        self.paths, self.options, self.keep_in = paths, options, keep_in
        progress("reading")
        if self.fault is not None:
            raise self.fault
        return SimpleNamespace(assessment=self.assessment)

    def write_outputs(self, run: SimpleNamespace, out: Path) -> dict[str, Path]:
        return {"report.html": out / "report.html", "assessment.json": out / "assessment.json"}


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch, make_assessment: Callable[..., Assessment]) -> Pipeline:
    """The stand-in, in the place of the real pipeline."""
    double = Pipeline(assessment=make_assessment(State.PRESENT, State.NOT_ASSESSABLE))
    monkeypatch.setattr(spinemets.app, "pipeline", double, raising=False)
    return double


@pytest.fixture(scope="session")
def demo(first_light_files: Demo, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """The demonstration patient on disk, assessed once: files, truth, run and what was written."""
    from spinemets.app import pipeline as real
    from spinemets.app.options import Options

    files = first_light_files
    options = Options(labels=(str(files.labels),), clinical=files.clinical)
    done = real.run(files.study, options)
    return SimpleNamespace(
        files=files, options=options, run=done, assessment=done.assessment, truth=json.loads(files.truth.read_text()),
        written=real.write_outputs(done, tmp_path_factory.mktemp("demo") / "report"),
    )  # fmt: skip
