"""`levels.json`: the vertebrae of `labels.nii.gz`, how each got its name, how sure that is, and what is wrong with its outline."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spinemets.exports.atomic import write_bytes
from spinemets.exports.labels import label_map_numbers
from spinemets.exports.regions import REGIONS
from spinemets.model.level import LEVELS_SCHEMA
from spinemets.model.spine import Spine, Vertebra

# What is asked for where nothing names a level.
REQUEST = "Name one vertebra by one click: --anchor {name}={x:.1f},{y:.1f},{z:.1f} (LPS mm), with the name that it has."


def levels_document(spine: Spine, made: Mapping[str, Any], warnings: Sequence[str] = ()) -> dict[str, Any]:
    """All that `levels.json` says.

    Parameters
    ----------
    spine
        What was found.
    made
        Software, back end and input digests, as they are.
    warnings
        Sentences beside the spine's own.

    Returns
    -------
    dict
        `vertebrae` head to feet; `request` a sentence where no level is named, else None.
    """
    numbers = label_map_numbers(spine)
    return {
        "schema": LEVELS_SCHEMA,
        "made": dict(made),
        "scheme": numbers.scheme,
        "space": "LPS mm",
        "regions": {str(number): name for number, name in REGIONS.items()},
        "found": bool(spine.vertebrae),
        "absent": None if spine.absent is None else {"code": spine.absent[0], "sentence": spine.absent[1]},
        "vertebrae": [_row(v, numbers.of(v.level)) for v in spine.vertebrae],
        "request": _request(spine),
        "sources": list(spine.sources),
        "warnings": [*spine.warnings, *warnings],
    }


def write_levels(document: Mapping[str, Any], path: Path) -> None:
    """Write the document; keys keep their order."""
    write_bytes(path, (json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode())


def _row(vertebra: Vertebra, label: int) -> dict[str, Any]:
    level, whole = vertebra.level, vertebra.completeness
    return {
        "label": label,
        "name": level.name,
        "words": level.words,
        "position": level.position,
        "of": level.of,
        "method": level.method,
        "confidence": level.confidence,
        "runner_up": level.runner_up,
        "runner_up_confidence": level.runner_up_confidence,
        "assumed": level.assumed,
        "conflict": level.conflict,
        "evidence": list(level.evidence),
        "outline_confidence": vertebra.confidence,
        "complete": whole.complete,
        "flags": [*vertebra.flags, *whole.notes],
        "size_mm": {name: round(value, 2) for name, value in vertebra.known_by_mm.items()},
        "centroid_lps_mm": [round(float(x), 2) for x in _centre(vertebra)],
    }


def _centre(vertebra: Vertebra) -> Any:
    """Centre of the body, or of what there is of the vertebra."""
    region = vertebra.regions.get("body") or next(iter(vertebra.regions.values()))
    return region.centroid_lps_mm


def _request(spine: Spine) -> str | None:
    if not spine.vertebrae or any(v.level.name for v in spine.vertebrae):
        return None
    x, y, z = _centre(spine.vertebrae[-1])
    return REQUEST.format(name="L5", x=x, y=y, z=z)
