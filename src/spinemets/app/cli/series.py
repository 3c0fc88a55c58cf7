"""`spinemets series`: what is in a study, what each series is believed to be and why, and what belongs together."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from spinemets.app.cli import flags, say

if TYPE_CHECKING:
    from spinemets.model.series import Series
    from spinemets.model.study import Study
    from spinemets.series.sets.rows import Row

HELP = "list the series of a study, what each is and why"
DESCRIPTION = (
    "Reads headers and geometry, recognises each series, says which belong together, and lists files that could not be "
    "read. `--motion` and `--png` take longer: they read the pixels of every series."
)
# Members of one set that are listed; the JSON has all.
MOST_LISTED = 12
HEAD = ("no", "kind", "sure", "voxels", "mm", "geometry", "series")


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("paths", nargs="+", type=Path, metavar="STUDY", help="folders, archives or files of one study")
    parser.add_argument(
        "--motion",
        action="store_true",
        help="measure the motion between series of one frame of reference (about 1 s each)",
    )
    parser.add_argument(
        "--png", type=Path, metavar="FILE", help="also write a contact sheet: a few slices of each series"
    )
    flags.add(parser, only=frozenset({"study", "facts", "json", "debug"}))


def run(args: argparse.Namespace) -> int:
    """Open the study and list it."""
    from spinemets.app import pipeline

    options = flags.read(args)
    study = pipeline.open_study(args.paths, facts=options.reading.facts, study=options.reading.study)
    if args.motion:
        from spinemets.series.motion.measure import with_motions

        study = with_motions(study)
    if args.png is not None:
        from spinemets.report.contact_sheet import write_sheet

        write_sheet(study, args.png)
    if options.report.json:
        from spinemets.app.listing import listed

        say.one_object(listed(study))
    else:
        say.result(text(study))
    return 0


def text(study: Study) -> str:
    """Table for a person, the sets, then why, what is doubtful and what was not read."""
    from spinemets.app.listing import missing
    from spinemets.series.sets.rows import rows_of

    rows = rows_of(study)
    lines = [say.table([HEAD, *(_row(row) for row in rows)])]
    lines += _sets(study)
    for row in rows:
        lines += [f"series {row.number}: {sentence}" for sentence in _said(row)]
    lines += [f"{item.verdict}: {item.sentence}" for item in study.motions]
    lines += [f"{item.kind}: {item.file}: {item.reason}" for item in study.unread]
    lines += [f"label map offered: {name} (use it with --labels)" for name in study.label_files]
    lines += [f"warning: {sentence}" for sentence in study.warnings]
    lines += [f"not assessable here: {item.criterion} {item.sentence}" for item in missing(study)]
    return "\n".join(lines)


def _row(row: Row) -> tuple[str, ...]:
    series = row.first
    return (
        row.number,
        series.kind,
        f"{min(s.recognition.confidence for s in row.volumes):.2f}",
        _size(series),
        _spacing(series),
        series.geometry.verdict if series.grid is not None or series.planar is None else "planar",
        _label(row),
    )


def _size(series: Series) -> str:
    if series.grid is not None:
        return " x ".join(str(n) for n in series.grid.shape_ijk)
    if series.planar is not None:
        n = len(series.planar.views)
        return f"{n} {'view' if n == 1 else 'views'}"
    return "-"


def _spacing(series: Series) -> str:
    found: tuple[float, ...] = series.grid.spacing_mm if series.grid is not None else ()
    if series.planar is not None and series.planar.spacing_mm is not None:
        found = series.planar.spacing_mm
    return " x ".join(f"{mm:.3g}" for mm in found) or "-"


def _label(row: Row) -> str:
    """Label of the series; several volumes under the name of the DICOM series and what varies."""
    if len(row.volumes) == 1:
        return row.first.label
    what = row.explained.name if row.explained is not None else "why there are several is not known"
    return f"{row.first.label.split(',')[0]}: {len(row.volumes)} volumes: {what}"


def _sets(study: Study) -> list[str]:
    """Each set with its members and notes; long sets are not spelled out here."""
    lines = []
    number = {s.uid: s.number for s in study.series}
    for item in study.sets:
        lines.append(f"set: {item.name}")
        listed = list(zip(item.members, item.varies, strict=True))
        lines += [f"  series {number[uid]}: {varies}" for uid, varies in listed[:MOST_LISTED]]
        if len(listed) > MOST_LISTED:
            lines.append(f"  and {len(listed) - MOST_LISTED} more (all with --json)")
        lines += [f"  note: {note}" for note in item.notes]
    return lines


def _said(row: Row) -> list[str]:
    """Evidence, conflicts, geometry and warnings of a row, each sentence once."""
    said: dict[str, None] = {}
    for series in row.volumes:
        seen = series.recognition
        rest = (*seen.conflicts, *series.geometry.notes, *series.warnings)
        said.update(dict.fromkeys((*seen.evidence, *rest)))
    first = row.first.recognition
    if first.runner_up is not None and first.runner_up[1] > 0:
        said[f"next best: {first.runner_up[0]} ({first.runner_up[1]:.2f})"] = None
    return list(said)
