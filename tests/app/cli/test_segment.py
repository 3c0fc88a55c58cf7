"""`spinemets segment`: what is printed, and exit codes."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

import spinemets.app
from spinemets.app.cli.main import main
from spinemets.app.options import Options

ROW = {
    "label": 24, "name": "L5", "words": "L5", "confidence": 0.972, "method": "landmarks", "outline_confidence": 0.94,
    "centroid_lps_mm": [1.0, -2.0, 3.0], "flags": ["cut by the border"], "conflict": None,
}  # fmt: skip


class Double(SimpleNamespace):
    """In the place of the real stage: keeps the options, says what it is told to."""

    said: dict
    options: Options | None = None

    def segment(self, paths, options, progress):
        self.paths, self.options = paths, options
        progress("reading")
        return SimpleNamespace()

    def write(self, done, said, out):
        assert said is self.said
        return {"levels.json": out / "levels.json"}

    def document(self, done):
        return self.said


@pytest.fixture
def stage(monkeypatch) -> Double:
    said = {"found": True, "vertebrae": [ROW], "request": None, "warnings": ["One warning."], "absent": None}
    double = Double(said=said)
    monkeypatch.setattr(spinemets.app, "segmenting", double, raising=False)
    return double


def test_a_line_for_each_vertebra(stage, capsys):
    assert main(["segment", "STUDY", "-o", "OUT"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].split() == [
        "24",
        "L5,",
        "97%",
        "sure",
        "of",
        "the",
        "name",
        "(landmarks),",
        "outline",
        "0.94,",
        "centre",
        "LPS",
        "(1.0,",
        "-2.0,",
        "3.0)",
        "mm;",
        "cut",
        "by",
        "the",
        "border",
    ]
    assert out[-1] == "OUT"


def test_flags_become_options(stage):
    main(["segment", "STUDY", "--anchor", "L5=1,2,3", "--top", "T6", "--backend", "network:openvino", "-q"])
    options = stage.options
    assert options.levels.anchor == ("L5=1,2,3",) and options.levels.top == "T6"
    assert options.outlining.backend == "network:openvino"
    assert str(options.report.out) == "spinemets-segmentation"


def test_a_request_and_a_conflict_are_printed(stage, capsys):
    stage.said["request"] = "Name one vertebra by one click."
    stage.said["vertebrae"] = [{**ROW, "name": None, "confidence": None, "conflict": "A against B."}] * 2
    main(["segment", "STUDY"])
    out = capsys.readouterr().out
    assert out.count("conflict: A against B.") == 1
    assert "Name one vertebra by one click." in out


def test_no_spine_has_an_exit_code_of_its_own(stage, capsys):
    stage.said.update(found=False, vertebrae=[], absent={"code": "NA-SEGMENTATION", "sentence": "no spine is in view"})
    assert main(["segment", "STUDY"]) == 4
    assert "No vertebra was found: no spine is in view." in capsys.readouterr().out


def test_json_is_one_object(stage, capsys):
    assert main(["segment", "STUDY", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["vertebrae"] == [ROW] and said["exit_code"] == 0 and said["written"]


def test_warnings_on_demand(stage, capsys):
    main(["segment", "STUDY", "-v"])
    assert "One warning." in capsys.readouterr().err
