"""Rows parsed one by one are those the YAML parser finds in the whole table: the slow twin of a short cut."""

from __future__ import annotations

from importlib.resources import files

import pytest
import yaml

from spinemets.knowledge.catalogue import table
from spinemets.knowledge.rows import LARGE, rows

TABLES = sorted(
    item.name.removesuffix(".yaml")
    for item in (files("spinemets.knowledge") / "tables").iterdir()
    if item.name.endswith(".yaml")
)


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_what_its_yaml_says(name):
    """Same keys in the same order, same rows, whichever way it is read."""
    text = (files("spinemets.knowledge") / "tables" / f"{name}.yaml").read_text(encoding="utf-8")
    whole = yaml.load(text, Loader=yaml.CSafeLoader)
    found = table(name)
    assert found == whole
    if isinstance(whole, dict):
        assert list(found) == list(whole) and len(found) == len(whole)


def test_the_large_tables_of_the_reader_are_read_by_row():
    """What costs most at the start of every run."""
    assert [name for name in ("sop_classes", "transfer_syntaxes") if not isinstance(table(name), dict)] == [
        "sop_classes",
        "transfer_syntaxes",
    ]


def test_a_row_is_parsed_when_it_is_asked_for(monkeypatch):
    """Once, and no other."""
    text = "# a comment\n" + "\n".join(f'"k{n}": {{a: {n}, b: [x, y]}}' for n in range(300))
    found = rows(text)
    parsed: list[str] = []
    original = yaml.load
    monkeypatch.setattr(yaml, "load", lambda line, Loader: parsed.append(line) or original(line, Loader=Loader))
    assert found["k7"] == found["k7"] == found.get("k7") == {"a": 7, "b": ["x", "y"]}
    assert parsed == ["{a: 7, b: [x, y]}"]
    assert found.get("k300") is None and "k299" in found and len(found) == 300
    with pytest.raises(KeyError):
        found["k300"]


@pytest.mark.parametrize(
    "line", ["key: {a: 1}", '"key": 1', '"key": {a: 1} # why', '"key": {a: 1,', '  "key": {a: 1}', '"ke\\"y": {a: 1}']
)
def test_anything_else_is_left_to_the_whole_parser(line):
    """Short cuts are for the plain form alone."""
    plain = "\n".join(f'"k{n}": {{a: {n}}}' for n in range(LARGE // 10))
    assert rows(plain) is not None and rows(plain[: LARGE - 1]) is None
    assert rows(f"{plain}\n{line}\n") is None
