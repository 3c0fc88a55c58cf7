"""`spinemets doctor`: what this installation can and cannot do, and why."""

from __future__ import annotations

import argparse

from spinemets.app.cli import flags, say
from spinemets.model.errors import MissingPart

HELP = "check the installation: versions, image decoders, back ends, memory"
DESCRIPTION = "Says what this installation can read and do. Exit code 6 if a needed part does not work."


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    flags.listing(parser)


def run(args: argparse.Namespace) -> int:
    """Examine and print."""
    from spinemets.app import doctor

    state = doctor.examine()
    if args.json:
        say.one_object(state)
    else:
        say.result(doctor.text(state))
    return 0 if state["ok"] else MissingPart.exit_code
