"""`spinemets phantom`: the synthetic patient with a written truth."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from spinemets.app.cli import flags, say

HELP = "list or make synthetic patients with known findings"
DESCRIPTION = (
    "Makes images of a digital spine (CT, MR, PET, bone scan, radiographs) with masks and the truth it was built from."
)
DEMO = "demo"
DEMO_CASE = "multimodality"


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    listing = acts.add_parser("list", help="list the cases", description="List the cases.")
    flags.listing(listing)
    make = acts.add_parser("make", help="make one case", description="Write images, label map and truth of one case.")
    make.add_argument("case", metavar="CASE", help=f"name of the case; `{DEMO}` is `{DEMO_CASE}`")
    make.add_argument("--seed", type=int, default=1, metavar="N", help="seed of anatomy and noise (default: 1)")
    make.add_argument(
        "--sequences", metavar="NAMES", help="series to make, separated by commas (default: those of the case)"
    )
    make.add_argument("--format", choices=("dicom", "nifti"), default="dicom", help="files to write (default: dicom)")
    flags.add(make, only=frozenset({"out", "json", "quiet", "debug"}))
    cohort = acts.add_parser(
        "cohort", help="draw many patients", description="Draw patients from a recipe and write them."
    )
    cohort.add_argument("-n", dest="number", type=int, default=20, metavar="N", help="number of patients (default: 20)")
    cohort.add_argument("--seed", type=int, default=1, metavar="N", help="seed of the cohort (default: 1)")
    cohort.add_argument("--recipe", type=Path, metavar="FILE", help="YAML file with what differs from the usual recipe")
    cohort.add_argument("--format", choices=("dicom", "nifti"), default="nifti", help="files to write (default: nifti)")
    cohort.add_argument("--processes", type=int, default=1, metavar="N", help="patients made at once (default: 1)")
    flags.add(cohort, only=frozenset({"out", "json", "quiet", "debug"}))


def run(args: argparse.Namespace) -> int:
    """List or make."""
    acts = {"make": made, "cohort": drawn, "list": listed}
    return acts[args.act](args)


def listed(args: argparse.Namespace) -> int:
    """All cases with what they hold."""
    from spinemets.phantom.cases.named import CASES, case_of
    from spinemets.phantom.files.header_sets import ABOUT
    from spinemets.phantom.files.header_sets import CASE as HEADERS
    from spinemets.phantom.imaging.acquisition import default, sequences

    cases = {name: case_of(name).about for name in CASES} | {HEADERS: ABOUT}
    series = {name: default(name).about for name in sequences()}
    if args.json:
        say.one_object({"schema": "spinemets-phantom-list/1", "cases": cases, "sequences": series})
    else:
        say.result(say.table(_by_group(cases)))
        say.result("")
        say.result(say.table([("series", "what it is"), *series.items()]))
    return 0


def _by_group(cases: Mapping[str, str]) -> list[tuple[str, str]]:
    """Rows of the list: a heading, then a case a line; what is in no group last."""
    from spinemets.phantom.cases.named import headings

    rows, left = [("case", "what it holds")], dict(cases)
    for heading, names in headings().items():
        rows += [("", ""), (f"[{heading}]", ""), *((name, left.pop(name)) for name in names)]
    return [*rows, ("", ""), ("[files]", ""), *left.items()]


def made(args: argparse.Namespace) -> int:
    """Write one case, and say where."""
    case = DEMO_CASE if args.case == DEMO else args.case
    files = written(args, case)
    if args.json:
        said = {name: str(path) for name, path in files.items()}
        say.one_object({"schema": "spinemets-phantom/1", "case": case, "seed": args.seed, **said})
        return 0
    if not args.quiet:
        say.note("Simulated images of no person, with the truth they were built from.")
    say.result(str(args.out))
    return 0


def drawn(args: argparse.Namespace) -> int:
    """Write a cohort, and say where its table is."""
    from spinemets.phantom.files.cohort import read_recipe, write_cohort

    table = write_cohort(args.out, args.number, args.seed, read_recipe(args.recipe), args.format, args.processes)
    if args.json:
        say.one_object(
            {"schema": "spinemets-phantom-cohort/1", "table": str(table), "patients": args.number, "seed": args.seed}
        )
        return 0
    if not args.quiet:
        say.note("Simulated images of no person, with the truth they were built from.")
    say.result(str(table))
    return 0


def written(args: argparse.Namespace, case: str) -> dict[str, Path]:
    """Write the files of a case; what they are -> where."""
    from spinemets.phantom.files.header_sets import CASE as HEADERS

    if case == HEADERS:
        from spinemets.phantom.files.header_sets import write_header_sets

        return {**write_header_sets(args.out), "truth": args.out / "truth.json"}
    from spinemets.phantom.files.demo import make_demo

    names = tuple(name.strip() for name in args.sequences.split(",")) if args.sequences else None
    parts = make_demo(args.out, case, args.seed, names, args.format)
    return {"study": parts.study, "labels": parts.labels, "clinical": parts.clinical, "truth": parts.truth}
