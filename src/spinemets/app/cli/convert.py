"""`spinemets convert`: the volumes of a study as NIfTI files."""

from __future__ import annotations

import argparse
import gc
from pathlib import Path
from typing import TYPE_CHECKING

from spinemets.app.cli import flags, say

if TYPE_CHECKING:
    from spinemets.model.study import Study

HELP = "write every volume of a study as NIfTI"
DESCRIPTION = (
    "Reads DICOM or NIfTI and writes one NIfTI file a volume, scaled, with a JSON file beside it; diffusion sets become one"
    " 4-D file with .bval and .bvec. What is not written is listed with the reason."
)
# Start-up makes some ten thousand objects that stay; looking for cycles after every 700 of them took 15 ms. Arrays lie in
# no cycles and are freed at once.
OBJECTS_BETWEEN_LOOKS = 50_000


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("paths", nargs="+", type=Path, metavar="STUDY", help="folders, archives or files of one study")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="DIR", help="folder for the files")
    parser.add_argument("--gz", action="store_true", help="compress the images (.nii.gz)")
    parser.add_argument("--force", action="store_true", help="replace files that exist already")
    flags.add(parser, only=frozenset({"study", "facts", "json", "debug"}))


def run(args: argparse.Namespace) -> int:
    """Read, write, and say what was and what was not written."""
    gc.set_threshold(OBJECTS_BETWEEN_LOOKS)
    from spinemets.exports import conversion

    options = flags.read(args)
    study = _read(args.paths, options.reading.study, options.reading.facts)
    targets, lines = conversion.plan(study)
    if not args.force:
        conversion.refuse_existing(targets, args.out, gz=args.gz)
    written: list[str] = []
    for target in targets:
        done = conversion.convert(target, args.out, gz=args.gz)
        written += [path.name for path in done.files]
        lines += done.lines
    lines += [f"warning: {sentence}" for sentence in study.warnings]
    if options.report.json:
        say.one_object({"schema": "spinemets-convert/1", "written": written, "lines": lines})
    else:
        say.result("\n".join([*written, *lines]))
    return 0


def _read(paths: list[Path], study_uid: str | None, facts: Path | None) -> Study:
    """The study as headers show it: kinds and sets, but no look at the images, which would cost more than writing them."""
    from spinemets.ingest.options import ReadingOptions
    from spinemets.ingest.read import read
    from spinemets.series.recognise import recognise
    from spinemets.series.sets.find import with_sets

    return with_sets(recognise(read(paths, ReadingOptions(study_uid=study_uid, facts=facts)), look=False))
