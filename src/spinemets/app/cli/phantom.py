"""`spinemets phantom`: the synthetic patient with a written truth."""

from __future__ import annotations

import argparse

from spinemets.app.cli import flags, say

HELP = "list or make synthetic patients with known findings"
DESCRIPTION = "Makes CT and MR images of a digital spine with a label map and the truth it was built from."


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    listing = acts.add_parser("list", help="list the cases", description="List the cases.")
    flags.listing(listing)
    make = acts.add_parser("make", help="make one case", description="Write images, label map and truth of one case.")
    make.add_argument("case", metavar="CASE", help="name of the case, or `demo` for the patient of `make demo`")
    make.add_argument("--seed", type=int, default=1, metavar="N", help="seed of anatomy and noise (default: 1)")
    flags.add(make, only=frozenset({"out", "json", "quiet", "debug"}))


def run(args: argparse.Namespace) -> int:
    """List or make."""
    raise NotImplementedError
