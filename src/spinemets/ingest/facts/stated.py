"""Files a person writes (YAML or JSON): every error is listed at once, with its line and its place."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from spinemets.ingest.files import limits as bounds
from spinemets.model.errors import UsageError

Place = tuple[str | int, ...]
DEEPEST = 20


def read_stated(path: Path, schema: dict[str, Any], what: str) -> tuple[Any, dict[Place, int]]:
    """Load and check a file; returns its data and the line of every place in it.

    Parameters
    ----------
    schema
        JSON Schema the data must satisfy.
    what
        Name of the file's role in messages ("facts file").

    Raises
    ------
    UsageError
        With one line per error.
    """
    text = _text(path, what)
    try:
        _refuse_tricks(text, f"{what} {path.name}")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        lines: dict[Place, int] = {}
        errors = list(_walk(node, (), lines)) if node is not None else []
        data = {} if node is None else yaml.load(text, Loader=_PlainLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UsageError(
            f"{what} {path.name} is no valid YAML or JSON: {_where(error)}.", "Correct the file."
        ) from None
    errors += [] if errors else list(_schema_errors(data, schema, lines))
    if errors:
        listed = "\n".join(f"  {path.name}, {error}" for error in errors)
        raise UsageError(
            f"{what} {path.name} has {len(errors)} error(s):\n{listed}\n", "Correct them all and try again."
        )
    return data, lines


def _refuse_tricks(text: str, name: str) -> None:
    """References could expand without end, and deep nesting could exhaust the parser: both are refused."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise UsageError(f"{name}: references (*name) are not accepted.", "Write the values out.")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise UsageError(f"{name}: nested more than {DEEPEST} levels deep.", "Write it flat.")


class _PlainLoader(yaml.SafeLoader):
    """YAML without dates: a date stays the text the user wrote."""


_PlainLoader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _text(path: Path, what: str) -> str:
    limit = bounds.load().max_stated_kb
    try:
        if path.stat().st_size > limit * 1024:
            raise UsageError(f"{what} {path.name} is larger than {limit} kB.", "Give a YAML file.")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{what} {path.name} cannot be read.", "Check the path.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{what} {path.name} is not UTF-8 text.", "Give a YAML file.") from error


def _where(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or type(error).__name__
    return f"line {mark.line + 1}: {problem}" if mark else str(problem)


def _walk(node: yaml.Node, place: Place, lines: dict[Place, int]) -> Iterator[str]:
    """Record lines; yield keys that are written twice."""
    lines[place] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                yield f"line {key.start_mark.line + 1}: {name!r} is written twice"
            seen.add(name)
            yield from _walk(value, (*place, name), lines)
            lines[(*place, name)] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _walk(value, (*place, index), lines)


def _schema_errors(data: Any, schema: dict[str, Any], lines: dict[Place, int]) -> Iterator[str]:
    import jsonschema

    if not _finite(data):
        yield "line 1: numbers must be finite"
    validator = jsonschema.Draft202012Validator(schema)
    found = sorted(validator.iter_errors(data), key=lambda e: (_line(tuple(e.absolute_path), lines), str(e.message)))
    for outer in found:
        # of alternatives, the one that came nearest says what is wrong
        error = _nearest(outer)
        place = tuple(error.absolute_path)
        if error.validator == "additionalProperties" and isinstance(error.instance, dict):
            known = sorted(error.schema.get("properties", {}))
            for key in (k for k in error.instance if k not in known):
                line = _line((*place, str(key)), lines)
                yield f"line {line}{_shown(place)}: unknown key {key!r}; known are {', '.join(known)}"
        else:
            yield f"line {_line(place, lines)}{_shown(place)}: {error.message}"


def _nearest(error: Any) -> Any:
    """The innermost error of alternatives: the deepest place, a list of allowed words before a wrong type."""
    while error.context:
        error = max(error.context, key=lambda e: (len(e.absolute_path), e.validator == "enum"))
    return error


def _finite(data: Any) -> bool:
    if isinstance(data, dict):
        return all(_finite(v) for v in data.values())
    if isinstance(data, list):
        return all(_finite(v) for v in data)
    return not isinstance(data, float) or math.isfinite(data)


def _line(place: Place, lines: dict[Place, int]) -> int:
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


def _shown(place: Place) -> str:
    return ", " + " > ".join(str(part) for part in place) if place else ""
