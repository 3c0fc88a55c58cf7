"""The published schema is generated from the model and says neither more nor less."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from spinemets.exports.schema import assessment_schema, schema_text

KEPT = Path(__file__).resolve().parents[2] / "schemas" / "assessment.schema.json"


@pytest.fixture(scope="module")
def validator():
    return jsonschema.Draft202012Validator(assessment_schema())


def test_the_kept_file_is_the_generated_one():
    """House rule 9: "Docs, schemas ... are generated, then diffed in the test"."""
    assert KEPT.read_text(encoding="utf-8") == schema_text(), "renew it with make pages"


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(assessment_schema())


def test_an_assessment_fulfils_it(assessment, validator):
    assert list(validator.iter_errors(json.loads(assessment.to_json()))) == []


@pytest.mark.parametrize(
    "path", [(), ("patient",), ("levels", "L3"), ("levels", "L3", "findings", "MR-STIR-01"), ("series", 0)]
)
def test_unknown_keys_are_refused_at_every_depth(assessment, validator, path):
    """REP-12: "unknown keys refused by the schema"."""
    data = json.loads(assessment.to_json())
    place = data
    for step in path:
        place = place[step]
    place["surprise"] = 1
    assert [e.validator for e in validator.iter_errors(data)]


@pytest.mark.parametrize("state", ["normal", "", "PRESENT"])
def test_a_state_outside_the_five_is_refused(assessment, validator, state):
    data = json.loads(assessment.to_json())
    data["levels"]["L3"]["findings"]["MR-STIR-01"]["state"] = state
    assert not validator.is_valid(data)


def test_a_number_as_text_is_refused(assessment, validator):
    data = json.loads(assessment.to_json())
    data["levels"]["L3"]["findings"]["CT-04:posterior"]["value"] = "38.5"
    assert not validator.is_valid(data)


def test_another_schema_version_is_refused(assessment, validator):
    data = json.loads(assessment.to_json())
    data["schema"] = "spinemets-assessment/2"
    assert not validator.is_valid(data)


def test_every_object_is_described():
    for name, definition in assessment_schema()["$defs"].items():
        assert definition["description"], name
        assert "\n" not in definition["description"]
