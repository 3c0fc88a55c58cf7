"""Results on standard output, the rest on standard error."""

from __future__ import annotations

import json

import pytest

from spinemets.app.cli import say


def test_streams(capsys):
    say.result("a result")
    say.note("a note")
    say.error("It is wrong.", "Do this.")
    said = capsys.readouterr()
    assert said.out == "a result\n"
    assert said.err == "a note\nspinemets: It is wrong. Do this.\n"


def test_error_without_remedy_has_no_trailing_blank(capsys):
    say.error("It is wrong.")
    assert capsys.readouterr().err == "spinemets: It is wrong.\n"


def test_one_object_is_stable(capsys):
    """'stable schema, one object': keys in order, text as it is, no NaN."""
    say.one_object({"b": 1, "a": "é"})
    said = capsys.readouterr().out
    assert said.index('"a"') < said.index('"b"')
    assert json.loads(said) == {"a": "é", "b": 1}
    with pytest.raises(ValueError, match="not JSON compliant"):
        say.one_object({"a": float("nan")})


def test_table_aligns_and_does_not_trail():
    assert say.table([("a", "bb"), ("ccc", "")]) == "a    bb\nccc"
    assert say.table([]) == ""
