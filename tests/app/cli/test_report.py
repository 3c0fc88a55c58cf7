"""'The pages are built from it alone' (report.md 2): assessment.json in, the same page out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spinemets import report
from spinemets.app.cli.main import main
from spinemets.exports.assessment_json import write_json
from spinemets.exports.manifest import write_manifest
from spinemets.model.finding import State


@pytest.fixture
def finished(make_assessment, tmp_path: Path) -> Path:
    """Folder of a finished run."""
    folder = tmp_path / "run"
    folder.mkdir()
    assessment = make_assessment(State.PRESENT, State.NOT_ASSESSABLE)
    files = [folder / "assessment.json", folder / "report.html"]
    write_json(assessment, files[0])
    report.write_html(assessment, files[1])
    write_manifest(assessment, folder, files)
    return folder


def test_the_page_is_the_same(finished: Path, tmp_path: Path, capsys):
    assert main(["report", str(finished), "--out", str(tmp_path / "again")]) == 0
    again = tmp_path / "again" / "report.html"
    assert capsys.readouterr().out == f"{again}\n"
    assert again.read_bytes() == (finished / "report.html").read_bytes()
    assert (tmp_path / "again" / "report.txt").stat().st_size > 0


def test_json(finished: Path, tmp_path: Path, capsys):
    assert main(["report", str(finished / "assessment.json"), "--out", str(tmp_path / "again"), "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)["written"]) == {"report.html", "report.txt"}


def test_a_changed_assessment_is_refused(finished: Path, tmp_path: Path, capsys):
    """'never silently wrong': a page from numbers that somebody edited would look like an answer of the program."""
    path = finished / "assessment.json"
    path.write_text(path.read_text().replace("lytic", "blastic"))
    assert main(["report", str(finished), "--out", str(tmp_path / "again")]) == 3
    assert "was changed since the run" in capsys.readouterr().err
    assert not (tmp_path / "again").exists()


def test_another_changed_file_is_told(finished: Path, tmp_path: Path, capsys):
    (finished / "report.html").unlink()
    assert main(["report", str(finished), "--out", str(tmp_path / "again")]) == 0
    assert "warning: report.html is missing or was changed" in capsys.readouterr().err


def test_without_a_manifest_nothing_is_compared(finished: Path, tmp_path: Path):
    (finished / "manifest.json").unlink()
    assert main(["report", str(finished), "--out", str(tmp_path / "again")]) == 0


def test_a_missing_file_is_a_wrong_call(tmp_path: Path, capsys):
    assert main(["report", str(tmp_path)]) == 2
    assert "assessment.json does not exist there." in capsys.readouterr().err
