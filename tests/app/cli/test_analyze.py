"""`analyze`: what it prints and where."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from spinemets.app.cli.main import main
from spinemets.model.assessment import UrgentLine
from spinemets.model.finding import State


def test_last_line_is_the_path_of_the_report(pipeline, capsys, tmp_path: Path):
    """'Last line: the path of the report.'"""
    assert main(["analyze", "study", "-o", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[-1] == str(tmp_path / "report.html")
    assert "L3: a lytic lesion is seen." in said.out
    assert "not reviewed by a radiologist" in said.out


def test_quiet_prints_the_path_only(pipeline, capsys, tmp_path: Path):
    assert main(["analyze", "study", "-o", str(tmp_path), "-q"]) == 0
    said = capsys.readouterr()
    assert said.out == f"{tmp_path / 'report.html'}\n"
    assert said.err == ""


def test_json_is_one_object_on_standard_output(pipeline, capsys, tmp_path: Path):
    """'`--json`: one object, stdout only; human text to stderr.'"""
    assert main(["analyze", "study", "-o", str(tmp_path), "--json", "-v"]) == 0
    said = capsys.readouterr()
    data = json.loads(said.out)
    assert data["report"] == str(tmp_path / "report.html")
    assert data["exit_code"] == 0
    assert (data["assessed"], data["not_assessable"]) == (1, 1)
    assert "reading" in said.err
    assert "warning: Series 2 was not used." in said.err


def test_nothing_assessable_is_4_and_the_report_is_written(pipeline, make_assessment, capsys, tmp_path: Path):
    """'4 nothing assessable': the report still lists each item with its reason."""
    pipeline.assessment = make_assessment(State.NOT_ASSESSABLE)
    assert main(["analyze", "study", "-o", str(tmp_path)]) == 4
    said = capsys.readouterr()
    assert said.out.splitlines()[-1] == str(tmp_path / "report.html")
    assert "Nothing could be assessed" in said.err


@pytest.mark.parametrize("states", [(State.ABSENT,), (State.INDETERMINATE,), (State.MEASURED, State.NOT_ASSESSABLE)])
def test_any_answer_is_an_answer(pipeline, make_assessment, states, tmp_path: Path):
    pipeline.assessment = make_assessment(*states)
    assert main(["analyze", "study", "-o", str(tmp_path), "-q"]) == 0


def test_every_flag_reaches_the_pipeline(pipeline, tmp_path: Path):
    """'No function takes the whole `Options` except `analyze`'; the flags arrive there as typed values."""
    given = ["--study", "1.2", "--facts", "f.yaml", "--labels", "a.nii.gz:verse", "--labels", "b.nii.gz"]
    given += ["--anchor", "L5=1,-2,3", "--top", "T11", "--clinical", "c.yaml", "-o", str(tmp_path), "-q", "-v"]
    assert main(["analyze", "one", "two", *given]) == 0
    assert pipeline.paths == [Path("one"), Path("two")]
    options = pipeline.options
    assert options.reading.facts == Path("f.yaml")
    assert options.reading.study == "1.2"
    assert options.labels == ("a.nii.gz:verse", "b.nii.gz")
    assert options.levels.anchor == ("L5=1,-2,3",)
    assert options.levels.top == "T11"
    assert options.clinical == Path("c.yaml")
    assert options.report.out == tmp_path
    assert options.report.verbose


def test_defaults_do_not_leak_between_calls(pipeline, tmp_path: Path):
    main(["analyze", "s", "--labels", "a", "-o", str(tmp_path), "-q"])
    main(["analyze", "s", "-o", str(tmp_path), "-q"])
    assert pipeline.options.labels == ()


def test_urgent_lines_come_first(pipeline, make_assessment, capsys, tmp_path: Path):
    """'Urgent, else worst finding is the first sentence'; what was not assessed is said after the summary."""
    assessment = make_assessment(State.PRESENT)
    loud = UrgentLine(id="URG-2", kind="urgent", sentence="T7: cord compression cannot be excluded.")
    pipeline.assessment = replace(assessment, urgent=(*assessment.urgent, loud))
    main(["analyze", "s", "-o", str(tmp_path)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == loud.sentence
    assert lines[1] == assessment.summary[0].text
    assert lines[2] == assessment.urgent[0].sentence
    main(["analyze", "s", "-o", str(tmp_path), "--json"])
    assert json.loads(capsys.readouterr().out)["urgent"] == [loud.sentence]
