"""Large tables of one row a line: a row is parsed when it is asked for, since a run needs a handful of two hundred."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

# "key": {...} in one line; anything else is left to the YAML parser as a whole.
ROW = re.compile(r'"([^"\\]+)": (\{.*\})')
# Below this a table costs less than a millisecond.
LARGE = 4000


class Rows(Mapping[str, Any]):
    """Rows by key, in the order of the file.

    Parameters
    ----------
    lines
        Text of each row, a YAML flow mapping.
    """

    def __init__(self, lines: Mapping[str, str]) -> None:
        self._lines = lines
        self._parsed: dict[str, Any] = {}

    def __getitem__(self, key: str) -> Any:
        if key not in self._parsed:
            self._parsed[key] = yaml.load(self._lines[key], Loader=yaml.CSafeLoader)
        return self._parsed[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


def rows(text: str) -> Rows | None:
    """Rows of a table; None if it is small or not of one row a line."""
    if len(text) < LARGE:
        return None
    found: dict[str, str] = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        match = ROW.fullmatch(line)
        if match is None:
            return None
        found[match[1]] = match[2]
    return Rows(found)
