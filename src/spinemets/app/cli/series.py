"""`spinemets series`: what is in a study, what each series is believed to be, and why."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spinemets.app.cli import flags, say

if TYPE_CHECKING:
    from spinemets.impression.protocol import Unserved
    from spinemets.model.series import Series
    from spinemets.model.study import Study

HELP = "list the series of a study, what each is and why"
DESCRIPTION = "Reads headers and geometry, recognises each series, and lists files that could not be read."


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("paths", nargs="+", type=Path, metavar="STUDY", help="folders, archives or files of one study")
    flags.add(parser, only=frozenset({"study", "facts", "json", "debug"}))


def run(args: argparse.Namespace) -> int:
    """Open the study and list it."""
    from spinemets.app import pipeline

    options = flags.read(args)
    study = pipeline.open_study(args.paths, facts=options.reading.facts, study=options.reading.study)
    if options.report.json:
        say.one_object(listed(study))
    else:
        say.result(text(study))
    return 0


def listed(study: Study) -> dict[str, Any]:
    """The listing as plain data."""
    return {
        "schema": "spinemets-series/1",
        "study_uid": study.uid,
        "series": [row(series) for series in study.series],
        "unread": [{"file": item.file, "reason": item.reason, "kind": item.kind} for item in study.unread],
        "label_files": list(study.label_files),
        "warnings": list(study.warnings),
        "not_assessable": [
            {"criterion": item.criterion, "title": item.title, "needs": list(item.kinds)} for item in missing(study)
        ],
    }


def missing(study: Study) -> tuple[Unserved, ...]:
    """Criteria that no series of the study can serve (gates judge series and are not asked for)."""
    from spinemets.impression.protocol import criteria_missing
    from spinemets.knowledge import catalogue

    entries = catalogue.load()
    return tuple(item for item in criteria_missing(study, entries) if entries[item.criterion].kind != "gate")


def row(series: Series) -> dict[str, Any]:
    """One series as plain data."""
    seen = series.recognition
    return {
        "number": series.number,
        "uid": series.uid,
        "label": series.label,
        "kind": seen.kind,
        "confidence": seen.confidence,
        "evidence": list(seen.evidence),
        "conflicts": list(seen.conflicts),
        "shape": list(series.grid.shape_ijk) if series.grid else None,
        "spacing_mm": [round(mm, 4) for mm in series.grid.spacing_mm] if series.grid else None,
        "geometry": series.geometry.verdict,
        "geometry_notes": list(series.geometry.notes),
        "sides_known": series.sides_known,
        "warnings": list(series.warnings),
    }


def text(study: Study) -> str:
    """Table for a person, then what was not read."""
    rows = [("no", "kind", "sure", "voxels", "mm", "geometry", "series")]
    for series in study.series:
        grid = series.grid
        rows.append(
            (
                str(series.number),
                series.kind,
                f"{series.recognition.confidence:.2f}",
                " x ".join(str(n) for n in grid.shape_ijk) if grid else "-",
                " x ".join(f"{mm:.3g}" for mm in grid.spacing_mm) if grid else "-",
                series.geometry.verdict,
                series.label,
            )
        )
    lines = [say.table(rows)]
    for series in study.series:
        said = (*series.recognition.conflicts, *series.geometry.notes, *series.warnings)
        lines += [f"series {series.number}: {sentence}" for sentence in (*series.recognition.evidence, *said)]
    lines += [f"{item.kind}: {item.file}: {item.reason}" for item in study.unread]
    lines += [f"label map offered: {name} (use it with --labels)" for name in study.label_files]
    lines += [f"warning: {sentence}" for sentence in study.warnings]
    lines += [f"not assessable here: {item.criterion} {item.sentence}" for item in missing(study)]
    return "\n".join(lines)
