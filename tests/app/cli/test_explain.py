"""`explain` on the command line."""

from __future__ import annotations

import json

import pytest

from spinemets.app.cli.main import main
from spinemets.knowledge.catalogue import load


def test_without_id_all_entries_are_listed(capsys):
    assert main(["explain"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]]
    assert listed == sorted(load())


def test_listing_as_json(capsys):
    assert main(["explain", "--json"]) == 0
    assert {entry["id"] for entry in json.loads(capsys.readouterr().out)["entries"]} == set(load())


@pytest.mark.parametrize("how", [[], ["--json"]])
def test_an_entry_by_id_in_any_case(capsys, how: list[str]):
    name = min(load())
    assert main(["explain", name.lower(), *how]) == 0
    assert name in capsys.readouterr().out
