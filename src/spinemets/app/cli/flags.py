"""From option fields to argparse and back."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from spinemets.app.options import Options, build, walk


def add(parser: argparse.ArgumentParser, only: frozenset[str] | None = None) -> None:
    """Add one flag per option field (or per named field) to a parser."""
    for name, item, default in walk(Options()):
        if only is not None and name not in only:
            continue
        names = [n for n in (item.metadata["short"], item.metadata["flag"]) if n]
        how: dict[str, Any] = {"dest": name, "help": item.metadata["help"]}
        if default is False:
            how["action"] = "store_true"
        elif default == ():
            how.update(action="append", default=[], metavar=item.metadata["metavar"])
        else:
            how.update(default=default, metavar=item.metadata["metavar"], type=Path if "Path" in item.type else str)
            if default is not None:
                how["help"] += f" (default: {default})"
        parser.add_argument(*names, **how)


def read(args: argparse.Namespace) -> Options:
    """Options from parsed arguments; a field without a flag on this verb keeps its default."""
    defaults = {name: value for name, _, value in walk(Options())}

    def given(name: str) -> Any:
        value = getattr(args, name, defaults[name])
        return tuple(value) if isinstance(value, list) else value

    options: Options = build(Options, given)
    return options


def listing(parser: argparse.ArgumentParser) -> None:
    """Flags that every verb has."""
    add(parser, only=frozenset({"json", "debug"}))
