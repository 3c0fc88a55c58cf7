"""`doctor` on the command line."""

from __future__ import annotations

import json

import pytest

from spinemets.app import doctor
from spinemets.app.cli.main import main

STATE = {"ok": True, "faults": [], "schema": "spinemets-doctor/1"}


@pytest.mark.parametrize(("ok", "code"), [(True, 0), (False, 6)])
def test_exit_code_says_whether_all_works(monkeypatch: pytest.MonkeyPatch, capsys, ok: bool, code: int):
    """'6 missing optional part'"""
    monkeypatch.setattr(doctor, "examine", lambda: {**STATE, "ok": ok})
    assert main(["doctor", "--json"]) == code
    assert json.loads(capsys.readouterr().out)["ok"] is ok


def test_text_for_people(capsys):
    assert main(["doctor"]) == 0
    assert "transfer syntaxes" in capsys.readouterr().out
