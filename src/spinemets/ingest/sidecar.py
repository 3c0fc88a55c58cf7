"""BIDS side file (`.json` of the same name beside a NIfTI file): its facts enter as stated ones."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from spinemets.ingest import limits as bounds
from spinemets.ingest.facts import with_facts
from spinemets.ingest.source_file import SourceFile, stem
from spinemets.knowledge.catalogue import table
from spinemets.model.series import Series

AGENT_KEYS = ("ContrastBolusIngredient", "ContrastBolusAgent")


def apply(series: Series, source: SourceFile, side: Sequence[SourceFile]) -> Series:
    """The series with what its side file says; unreadable side files are a warning."""
    found = _beside(source, side)
    if found is None:
        return series
    name = found.name.replace("!", "/").rsplit("/", 1)[-1]
    try:
        if found.size > bounds.load().max_stated_kb * 1024:
            raise ValueError("too large")
        data = json.loads(found.path.read_text(encoding="utf-8-sig"))
        if not isinstance(data, dict):
            raise ValueError("no JSON object")
    except (OSError, ValueError, RecursionError):
        return replace(series, warnings=(*series.warnings, f"side file {name} cannot be read and is not used"))
    stated, odd = facts_of(data)
    warnings = tuple(f"side file {name}: {key} has an unusual value and is not used" for key in odd)
    changed = with_facts(series, stated)
    return replace(changed, source=f"{series.source} + {name}", warnings=(*changed.warnings, *warnings))


def facts_of(data: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Facts by our names, and keys whose values are not what BIDS says."""
    import jsonschema

    found: dict[str, Any] = {}
    odd: list[str] = []
    for name, row in table("facts_fields").items():
        value = data.get(row.get("bids", ""))
        if value is None or value in ("", []):
            continue
        value = _shaped(value, row["type"])
        rule = {
            key: row[key] for key in ("type", "enum", "minimum", "maximum", "exclusiveMinimum", "items") if key in row
        }
        if jsonschema.Draft202012Validator(rule).is_valid(value):
            found[name] = value
        else:
            odd.append(row["bids"])
    if "MRAcquisitionType" in data:
        found["acquisition_3d"] = data["MRAcquisitionType"] == "3D"
    if any(data.get(key) for key in AGENT_KEYS):
        found["contrast"] = True
    return found, odd


def _shaped(value: Any, kind: str) -> Any:
    """DICOM multi-values come as one text with backslashes or as a list."""
    if kind == "array" and isinstance(value, str):
        return [part for part in value.replace("_", "\\").split("\\") if part]
    if kind == "string" and isinstance(value, list):
        return "\\".join(str(part) for part in value)
    return "MR" if value == "MRI" else value


def _beside(source: SourceFile, side: Sequence[SourceFile]) -> SourceFile | None:
    name = stem(source) + ".json"
    for other in side:
        if other.name == name:
            return other
    if source.keep is not None:
        return None
    path = source.path.with_name(name.rsplit("/", 1)[-1])
    return SourceFile(path=path, name=name, size=path.stat().st_size, kind="side") if path.is_file() else None
