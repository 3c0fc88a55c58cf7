"""The listing of a study as plain data: schema `spinemets-series/2`."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spinemets.impression.protocol import Unserved
    from spinemets.model.series import Series
    from spinemets.model.study import Study

SCHEMA = "spinemets-series/2"


def listed(study: Study) -> dict[str, Any]:
    """The listing; every field is in `schemas/series.schema.json`."""
    from spinemets.series.sets.find import spaces

    return {
        "schema": SCHEMA,
        "study_uid": study.uid,
        "series": [row(series) for series in study.series],
        "spaces": [[s.uid for s in group] for group in spaces(study)],
        "sets": [plain(item) for item in study.sets],
        "motions": [plain(item) for item in study.motions],
        "unread": [plain(item) for item in study.unread],
        "label_files": list(study.label_files),
        "warnings": list(study.warnings),
        "not_assessable": [
            {"criterion": item.criterion, "title": item.title, "needs": list(item.kinds)} for item in missing(study)
        ],
    }


def missing(study: Study) -> tuple[Unserved, ...]:
    """Criteria that no series of the study can serve (gates judge series and are not asked for)."""
    from spinemets.impression.protocol import criteria_missing
    from spinemets.knowledge import catalogue

    entries = catalogue.load()
    return tuple(item for item in criteria_missing(study, entries) if entries[item.criterion].kind != "gate")


def row(series: Series) -> dict[str, Any]:
    """One series."""
    seen = series.recognition
    grid = series.grid
    return {
        "number": series.number,
        "uid": series.uid,
        "label": series.label,
        "kind": seen.kind,
        "confidence": seen.confidence,
        "method": seen.method,
        "evidence": list(seen.evidence),
        "conflicts": list(seen.conflicts),
        "runner_up": None if seen.runner_up is None else {"kind": seen.runner_up[0], "score": seen.runner_up[1]},
        "shape": list(grid.shape_ijk) if grid else None,
        "spacing_mm": [round(mm, 4) for mm in grid.spacing_mm] if grid else None,
        "affine_lps_mm": [[float(v) for v in line] for line in grid.affine_lps_mm] if grid else None,
        "frame_of_reference_uid": grid.frame_of_reference_uid if grid else None,
        "geometry": series.geometry.verdict,
        "geometry_notes": list(series.geometry.notes),
        "missing_positions_mm": list(series.geometry.missing_positions_mm),
        "sides_known": series.sides_known,
        "n_images": series.n_images,
        "source": series.source,
        "planar": planar(series),
        "acquisition": plain(series.acquisition),
        "warnings": list(series.warnings),
    }


def planar(series: Series) -> dict[str, Any] | None:
    """Views of a radiograph or planar scan; None for a volume."""
    if series.planar is None:
        return None
    return {
        "views": [plain(view) for view in series.planar.views],
        "spacing_mm": None if series.planar.spacing_mm is None else list(series.planar.spacing_mm),
        "spacing_plane": series.planar.spacing_plane,
        "unit": series.planar.unit,
    }


def plain(value: Any) -> Any:
    """Values as JSON types: dataclasses by field, tuples as lists, numbers that are none as null."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def schema() -> dict[str, Any]:
    """JSON Schema of the listing. Objects with named fields refuse any other field."""
    import msgspec

    from spinemets.model.acquisition import Acquisition
    from spinemets.model.planar import PlanarView
    from spinemets.model.study import Unread
    from spinemets.model.study_view import SeriesMotion, SeriesSet

    text, number, texts = {"type": "string"}, {"type": "number"}, {"type": "array", "items": {"type": "string"}}
    models = (Acquisition, PlanarView, SeriesMotion, SeriesSet, Unread)
    found, definitions = msgspec.json.schema_components(models, ref_template="#/$defs/{name}")
    acquisition, view, motion, set_, unread = found
    for definition in definitions.values():
        definition["description"] = " ".join(definition.get("description", "").partition("\n\n")[0].split())
        definition["additionalProperties"] = False
    runner_up = _object({"kind": text, "score": number})
    views = {"type": "array", "items": view}
    series = {
        "number": {"type": "integer", "minimum": 1, "description": "running number in the study"},
        "uid": {**text, "description": "SeriesInstanceUID, with #n where one DICOM series holds several volumes"},
        "label": text, "kind": {**text, "description": "class of MR-GEN-01 or CT-01"},
        "confidence": {**number, "minimum": 0, "maximum": 1}, "method": text, "evidence": texts, "conflicts": texts,
        "runner_up": _or_null(runner_up), "shape": _or_null(_numbers(3)), "spacing_mm": _or_null(_numbers(3)),
        "affine_lps_mm": _or_null({"type": "array", "items": _numbers(4), "minItems": 4, "maxItems": 4}),
        "frame_of_reference_uid": _or_null(text), "geometry": {"enum": ["ok", "resampled", "refused"]},
        "geometry_notes": texts, "missing_positions_mm": {"type": "array", "items": number},
        "sides_known": {"type": "boolean"}, "n_images": {"type": "integer", "minimum": 0}, "source": text,
        "planar": _or_null(
            _object({"views": views, "spacing_mm": _or_null(_numbers(2)), "spacing_plane": _or_null(text), "unit": text})
        ),
        "acquisition": acquisition, "warnings": texts,
    }  # fmt: skip
    listing = {
        "schema": {"const": SCHEMA}, "study_uid": text, "series": {"type": "array", "items": _object(series)},
        "spaces": {"type": "array", "items": texts, "description": "series uids of one frame of reference each"},
        "sets": {"type": "array", "items": set_}, "motions": {"type": "array", "items": motion},
        "unread": {"type": "array", "items": unread}, "label_files": texts, "warnings": texts,
        "not_assessable": {"type": "array", "items": _object({"criterion": text, "title": text, "needs": texts})},
    }  # fmt: skip
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA,
        "title": "spinemets series listing",
    }
    return {**head, **_object(listing), "$defs": definitions}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    """All fields are there, no other is."""
    return {"type": "object", "properties": properties, "required": sorted(properties), "additionalProperties": False}


def _or_null(accepted: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [{"type": "null"}, accepted]}


def _numbers(n: int) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "number"}, "minItems": n, "maxItems": n}
