"""`spinemets analyze`: a study in, a report and its data out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spinemets.app.cli import flags, say
from spinemets.app.progress import Progress

if TYPE_CHECKING:
    from spinemets.model.assessment import Assessment

HELP = "assess a study and write the report"
DESCRIPTION = (
    "Reads CT and MR series (DICOM folder or archive, NIfTI), outlines the spine (or takes a label map), measures every "
    "level, and writes report.html, assessment.json, measurements.csv and more to the folder given by --out."
)
NOTHING_ASSESSABLE = 4
REVIEW = "Research use only: not reviewed by a radiologist."


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("paths", nargs="+", type=Path, metavar="STUDY", help="folders, archives or files of one study")
    flags.add(parser)


def run(args: argparse.Namespace) -> int:
    """Run the pipeline, write, and say what was found and where the report is."""
    from spinemets.app import pipeline

    options = flags.read(args)
    progress = Progress(sys.stderr, quiet=options.report.quiet)
    try:
        done = pipeline.run(args.paths, options, progress=progress, keep_in=options.report.out)
        progress("writing the report")
        written = pipeline.write_outputs(done, options.report.out)
    finally:
        progress.close()
    code = 0 if assessable(done.assessment) else NOTHING_ASSESSABLE
    report = written.get("report.html", options.report.out)
    for warning in done.assessment.warnings if options.report.verbose else ():
        say.note(f"warning: {warning}")
    if code:
        say.note("Nothing could be assessed. The report lists each item with its reason and what would help.")
    if options.report.json:
        say.one_object(
            {**summary(done.assessment), "exit_code": code, "written": names(written), "report": str(report)}
        )
        return code
    if not options.report.quiet:
        say.result(text(done.assessment))
    say.result(str(report))
    return code


def assessable(assessment: Assessment) -> bool:
    """Whether any criterion about a level has an answer (gates judge series, not levels)."""
    refused = {f.id for f in assessment.not_assessable}
    return any(f.id not in refused for level in assessment.levels.values() for f in level.findings.values())


def names(written: dict[str, Path]) -> dict[str, str]:
    """Written files as text."""
    return {name: str(path) for name, path in sorted(written.items())}


def summary(assessment: Assessment) -> dict[str, Any]:
    """The answer in short; the whole is in assessment.json."""
    return {
        "schema": "spinemets-analyze/1",
        "urgent": urgent(assessment),
        "summary": [statement.text for statement in assessment.summary],
        "levels": list(assessment.levels),
        "lesions": [lesion.id for lesion in assessment.lesions],
        "assessed": len(assessment.all_findings()) - len(assessment.not_assessable),
        "not_assessable": len(assessment.not_assessable),
        "warnings": list(assessment.warnings),
    }


def text(assessment: Assessment) -> str:
    """Page 1 in a few lines: what is urgent, the summary, then what is not urgent or was not assessed."""
    loud = urgent(assessment)
    quiet = [line.sentence for line in assessment.urgent if line.sentence not in loud]
    return "\n".join([*loud, *(statement.text for statement in assessment.summary), *quiet, REVIEW])


def urgent(assessment: Assessment) -> list[str]:
    """Urgent sentences, by the rule of the page."""
    from spinemets.report.lexicon import is_urgent

    return [line.sentence for line in assessment.urgent if is_urgent(line)]
