"""`spinemets explain`: what a criterion asks, how it decides, and where each number comes from."""

from __future__ import annotations

import argparse

from spinemets.app.cli import flags, say

HELP = "list the criteria, or explain one with the source of each number"
DESCRIPTION = "Without an id: all entries of the catalogue. With an id (for example CT-02): all that the entry says."


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("id", nargs="?", metavar="ID", help="id of a catalogue entry")
    flags.listing(parser)


def run(args: argparse.Namespace) -> int:
    """List or explain."""
    from spinemets.app import explain

    if args.id is None:
        data = explain.listing()
        if args.json:
            say.one_object(data)
        else:
            rows = [(entry["id"], entry["kind"], entry["per"], entry["title"]) for entry in data["entries"]]
            say.result(say.table([("id", "kind", "per", "title"), *rows]))
        return 0
    entry = explain.entry(args.id)
    if args.json:
        say.one_object(explain.data(entry))
    else:
        say.result(explain.text(entry))
    return 0
