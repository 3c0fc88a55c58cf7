"""Knowledge tables as plain data, with or without a YAML reader.

Where PyYAML is installed, the YAML files are read. Where it is not (a machine that only makes training samples has numpy,
scipy and numba), tables come from a bundle: one JSON file with the same content, written by `bundle` on a machine that has
it, and named there by the environment variable `SPINEMETS_TABLES`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from spinemets.model.errors import UsageError

HERE = Path(__file__).parent
BUNDLE = "SPINEMETS_TABLES"
# JSON has no keys but texts: a mapping with others becomes a list of pairs under this name.
_PAIRS = "__pairs__"


@cache
def table(name: str) -> Any:
    """A knowledge table `knowledge/tables/<name>.yaml` as plain data (read-only by convention).

    Large tables of one row a line are a `Mapping` that parses each row when it is asked for.

    Raises
    ------
    UsageError
        If there is no PyYAML and no bundle.
    """
    try:
        import yaml  # lazy: where it is missing, the bundle serves
    except ImportError:
        return _bundled()[name]
    from spinemets.knowledge.rows import rows  # lazy: needs PyYAML

    text = (HERE / "tables" / f"{name}.yaml").read_text(encoding="utf-8")
    by_row = rows(text)
    return yaml.load(text, Loader=yaml.CSafeLoader) if by_row is None else by_row


def bundle(prefixes: tuple[str, ...] = ("attenuation", "phantom", "tissue")) -> str:
    """JSON text of the tables whose names begin so; `table` reads it back equal, numbers and keys included."""
    names = sorted(path.stem for path in (HERE / "tables").glob("*.yaml") if path.stem.startswith(prefixes))
    return json.dumps({name: _packed(table(name)) for name in names}, allow_nan=False, separators=(",", ":"))


@cache
def _bundled() -> Mapping[str, Any]:
    where = os.environ.get(BUNDLE)
    if not where:
        raise UsageError(
            "The knowledge tables cannot be read: PyYAML is not installed.",
            f"Install it, or name a bundle in {BUNDLE} (`python -m spinemets.phantom.training bundle FILE` writes one).",
        )
    found: Mapping[str, Any] = unpacked(Path(where).read_text(encoding="utf-8"))
    return found


def unpacked(text: str) -> dict[str, Any]:
    """Tables of a bundle by name."""
    found: dict[str, Any] = _opened(json.loads(text))
    return found


def _packed(value: Any) -> Any:
    if isinstance(value, Mapping):
        if all(isinstance(key, str) for key in value):
            return {key: _packed(inner) for key, inner in value.items()}
        return {_PAIRS: [[_packed(key), _packed(inner)] for key, inner in value.items()]}
    return [_packed(inner) for inner in value] if isinstance(value, list) else value


def _opened(value: Any) -> Any:
    if isinstance(value, list):
        return [_opened(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if list(value) == [_PAIRS]:
        return {_opened(key): _opened(inner) for key, inner in value[_PAIRS]}
    return {key: _opened(inner) for key, inner in value.items()}
