"""JSON Schema of `assessment.json`, generated from the model: the published promise of its fields."""

from __future__ import annotations

import json
from typing import Any

from spinemets.model.assessment import SCHEMA, Assessment

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def assessment_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of an assessment. Objects with named fields refuse any other field."""
    import msgspec

    schema = msgspec.json.schema(Assessment)
    for definition in schema["$defs"].values():
        definition["description"] = _first_paragraph(definition.get("description", ""))
        if "properties" in definition:
            definition["additionalProperties"] = False
    schema["$defs"]["Assessment"]["properties"]["schema"] = {"const": SCHEMA}
    return {"$schema": DIALECT, "$id": SCHEMA, "title": "spinemets assessment", **schema}


def schema_text() -> str:
    """The schema as the text that is kept in `schemas/assessment.schema.json`."""
    return json.dumps(assessment_schema(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _first_paragraph(docstring: str) -> str:
    """First paragraph of a docstring on one line."""
    return " ".join(docstring.partition("\n\n")[0].split())
