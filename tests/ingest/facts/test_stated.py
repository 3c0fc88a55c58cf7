"""Files a person writes: "errors listing ALL errors with line/path"."""

from __future__ import annotations

import dataclasses

import pytest

from spinemets.ingest.facts.stated import read_stated
from spinemets.ingest.files import limits as bounds
from spinemets.model.errors import UsageError

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "size": {"type": "number", "minimum": 0},
        "name": {"type": "string"},
        "parts": {"type": "array", "items": {"type": "object", "additionalProperties": False, "properties": {"n": {"type": "integer"}}}},
    },
}  # fmt: skip


def errors_of(tmp_path, text: str) -> str:
    path = tmp_path / "f.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as error:
        read_stated(path, SCHEMA, "facts file")
    assert error.value.exit_code == 2
    return str(error.value)


def test_all_errors_are_listed_with_line_and_place(tmp_path):
    """Three errors, three lines, one message; the known keys are named."""
    text = "size: -1\nname: 3\nparts:\n  - n: 1\n  - n: one\n    extra: 2\n"
    message = errors_of(tmp_path, text)
    assert "has 4 error(s)" in message
    assert "f.yaml, line 1, size: -1 is less than the minimum of 0" in message
    assert "f.yaml, line 2, name: 3 is not of type 'string'" in message
    assert "f.yaml, line 5, parts > 1 > n: 'one' is not of type 'integer'" in message
    assert "f.yaml, line 6, parts > 1: unknown key 'extra'; known are n" in message


def test_good_files_in_yaml_and_json(tmp_path):
    """YAML and JSON alike; an empty file states nothing."""
    path = tmp_path / "f"
    for text, data in (("size: 2\n", {"size": 2}), ('{"size": 2, "name": "x"}', {"size": 2, "name": "x"})):
        path.write_text(text)
        assert read_stated(path, SCHEMA, "facts file")[0] == data
    path.write_text("﻿size: 2", encoding="utf-8")
    assert read_stated(path, SCHEMA, "facts file")[0] == {"size": 2}


def test_dates_stay_text(tmp_path):
    """A date is what the user wrote, not an object of the YAML library."""
    path = tmp_path / "f"
    path.write_text("name: 2024-05-01\n")
    assert read_stated(path, SCHEMA, "facts file")[0] == {"name": "2024-05-01"}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("size: [1, 2", "no valid YAML or JSON: line"),
        ("size: 1\nsize: 2\n", "line 2: 'size' is written twice"),
        ("a: &x [1]\nb: *x\n", "references"),
        ("size: .nan\n", "finite"),
        ("size: {\n", "no valid YAML"),
        ("- 1\n", "is not of type 'object'"),
        ("name: !!python/object:os.system x\n", "no valid YAML"),
        ("[" * 3000 + "]" * 3000, "maximum nesting depth"),
        ("[" * 30 + "]" * 30, "nested more than 20"),
    ],
)
def test_broken_or_tricky_files(tmp_path, text, word):
    """Never an exception of the YAML library, never code, never an expansion of references."""
    assert word in errors_of(tmp_path, text)


def test_unreadable_too_large_and_not_text(tmp_path, monkeypatch):
    """Each has its own sentence."""
    with pytest.raises(UsageError, match="cannot be read"):
        read_stated(tmp_path / "absent", SCHEMA, "facts file")
    path = tmp_path / "f"
    path.write_bytes(b"\xff\xfe\x00x")
    with pytest.raises(UsageError, match="not UTF-8"):
        read_stated(path, SCHEMA, "facts file")
    small = dataclasses.replace(bounds.load(), max_stated_kb=1)
    monkeypatch.setattr(bounds, "load", lambda: small)
    path.write_text("x" * 2000)
    with pytest.raises(UsageError, match="larger than 1 kB"):
        read_stated(path, SCHEMA, "facts file")
