"""`spinemets segment`: vertebrae, discs and canal of a study as masks, with the name of every vertebra and how sure it is."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from spinemets.app.cli import flags, say
from spinemets.app.progress import Progress

HELP = "outline vertebrae, discs and canal, and name the levels"
DESCRIPTION = (
    "Reads CT or MR, outlines the spine on the image's own grid, and writes labels.nii.gz (vertebrae and discs), "
    "regions.nii.gz (kinds of structure) and levels.json (name, confidence and runner-up of every vertebra). Asked again "
    "with --anchor or --top and the same --out, it renames without outlining anew."
)
NO_SPINE = 4
FLAGS = frozenset(
    {"study", "facts", "labels", "backend", "anchor", "top", "earlier", "out", "json", "quiet", "verbose", "debug"}
)


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("paths", nargs="+", type=Path, metavar="STUDY", help="folders, archives or files of one study")
    flags.add(parser, only=FLAGS)
    parser.set_defaults(out=Path("spinemets-segmentation"))


def run(args: argparse.Namespace) -> int:
    """Outline, write, and say what was found."""
    from spinemets.app import segmenting

    options = flags.read(args)
    progress = Progress(sys.stderr, quiet=options.report.quiet)
    try:
        done = segmenting.segment(args.paths, options, progress)
        progress("writing")
        said = segmenting.document(done)
        written = segmenting.write(done, said, options.report.out)
    finally:
        progress.close()
    code = 0 if said["found"] else NO_SPINE
    for warning in said["warnings"] if options.report.verbose else ():
        say.note(f"warning: {warning}")
    if options.report.json:
        say.one_object({**said, "exit_code": code, "written": {name: str(path) for name, path in written.items()}})
        return code
    if not options.report.quiet:
        say.result(text(said))
    say.result(str(options.report.out))
    return code


def text(said: dict[str, Any]) -> str:
    """A line for each vertebra, then what is asked for."""
    if not said["found"]:
        absent = said["absent"]
        return "No vertebra was found." if absent is None else f"No vertebra was found: {absent['sentence']}."
    lines = [_line(row) for row in said["vertebrae"]]
    conflicts = list(dict.fromkeys(row["conflict"] for row in said["vertebrae"] if row["conflict"]))
    return "\n".join([*lines, *(f"conflict: {c}" for c in conflicts), *([said["request"]] if said["request"] else [])])


def _line(row: dict[str, Any]) -> str:
    x, y, z = row["centroid_lps_mm"]
    sure = "" if row["confidence"] is None else f", {row['confidence']:.0%} sure of the name ({row['method']})"
    # Cut, not rounded: nothing is shown as sure.
    outline = "" if row["outline_confidence"] is None else f", outline {int(100 * row['outline_confidence']) / 100:.2f}"
    flagged = "".join(f"; {flag}" for flag in row["flags"])
    return f"{row['label']:>4}  {row['words']}{sure}{outline}, centre LPS ({x:.1f}, {y:.1f}, {z:.1f}) mm{flagged}"
