"""Facts file: what the user states about series whose headers do not say it (or say it wrongly)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

from spinemets.ingest.facts.stated import read_stated
from spinemets.ingest.pixels.lazy import LazyVolume
from spinemets.knowledge.catalogue import table
from spinemets.model.acquisition import Acquisition
from spinemets.model.series import Series

Stated = Mapping[str, Mapping[str, Any]]
SCHEMA_WORDS = ("type", "enum", "pattern", "minimum", "maximum", "exclusiveMinimum", "minLength", "items")
UNITS = {"hu": ("attenuation", "[hnsf'U]"), "suv": ("suv", "g/mL"), "arbitrary": ("unknown", "1")}


def schema() -> dict[str, Any]:
    """JSON Schema of a facts file, made from the table `facts_fields`."""
    properties = {
        name: {key: row[key] for key in SCHEMA_WORDS if key in row} | {"description": row["about"]}
        for name, row in table("facts_fields").items()
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "spinemets facts file",
        "description": "File name (or glob), series label or SeriesInstanceUID -> facts about that series.",
        "type": "object",
        "additionalProperties": {"type": "object", "additionalProperties": False, "properties": properties},
    }


def read_facts(path: Path) -> Stated:
    """Read and check a facts file.

    Raises
    ------
    UsageError
        Listing every error with its line.
    """
    data, _ = read_stated(path, schema(), "facts file")
    stated: Stated = data
    return stated


def apply(stated: Stated, series: Sequence[Series]) -> tuple[list[Series], tuple[str, ...]]:
    """Series with the stated facts, and a sentence for each pattern that fits none of them."""
    used: set[str] = set()
    found = []
    for one in series:
        for pattern, facts in stated.items():
            if matches(pattern, one):
                used.add(pattern)
                one = with_facts(one, facts)  # noqa: PLW2901 - several patterns may fit one series
        found.append(one)
    lost = tuple(
        f"facts for {pattern!r} fit no file or series of the input" for pattern in stated if pattern not in used
    )
    return found, lost


def matches(pattern: str, series: Series) -> bool:
    """Whether a pattern names this series: by file name or path, label, or uid."""
    file = series.source.split(" + ")[0]
    names = {file, PurePosixPath(file.replace("!", "/")).name, series.label, series.uid, series.uid.split("#")[0]}
    if series.source == "DICOM":
        names.add(series.label.split(",")[0])
    return any(fnmatchcase(name, pattern) for name in names if name)


def with_facts(series: Series, facts: Mapping[str, Any]) -> Series:
    """The series with these facts; a header that says otherwise is a line of its own."""
    acquisition, conflicts = merged(series.acquisition, facts)
    sides = series.sides_known
    if facts.get("sides") == "unknown" or facts.get("sides_known") is False:
        sides = False
    elif facts.get("sides") == "known" or facts.get("sides_known") is True:
        sides = True
    warnings = (*series.warnings, *conflicts)
    return replace(
        series, acquisition=acquisition, sides_known=sides, warnings=warnings, load=_requantified(series, facts)
    )


def merged(acquisition: Acquisition, facts: Mapping[str, Any]) -> tuple[Acquisition, tuple[str, ...]]:
    """Acquisition with stated values, and sentences where the header says otherwise."""
    known = {f.name for f in fields(Acquisition)}
    changes: dict[str, Any] = {}
    conflicts = []
    for name, value in facts.items():
        row = table("facts_fields")[name]
        field = row["field"]
        if field not in known:
            continue
        new = tuple(value) if isinstance(value, list) else round(value * row["factor"], 9) if "factor" in row else value
        old = getattr(acquisition, field)
        if old not in (None, (), new) and field not in acquisition.stated_by_user:
            conflicts.append(f"{row['about']}: stated {_shown(new)}, header says {_shown(old)}; the stated one is used")
        changes[field] = new
    stated = tuple(dict.fromkeys((*acquisition.stated_by_user, *changes)))
    return replace(acquisition, **changes, stated_by_user=stated), tuple(conflicts)


def _shown(value: Any) -> str:
    return "/".join(str(part) for part in value) if isinstance(value, tuple) else str(value)


def _requantified(series: Series, facts: Mapping[str, Any]) -> Any:
    units = facts.get("units")
    if units is None and series.source != "DICOM":
        kind, modality = str(facts.get("kind", "")), facts.get("modality")
        units = "hu" if modality == "CT" or kind == "ct" or kind.startswith("ct_") else None
    if isinstance(series.load, LazyVolume) and units is not None:
        return series.load.requantified(*UNITS[units])
    return series.load
