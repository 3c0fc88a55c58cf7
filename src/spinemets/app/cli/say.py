"""What is printed, and where: results on standard output, everything else on standard error.

With `--json` standard output holds one JSON object and nothing else.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any


def result(text: str) -> None:
    """Text the user asked for."""
    print(text)


def note(text: str) -> None:
    """A remark beside the result."""
    print(text, file=sys.stderr)


def error(what: str, remedy: str = "") -> None:
    """One line: what is wrong, and what to do."""
    print(f"spinemets: {what} {remedy}".rstrip(), file=sys.stderr)


def one_object(data: Mapping[str, Any]) -> None:
    """The one JSON object, keys in a stable order."""
    print(json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False))


def table(rows: Sequence[Sequence[str]]) -> str:
    """Left-aligned columns, two blanks apart; the last column is free."""
    if not rows:
        return ""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
