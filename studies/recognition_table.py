"""How often recognition is right: real series, and three makers' headers with elements missing one by one and two by two.

    python -m studies.recognition_table [--write]

Prints the table of `docs/explanation/recognition.md`; with --write it writes that page. Real series lie beside the repository
(`shared/`, not part of it); without them the page keeps the headers' part and says so. Their truth is a table of its own,
`tests/series/real_truth.yaml`, with how each is known.

An answer is `right`; `plainer` where it names the wider kind that the series truly is (`ct` for a CT with a bone kernel whose
kernel is not stated); `unknown`; or `wrong`. An answer is confident from 0.8.
"""

from __future__ import annotations

import itertools
import math
import os
import re
import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import yaml
from pydicom.dataset import Dataset

from spinemets.ingest.facts.acquisition import acquisition
from spinemets.ingest.facts.diffusion import of_values
from spinemets.ingest.facts.tracer import tracer
from spinemets.ingest.header.values import Values
from spinemets.ingest.options import ReadingOptions
from spinemets.ingest.read import read
from spinemets.model.errors import SeveralStudies, UnreadableInput
from spinemets.model.grid import Grid
from spinemets.model.series import Series
from spinemets.model.study import PatientFacts, Study
from spinemets.model.volume import Volume
from spinemets.phantom.files.header_sets import (
    N_SLICES,
    PIXEL_MM,
    SIDE,
    STEP_MM,
    HeaderSet,
    data_sets,
    header_sets,
    vendors,
)
from spinemets.series.companions import moment
from spinemets.series.recognise import recognise

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("SPINEMETS_SHARED_DATA", ROOT.parent / "shared" / "data")).parent
TRUTH = ROOT / "tests" / "series" / "real_truth.yaml"
PAGE = ROOT / "docs" / "explanation" / "recognition.md"
CONFIDENT = 0.8
# Elements that say what a file is or where it lies, or that hold the picture: without them there is no series to recognise.
KEPT = frozenset(
    re.findall(
        r"\w+",
        """SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID FrameOfReferenceUID InstanceNumber Rows Columns
        PixelData BitsAllocated BitsStored HighBit PixelRepresentation SamplesPerPixel PhotometricInterpretation
        ImageOrientationPatient ImagePositionPatient PixelSpacing SpecificCharacterSet StudyDate StudyTime PatientName
        PatientID ImageComments ManufacturerModelName SeriesNumber PatientPosition""",
    )
)
PLAINER = {
    "ct_bone": {"ct"},
    "ct_soft": {"ct"},
    "ct_lung": {"ct"},
    "pet_ac": {"pet"},
    "pet_nac": {"pet"},
    "bone_scan": {"nm"},
}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One recognised series against the truth (`none` = no kind of the table is right)."""

    where: str
    truth: str
    kind: str
    confidence: float
    score: float
    doubted: bool = False

    @property
    def verdict(self) -> str:
        """`right`, `plainer`, `unknown` or `wrong`."""
        if self.kind == self.truth or (self.truth == "none" and self.kind == "unknown"):
            return "right"
        if self.kind == "unknown":
            return "unknown"
        return "plainer" if self.kind in PLAINER.get(self.truth, set()) else "wrong"

    @property
    def confident_error(self) -> bool:
        """Wrong and sure of it."""
        return self.verdict == "wrong" and self.confidence >= CONFIDENT


def _answer(where: str, truth: str, series: Series) -> Answer:
    found = series.recognition
    return Answer(
        where=where, truth=truth, kind=found.kind, confidence=found.confidence, score=found.score,
        doubted=bool(found.doubts),
    )  # fmt: skip


def header_answers(vendor: str, missing: int) -> Iterator[Answer]:
    """Answers on one maker's headers with every choice of `missing` elements left out.

    Headers are read by the reader's own functions, without files: thousands of choices take minutes instead of hours.
    """
    for one in header_sets(vendor):
        images = list(data_sets(one))[::N_SLICES]
        for left_out in itertools.combinations(droppable(one), missing):
            where = f"{one.vendor} {one.name}" + (f" without {', '.join(left_out)}" if left_out else "")
            study = recognise(_study([_without(image, left_out) for image in images]), look=False)
            yield from {(s.kind, s.recognition.confidence): _answer(where, one.kind, s) for s in study.series}.values()


def droppable(one: HeaderSet) -> tuple[str, ...]:
    """Keywords of the headers that recognition may look at; private elements count as one."""
    names = {element.keyword or "private" for element in next(iter(data_sets(one)))}
    return tuple(sorted(names - KEPT))


def _without(image: Dataset, left_out: tuple[str, ...]) -> Dataset:
    """Header of one image less some elements."""
    kept = Dataset()
    kept.update(image)
    for keyword in left_out:
        if keyword == "private":
            kept.remove_private_tags()
        elif keyword in kept:
            delattr(kept, keyword)
    return kept


def _study(images: list[Dataset]) -> Study:
    """One DICOM series, a volume an image."""
    facts = [acquisition(image) for image in images]
    weights = [of_values(Values(image, 0)) for image in images]
    clock = [moment(fact.acquired) for fact in facts]
    first = min((t for t in clock if t is not None), default=None)
    series = []
    for n, (image, fact, weight, time) in enumerate(zip(images, facts, weights, clock, strict=True), start=1):
        seconds = None if time is None or first is None or len(images) == 1 else (time - first).total_seconds()
        b = () if weight is None else (weight.b_s_per_mm2,)
        traced = tracer(Values(image, 0))[0] if fact.modality in ("PT", "NM") else None
        own = replace(fact, time_s=seconds, diffusion=weight, b_values_s_per_mm2=b, tracer=traced)
        one = Series(uid=f"1.2#{n}", number=n, label=f"series {n}", acquisition=own, load=_no_pixels, grid=_grid(image))
        series.append(one)
    return Study(uid="1", patient=PatientFacts(), series=tuple(series))


def _no_pixels() -> Volume:
    raise UnreadableInput("The headers of the case hdr-vendors have empty pictures.")


def _grid(image: Dataset) -> Grid:
    direction = np.array([float(v) for v in image.ImageOrientationPatient])
    axes = np.column_stack([direction[:3], direction[3:], np.cross(direction[:3], direction[3:])])
    affine = np.eye(4)
    affine[:3, :3] = axes * [PIXEL_MM, PIXEL_MM, STEP_MM]
    return Grid(shape_ijk=(SIDE, SIDE, N_SLICES), affine_lps_mm=affine)


def truth_rows() -> list[dict[str, str]]:
    """The truth table of the real series."""
    rows: list[dict[str, str]] = yaml.safe_load(TRUTH.read_text(encoding="utf-8"))["series"]
    return rows


def real_studies() -> Iterator[tuple[str, Study]]:
    """Every real file or archive of the truth table that is here, read and recognised: its name, its studies."""
    for name in dict.fromkeys(row["file"] for row in truth_rows()):
        path = SHARED / name
        if path.exists():
            for study in _studies(path):
                yield name, recognise(study)


def _studies(path: Path) -> Iterator[Study]:
    try:
        yield read([path])
    except SeveralStudies as several:
        for uid in dict.fromkeys(re.findall(r"\b\d+(?:\.\d+){3,}\b", str(several))):
            yield read([path], ReadingOptions(study_uid=uid))


def truth_of(name: str, series: Series) -> str | None:
    """Truth of a series: the first row of its file whose `where` is found in its label or description."""
    text = f"{series.label} {series.acquisition.description or ''}"
    for row in truth_rows():
        if row["file"] == name and re.search(row.get("where", ""), text):
            return row["kind"]
    return None


def real_answers() -> Iterator[Answer]:
    """One answer a series (volumes of one series that are answered alike are one)."""
    for name, study in real_studies():
        seen = set()
        for series in study.series:
            truth = truth_of(name, series)
            key = (series.uid.partition("#")[0], truth, series.kind, series.recognition.confidence)
            if truth is not None and key not in seen:
                seen.add(key)
                yield _answer(f"{name}, {series.label}", truth, series)


def wilson_low(right: int, n: int) -> float:
    """Lower end of the 95 % Wilson interval of a share."""
    z = 1.96
    share = right / n
    middle = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n)


def bins(answers: list[Answer]) -> list[tuple[float, int, int]]:
    """Stated confidence -> answers that name a kind, and how many of them are right or plainer."""
    found: dict[float, list[bool]] = defaultdict(list)
    for answer in answers:
        if answer.kind != "unknown":
            found[round(answer.confidence, 2)].append(answer.verdict in ("right", "plainer"))
    return [(confidence, len(rows), sum(rows)) for confidence, rows in sorted(found.items())]


def summary(name: str, answers: list[Answer]) -> str:
    """One row of the page's table."""
    counts = Counter(answer.verdict for answer in answers)
    sure = sum(answer.confident_error for answer in answers)
    cells = (counts[verdict] for verdict in ("right", "plainer", "unknown", "wrong"))
    return f"| {name} | {len(answers)} | " + " | ".join(str(n) for n in cells) + f" | {sure} |"


def page(headers: dict[int, list[Answer]], real: list[Answer]) -> str:
    """The page, with its text from `recognition_page.md` beside this file."""
    text = (Path(__file__).parent / "recognition_page.md").read_text(encoding="utf-8")
    names = {0: "three makers' headers, whole", 1: "one element left out", 2: "two elements left out"}
    rows = [summary(names[n], answers) for n, answers in headers.items()]
    rows.insert(0, summary("real series", real) if real else "| real series | not here | | | | | |")
    everything = [*real, *(answer for answers in headers.values() for answer in answers)]
    calibration = [
        f"| {confidence:.2f} | {n} | {right} | {right / n:.3f} | {wilson_low(right, n):.3f} |"
        for confidence, n, right in bins(everything)
    ]
    return (
        text.replace("{{table}}", "\n".join(rows))
        .replace("{{calibration}}", "\n".join(calibration))
        .replace("{{real}}", "\n".join(_named(real)) or "None.")
        .replace("{{errors}}", "\n".join(_grouped(headers)) or "None.")
        .replace("{{unknown}}", "\n".join(_unknown(real)) or "None.")
    )


def _named(answers: list[Answer]) -> list[str]:
    wrong = [a for a in answers if a.verdict == "wrong"]
    return [f"- {a.where}: truly {a.truth}, called {a.kind} at {a.confidence:.2f}" for a in wrong]


def _unknown(answers: list[Answer]) -> list[str]:
    rows = Counter((a.where.split(", series")[0], a.truth) for a in answers if a.verdict == "unknown")
    return [f"- {where}: truly {truth}" + (f" ({n} series)" if n > 1 else "") for (where, truth), n in rows.items()]


def _grouped(headers: dict[int, list[Answer]]) -> list[str]:
    """Errors by series and missing element; pairs only where neither element alone makes the error."""
    rows: list[str] = []
    alone: set[tuple[str, str]] = set()
    for n, answers in headers.items():
        found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        top: dict[tuple[str, str, str], float] = defaultdict(float)
        for a in (a for a in answers if a.verdict == "wrong"):
            base, _, left_out = a.where.partition(" without ")
            names = left_out.split(", ") if left_out else []
            if n == 1:
                alone.add((base, left_out))
            elif any((base, name) in alone for name in names):
                continue
            key = (base, a.truth, a.kind)
            found[key].append(" and ".join(names) or "nothing")
            top[key] = max(top[key], a.confidence)
        rows += [
            f"- {base}: truly {truth}, called {kind} (at most {top[base, truth, kind]:.2f}) without {'; '.join(names)}"
            for (base, truth, kind), names in found.items()
        ]
    return rows


def main(write: bool) -> None:
    """Run the study."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        headers = {n: [a for vendor in vendors() for a in header_answers(vendor, n)] for n in (0, 1, 2)}
        real = list(real_answers())
    text = page(headers, real)
    if write:
        PAGE.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main("--write" in sys.argv)
