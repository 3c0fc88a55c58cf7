"""The command line."""

from __future__ import annotations

from spinemets.knowledge.lookup import table, unpacked
from spinemets.phantom.training.__main__ import main


def test_bundle_holds_the_tables(tmp_path):
    """What a machine without YAML reads is what the tables say."""
    assert main(["bundle", str(tmp_path / "tables.json")]) == 0
    found = unpacked((tmp_path / "tables.json").read_text(encoding="utf-8"))
    assert found["phantom_training"] == table("phantom_training")


def test_wrong_kinds_are_told_in_a_line(tmp_path, capsys):
    """No traceback."""
    assert main(["show", str(tmp_path / "a.png"), "--kind", "plate"]) == 2
    assert "plate" in capsys.readouterr().err
