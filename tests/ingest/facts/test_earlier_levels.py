"""`levels.json` of an earlier study, read again."""

from __future__ import annotations

import json

import pytest

from spinemets.ingest.facts.earlier_levels import read_earlier_levels
from spinemets.model.errors import UsageError
from spinemets.model.level import LEVELS_SCHEMA as SCHEMA

ROWS = [
    {"name": "T12", "confidence": 0.97, "size_mm": {"height_mm": 24.0, "width_mm": 40.0}},
    {"name": None, "confidence": None, "size_mm": {}},
]


def written(tmp_path, rows=ROWS, schema=SCHEMA):
    path = tmp_path / "levels.json"
    path.write_text(json.dumps({"schema": schema, "vertebrae": rows}))
    return path


def test_names_sizes_and_confidence(tmp_path):
    first, second = read_earlier_levels(written(tmp_path))
    assert (first.name, first.confidence, first.size_mm) == ("T12", 0.97, {"height_mm": 24.0, "width_mm": 40.0})
    assert (second.name, second.confidence, second.size_mm) == (None, 0.0, {})


@pytest.mark.parametrize(
    ("rows", "schema", "says"),
    [
        (ROWS, "spinemets-levels/2", "is not a levels.json"),
        (ROWS[1:], SCHEMA, "names no vertebra"),
        ([{"name": "T12", "confidence": 0.9}], SCHEMA, "lacks its name, confidence or sizes"),
        ([{**ROWS[0], "name": "X9"}], SCHEMA, "lacks its name"),
        ([{**ROWS[0], "confidence": None}], SCHEMA, "lacks its name"),
        (["T12"], SCHEMA, "lacks its name"),
    ],
)
def test_what_it_cannot_use_is_one_line(tmp_path, rows, schema, says):
    with pytest.raises(UsageError, match=says):
        read_earlier_levels(written(tmp_path, rows, schema))


def test_a_file_that_is_none(tmp_path):
    with pytest.raises(UsageError, match="No such file"):
        read_earlier_levels(tmp_path / "absent.json")
    (tmp_path / "text.json").write_text("T12")
    with pytest.raises(UsageError, match="not JSON"):
        read_earlier_levels(tmp_path / "text.json")
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(UsageError, match=r"is not a levels\.json"):
        read_earlier_levels(tmp_path / "list.json")
