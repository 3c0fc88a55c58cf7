"""`completion`: verbs and flags in the script of each shell."""

from __future__ import annotations

import json

import pytest

from spinemets.app.cli.main import VERBS, main


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_script_knows_every_verb(shell: str, capsys):
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(verb in script for verb in VERBS)


def test_as_json(capsys):
    assert main(["completion", "zsh", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["shell"] == "zsh"


def test_another_shell_is_a_wrong_call():
    assert main(["completion", "fish"]) == 2
