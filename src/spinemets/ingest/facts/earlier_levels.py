"""Levels of an earlier study, from the `levels.json` that `segment` wrote for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from spinemets.model.errors import UsageError
from spinemets.model.level import LEVELS_SCHEMA, ORDER, EarlierLevel


def read_earlier_levels(path: Path) -> tuple[EarlierLevel, ...]:
    """Vertebrae of an earlier study, head to feet.

    Raises
    ------
    UsageError
        If the file cannot be read, is no `levels.json`, or names no vertebra.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: the earlier levels cannot be read ({_why(error)}).", _REMEDY) from None
    if not isinstance(data, dict) or data.get("schema") != LEVELS_SCHEMA:
        raise UsageError(f"{path} is not a levels.json of this program.", _REMEDY)
    try:
        found = tuple(_level(row) for row in data["vertebrae"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise UsageError(f"{path}: a vertebra lacks its name, confidence or sizes.", _REMEDY) from None
    if not any(level.name for level in found):
        raise UsageError(f"{path} names no vertebra: it says nothing about this study's levels.", _REMEDY)
    return found


_REMEDY = "Give the levels.json that `spinemets segment` wrote for the earlier study."


def _why(error: Exception) -> str:
    return error.strerror or "not found" if isinstance(error, OSError) else "not JSON"


def _level(row: Any) -> EarlierLevel:
    name = row["name"]
    if name is not None and name not in ORDER:
        raise ValueError(name)
    sizes = {str(key): float(value) for key, value in row["size_mm"].items()}
    # A name that a reader gave has no confidence of its own in doubt.
    confidence = 0.0 if name is None else float(row["confidence"])
    return EarlierLevel(name=name, confidence=confidence, size_mm=sizes)
