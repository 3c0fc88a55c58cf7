"""`spinemets schema`: the JSON Schema of a file spinemets writes or reads."""

from __future__ import annotations

import argparse
from typing import Any

from spinemets.app.cli import flags, say

HELP = "print the JSON Schema of a file"
DESCRIPTION = "`assessment` is what `analyze` writes, `series` what `series --json` prints, `clinical` and `facts` are what is read."


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("file", choices=("assessment", "series", "clinical", "facts"), help="kind of file")
    flags.listing(parser)


def run(args: argparse.Namespace) -> int:
    """Print the schema; it is JSON either way."""
    say.one_object(schema(args.file))
    return 0


def schema(name: str) -> dict[str, Any]:
    """JSON Schema by kind of file."""
    if name == "assessment":
        from spinemets.exports.schema import assessment_schema

        return assessment_schema()
    if name == "series":
        from spinemets.app import listing

        return listing.schema()
    from spinemets.ingest.facts import clinical
    from spinemets.ingest.facts import facts_file as facts

    return clinical.schema() if name == "clinical" else facts.schema()
