"""`series`: what is there, what each is, and nothing dropped without a line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from spinemets.app.cli import series
from spinemets.app.cli.main import main
from spinemets.model.acquisition import Acquisition
from spinemets.model.grid import Grid
from spinemets.model.series import GeometryCheck, Recognition, Series
from spinemets.model.study import PatientFacts, Study


def no_pixels():
    raise AssertionError("a listing reads no pixels")


def stir(**changes) -> Series:
    fields = {
        "uid": "1.2.4",
        "number": 4,
        "label": "series 4",
        "acquisition": Acquisition(modality="MR"),
        "load": no_pixels,
        "grid": Grid(shape_ijk=(320, 320, 15), affine_lps_mm=np.diag([0.9, 0.9, 4.4, 1.0])),
        "recognition": Recognition(
            kind="stir", confidence=0.97, evidence=("TI 160 ms.",), conflicts=("The protocol name says T1.",)
        ),
    }
    return Series(**{**fields, **changes})


def test_unread_files_are_listed(pipeline, capsys):
    """'nothing dropped without a line saying so'"""
    assert main(["series", "study"]) == 0
    said = capsys.readouterr().out
    assert "unreadable: broken.dcm: the file ends inside the pixel data" in said
    assert "warning: One file is damaged." in said


def test_facts_and_study_reach_the_reader(pipeline):
    main(["series", "one", "two", "--study", "1.2", "--facts", "f.yaml"])
    assert pipeline.opened == {"paths": [Path("one"), Path("two")], "facts": Path("f.yaml"), "study": "1.2"}


def test_json_holds_the_same(pipeline, capsys):
    assert main(["series", "study", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["unread"] == [
        {"file": "broken.dcm", "kind": "unreadable", "reason": "the file ends inside the pixel data"}
    ]


def test_row_says_kind_grid_and_conflicts():
    study = Study(uid="1", patient=PatientFacts(), series=(stir(),), label_files=("seg.dcm",))
    text = series.text(study)
    assert "stir  0.97  320 x 320 x 15  0.9 x 0.9 x 4.4  ok" in text
    assert "series 4: The protocol name says T1." in text
    assert "series 4: TI 160 ms." in text
    assert "label map offered: seg.dcm" in text


def test_what_the_absence_of_a_kind_costs_is_said():
    """'and which criteria its absence makes not assessable'; gates are not asked for."""
    study = Study(uid="1", patient=PatientFacts(), series=(stir(),))
    text = series.text(study)
    assert "not assessable here: CT-02" in text
    assert "not assessable here: MR-T1-01" in text
    assert "MR-STIR-01" not in text
    assert "CT-09" not in text
    assert {"CT-02", "CT-04"} <= {item["criterion"] for item in series.listed(study)["not_assessable"]}


def test_a_series_without_a_volume_says_why():
    refused = stir(grid=None, geometry=GeometryCheck(verdict="refused", notes=("Two slices are missing.",)))
    study = Study(uid="1", patient=PatientFacts(), series=(refused,))
    text = series.text(study)
    assert "refused" in text
    assert "series 4: Two slices are missing." in text
    assert series.row(refused)["shape"] is None
