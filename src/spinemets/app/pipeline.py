"""From an input to an assessment: the only place that knows the order of the rooms (design 5).

Rooms are imported inside the stages, so that `import spinemets` and `spinemets --help` cost nothing.
"""

from __future__ import annotations

import hashlib
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import spinemets
from spinemets.app.options import Levels, Options, Reading, anchor, level_name
from spinemets.model.assessment import Assessment, Correction
from spinemets.model.lesion import Found
from spinemets.model.measurement import Result
from spinemets.model.provenance import Provenance, StageRecord
from spinemets.model.region import Region
from spinemets.model.series import Series
from spinemets.model.spine import Spine
from spinemets.model.study import Study

if TYPE_CHECKING:
    from spinemets.findings.weigh import Weighed
    from spinemets.knowledge.catalogue import Catalogue
    from spinemets.segmentation.port import Segmenter

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """An assessment with the values it was made from (for writers that need voxels)."""

    assessment: Assessment
    study: Study
    spine: Spine
    found: Found
    results: tuple[Result, ...] = ()


@dataclass(kw_only=True)
class Clock:
    """Writes down what each stage cost."""

    say: Progress = field(default=lambda stage: None)
    records: list[StageRecord] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stage; the peak is that of the whole process so far."""
        self.say(name)
        begun = time.perf_counter()
        yield
        self.records.append(
            StageRecord(
                stage=name,
                version=spinemets.__version__,
                seconds=round(time.perf_counter() - begun, 3),
                peak_memory_mb=peak_memory_mb(),
            )
        )


def peak_memory_mb() -> float:
    """Highest resident memory of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kilobytes = peak / 1024 if sys.platform == "darwin" else peak
    return round(kilobytes / 1024, 1)


def open_study(
    paths: str | Path | Sequence[str | Path],
    *,
    facts: str | Path | None = None,
    study: str | None = None,
    clinical: str | Path | None = None,
    leave_out: Sequence[Path] = (),
) -> Study:
    """Read an input and recognise its series.

    Parameters
    ----------
    paths
        A folder, zip or tar of DICOM, or NIfTI file(s).
    facts
        YAML file that states what headers do not say.
    study
        StudyInstanceUID (or its beginning) where the input holds several studies.
    clinical
        YAML file with what is known of the patient.
    leave_out
        Files inside the input that are no images (label maps given to `analyze`).

    Raises
    ------
    UnreadableInput, SeveralStudies, UsageError
        With one clear sentence each.
    """
    from spinemets.ingest.options import ReadingOptions
    from spinemets.ingest.read import read
    from spinemets.series.motion.agreement import check
    from spinemets.series.recognise import recognise
    from spinemets.series.sets.find import with_sets
    from spinemets.series.vanished import in_spite_of

    given = [paths] if isinstance(paths, (str, Path)) else list(paths)
    options = ReadingOptions(
        study_uid=study, facts=Path(facts) if facts is not None else None, leave_out=tuple(leave_out)
    )
    found = read([Path(p) for p in given], options)
    found = in_spite_of(lambda raw: with_sets(check(recognise(raw))), found)
    return with_clinical(found, Path(clinical)) if clinical is not None else found


def with_clinical(study: Study, clinical: Path) -> Study:
    """The study with the clinical file; age and sex fill only what the headers leave open."""
    from spinemets.ingest.facts.clinical import read_clinical

    facts = read_clinical(clinical)
    patient = study.patient
    patient = replace(
        patient,
        age_years=patient.age_years if patient.age_years is not None else facts.age_years,
        sex=patient.sex if patient.sex is not None else facts.sex,
    )
    return replace(study, clinical=facts, patient=patient)


def analyze(
    study: Study | str | Path | Sequence[str | Path],
    *,
    labels: Sequence[str | Path] = (),
    anchors: Sequence[str] = (),
    top: str | None = None,
    facts: str | Path | None = None,
    clinical: str | Path | None = None,
) -> Assessment:
    """Assess a study.

    Parameters
    ----------
    study
        What `open_study` returned, or a path.
    labels
        `FILE[:SCHEME]` each, as on the command line.
    anchors, top
        `L5=x,y,z` in LPS mm; name of the highest vertebra in view.
    facts, clinical
        As for `open_study`.

    Returns
    -------
    Assessment
        `assessment.levels["L3"].findings["CT-02"]` is a `Finding`.
    """
    options = Options(
        reading=Reading(facts=Path(facts) if facts is not None else None),
        labels=tuple(str(item) for item in labels),
        levels=Levels(anchor=tuple(anchors), top=top),
        clinical=Path(clinical) if clinical is not None else None,
    )
    return run(study, options).assessment


def run(
    source: Study | str | Path | Sequence[str | Path],
    options: Options,
    progress: Progress | None = None,
    keep_in: Path | None = None,
) -> Run:
    """All stages in order. Each takes values and returns a value; outlines are kept in a folder where one is given."""
    from spinemets.knowledge import catalogue as knowledge
    from spinemets.report import pictures
    from spinemets.series.motion.applied import aligned

    clock = Clock(say=progress) if progress is not None else Clock()
    catalogue = knowledge.load()
    with clock.stage("reading"):
        study = source if isinstance(source, Study) else opened(source, options)
        study = study if options.clinical is None else with_clinical(study, options.clinical)
    with clock.stage("levels and regions"):
        spine = located(study, segmenter_of(options, keep_in), options)
    with clock.stage("motion between series"):
        placed = study if spine.grid is None else aligned(study, spine.grid)
    with clock.stage("maps"):
        study = mapped(study, placed, spine, catalogue)
    found, results, weighed = _measure(study, spine, catalogue, clock)
    study = with_noticed(study)
    with clock.stage("impression"):
        from spinemets.impression.form import form

        made = _provenance(study, options, clock)
        assessment = form(study, spine, found, weighed.findings, catalogue, made)
        assessment = replace(assessment, corrections=_corrections(options))
    with clock.stage("pictures"):
        outlines: dict[str, Region] = {**weighed.outlines, **{x.id: x.region for x in found.lesions}}
        assessment = pictures.take(assessment, study, spine, outlines)
    made = replace(made, stages=tuple(clock.records))
    assessment = replace(assessment, provenance=made)
    return Run(assessment=assessment, study=study, spine=spine, found=found, results=results)


def with_noticed(study: Study) -> Study:
    """The study with what was noticed only when pixels were read: an image that cannot be decoded is a warning."""

    noticed: dict[str, tuple[str, ...]] = {
        one.uid: said for one in study.series if (said := getattr(one.load, "noticed", ()))
    }
    if not noticed:
        return study

    def told(one: Series) -> Series:
        return replace(one, warnings=tuple(dict.fromkeys((*one.warnings, *noticed.get(one.uid, ())))))

    return replace(study, series=tuple(told(one) for one in study.series))


def opened(source: str | Path | Sequence[str | Path], options: Options) -> Study:
    """The study of an input, label files left out."""
    from spinemets.segmentation.options import LabelFile

    labels = [LabelFile.parse(text).path for text in options.labels]
    return open_study(source, facts=options.reading.facts, study=options.reading.study, leave_out=labels)


def segmenter_of(options: Options, keep_in: Path | None = None) -> Segmenter:
    """What outlines the spine; outlines of a back end are kept in a folder for the next call."""
    from spinemets.segmentation.choose import choose
    from spinemets.segmentation.options import LabelFile, SegmenterOptions

    stated = options.outlining
    files = tuple(LabelFile.parse(text) for text in options.labels)
    return choose(SegmenterOptions(labels=files, backend=stated.backend, keep_in=keep_in))


def located(study: Study, segmenter: Segmenter, options: Options, *, walls: bool = True) -> Spine:
    """Outlined, and named as far as it can be; without walls where nothing is measured on them."""
    from spinemets.anatomy.locate import locate
    from spinemets.anatomy.options import LevelOptions
    from spinemets.app.elsewhere import in_doubt, named_elsewhere
    from spinemets.ingest.facts.earlier_levels import read_earlier_levels

    stated = LevelOptions(
        anchors=tuple(anchor(text) for text in options.levels.anchor),
        top=None if options.levels.top is None else level_name(options.levels.top, "--top"),
        earlier=() if options.levels.earlier is None else read_earlier_levels(options.levels.earlier),
        sex=study.patient.sex,
    )
    segmentations = segmenter.segment(study)
    spine = locate(study, segmentations, stated, walls=walls)
    if options.labels or not in_doubt(spine):
        return spine
    # Not the segmenter given: what it keeps is of the whole study.
    elsewhere = named_elsewhere(study, spine, segmenter_of(options))
    return locate(study, segmentations, replace(stated, elsewhere=elsewhere), walls=walls) if elsewhere else spine


def mapped(study: Study, placed: Study, spine: Spine, catalogue: Catalogue) -> Study:
    """The placed study with the maps that criteria ask for among its series.

    None are made where there is no vertebra to measure, or where the study came with its maps.
    """
    from spinemets.maps.from_study.as_series import with_maps
    from spinemets.maps.from_study.how import How

    if not spine.vertebrae or any(one.computed for one in study.series):
        return placed
    kinds = {kind for entry in catalogue.values() for accepted in entry.needs.volumes.values() for kind in accepted}
    regions = tuple(region for one in spine.vertebrae for region in one.regions.values() if region.n_voxels)
    return with_maps(study, placed, kinds, How(within=regions))


def _measure(
    study: Study, spine: Spine, catalogue: Catalogue, clock: Clock
) -> tuple[Found, tuple[Result, ...], Weighed]:
    from spinemets.findings.weigh import weigh
    from spinemets.lesions.find import find
    from spinemets.measures.runner import run as measure

    with clock.stage("lesion candidates"):
        found = find(study, spine, catalogue)
    with clock.stage("criteria"):
        results = measure(catalogue, study, spine, found)
    with clock.stage("findings"):
        weighed = weigh(results, catalogue, study, spine)
    return found, results, weighed


def _corrections(options: Options) -> tuple[Correction, ...]:
    stated = [*(f"anchor {text}" for text in options.levels.anchor)]
    if options.levels.top is not None:
        stated.append(f"highest vertebra in view is {options.levels.top.upper()}")
    return tuple(Correction(what="level numbering", machine="from labels alone", reader=text) for text in stated)


def _provenance(study: Study, options: Options, clock: Clock) -> Provenance:
    from spinemets.impression.methods import digests
    from spinemets.knowledge.catalogue import parameter_hash

    inputs: Mapping[str, str] = digests(study)
    labels = _label_digests(options.labels)
    if options.levels.earlier is not None:
        labels["earlier levels"] = label_digest(str(options.levels.earlier))
    identity = hashlib.sha256()
    for part in (spinemets.__version__, parameter_hash(), options.digest(), *inputs.values(), *labels.values()):
        identity.update(part.encode())
    return Provenance(
        software_version=spinemets.__version__,
        parameter_hash=parameter_hash(),
        options_digest=options.digest(),
        options=options.stated(),
        input_digests={**inputs, **labels},
        stages=tuple(clock.records),
        run_id=identity.hexdigest()[:16],
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        libraries=library_versions(),
    )


def _label_digests(stated: Sequence[str]) -> dict[str, str]:
    """Digest of each label file by its name; a second file of the same name keeps a line of its own."""
    from spinemets.segmentation.options import LabelFile

    digests: dict[str, str] = {}
    for number, text in enumerate(stated, start=1):
        name = LabelFile.parse(text).path.name
        digests[name if name not in digests else f"{name} ({number})"] = label_digest(text)
    return digests


def label_digest(text: str) -> str:
    """SHA-256 of a label file named as `FILE[:SCHEME]`; empty for a folder."""
    from spinemets.segmentation.options import LabelFile

    path = LabelFile.parse(text).path
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def library_versions() -> dict[str, str]:
    """Versions of the libraries that touch numbers."""
    from importlib.metadata import version

    return {name: version(name) for name in ("numpy", "scipy", "pydicom", "nibabel", "edt", "connected-components-3d")}


def write_outputs(done: Run, out: Path) -> dict[str, Path]:
    """Write every output under its fixed name; each appears whole or not at all.

    Returns
    -------
    dict of str to Path
        Output name -> path, `report.html` first.
    """
    from spinemets import report
    from spinemets.exports import assessment_json, labels, manifest, measurements_csv
    from spinemets.report import text

    out.mkdir(parents=True, exist_ok=True)
    written: dict[str, Path] = {"report.html": out / "report.html"}
    report.write_html(done.assessment, written["report.html"])
    written["report.txt"] = out / "report.txt"
    text.write_text(done.assessment, written["report.txt"])
    written["assessment.json"] = out / "assessment.json"
    assessment_json.write_json(done.assessment, written["assessment.json"])
    written["measurements.csv"] = out / "measurements.csv"
    measurements_csv.write_csv(done.assessment, written["measurements.csv"])
    if done.spine.vertebrae:
        written["labels.nii.gz"] = out / "labels.nii.gz"
        labels.write_labels(done.spine, written["labels.nii.gz"])
    manifest.write_manifest(done.assessment, out, written.values())
    written["manifest.json"] = out / "manifest.json"
    return written
