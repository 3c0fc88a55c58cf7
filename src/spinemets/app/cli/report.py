"""`spinemets report`: the page again, from `assessment.json` alone."""

from __future__ import annotations

import argparse
from pathlib import Path

from spinemets.app.cli import flags, say
from spinemets.model.errors import UnreadableInput, UsageError

HELP = "make the page again from an assessment.json"
DESCRIPTION = (
    "Needs no images: the pictures travel in the file. Where a manifest.json lies beside it, the checksums are compared "
    "first."
)
ASSESSMENT = "assessment.json"
MANIFEST = "manifest.json"


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("path", type=Path, metavar="RESULT", help="assessment.json, or the folder of a finished run")
    flags.add(parser, only=frozenset({"out", "json", "debug"}))


def run(args: argparse.Namespace) -> int:
    """Check, read, write."""
    from spinemets import report
    from spinemets.exports.assessment_json import read_json

    path = args.path / ASSESSMENT if args.path.is_dir() else args.path
    if not path.is_file():
        raise UsageError(f"{path.name} does not exist there.", "Give the folder that `spinemets analyze` wrote.")
    for name in changed(path):
        say.note(f"warning: {name} is missing or was changed since the run")
    assessment = read_json(path)
    args.out.mkdir(parents=True, exist_ok=True)
    written = {"report.html": args.out / "report.html", "report.txt": args.out / "report.txt"}
    report.write_html(assessment, written["report.html"])
    report.write_text(assessment, written["report.txt"])
    if args.json:
        say.one_object({"schema": "spinemets-report/1", "written": {name: str(p) for name, p in written.items()}})
    else:
        say.result(str(written["report.html"]))
    return 0


def changed(path: Path) -> list[str]:
    """Other files of the run that differ from its manifest.

    Raises
    ------
    UnreadableInput
        If the assessment itself differs.
    """
    from spinemets.exports.manifest import verify

    if not (path.parent / MANIFEST).is_file():
        return []
    wrong = list(verify(path.parent))
    if path.name in wrong:
        raise UnreadableInput(
            f"{path.name} was changed since the run.",
            "Analyse the study again, or take the file away from its manifest.",
        )
    return wrong
