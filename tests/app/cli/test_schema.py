"""'Their JSON schemas are published and versioned' (design 3)."""

from __future__ import annotations

import json

import jsonschema
import pytest

from spinemets.app.cli.main import main


@pytest.mark.parametrize("name", ["assessment", "series", "clinical", "facts"])
@pytest.mark.parametrize("how", [[], ["--json"]])
def test_schema_is_a_schema(name: str, how: list[str], capsys):
    assert main(["schema", name, *how]) == 0
    jsonschema.Draft202012Validator.check_schema(json.loads(capsys.readouterr().out))


def test_unknown_file_is_a_wrong_call():
    assert main(["schema", "nothing"]) == 2
