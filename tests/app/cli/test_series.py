"""`series`: what is there, what each is, and nothing dropped without a line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from spinemets.app.cli import series
from spinemets.app.cli.main import main
from spinemets.app.listing import listed, row
from spinemets.model.acquisition import Acquisition
from spinemets.model.grid import Grid
from spinemets.model.planar import Planar, PlanarView
from spinemets.model.series import GeometryCheck, Recognition, Series
from spinemets.model.study import PatientFacts, Study
from spinemets.model.study_view import SeriesMotion, SeriesSet


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
    assert {"CT-02", "CT-04"} <= {item["criterion"] for item in listed(study)["not_assessable"]}


def test_a_series_without_a_volume_says_why():
    refused = stir(grid=None, geometry=GeometryCheck(verdict="refused", notes=("Two slices are missing.",)))
    study = Study(uid="1", patient=PatientFacts(), series=(refused,))
    text = series.text(study)
    assert "refused" in text
    assert "series 4: Two slices are missing." in text
    assert row(refused)["shape"] is None


def volumes(n: int = 9) -> tuple[Series, ...]:
    """Volumes of one DICOM series."""
    return tuple(stir(uid=f"1.2.5#{k}", number=k, label=f"series 5, volume {k}") for k in range(1, n + 1))


def test_volumes_of_one_series_are_one_row():
    """ "9 volumes: b 0, 50, 800" instead of nine lines."""
    nine = volumes()
    found = SeriesSet(
        kind="b_values", name="diffusion: b 0, 50, 800 s/mm2", members=tuple(s.uid for s in nine),
        varies=tuple(f"b {k}" for k in range(9)), notes=("no b 0",),
    )  # fmt: skip
    said = series.text(Study(uid="1", patient=PatientFacts(), series=nine, sets=(found,)))
    assert "1-9  stir  0.97" in said
    assert "series 5: 9 volumes: diffusion: b 0, 50, 800 s/mm2" in said
    assert "set: diffusion: b 0, 50, 800 s/mm2\n  series 1: b 0" in said
    assert "  note: no b 0" in said
    assert said.count("TI 160 ms.") == 1


def test_volumes_nothing_explains_are_said():
    said = series.text(Study(uid="1", patient=PatientFacts(), series=volumes(2)))
    assert "series 5: 2 volumes: why there are several is not known" in said


def test_long_sets_are_cut_and_say_so():
    many = volumes(20)
    uids = tuple(s.uid for s in many)
    found = SeriesSet(kind="dynamic", name="20 volumes in time", members=uids, varies=uids)
    said = series.text(Study(uid="1", patient=PatientFacts(), series=many, sets=(found,)))
    assert "  and 8 more (all with --json)" in said


def test_runner_up_and_motion_are_said():
    doubtful = stir(recognition=Recognition(kind="stir", confidence=0.8, runner_up=("t2_fs", 0.6)))
    moved = SeriesMotion(reference_uid="1", moving_uid="1.2.4", verdict="moved", sentence="2 mm down")
    said = series.text(Study(uid="1", patient=PatientFacts(), series=(doubtful,), motions=(moved,)))
    assert "series 4: next best: t2_fs (0.60)" in said
    assert "moved: 2 mm down" in said


def test_a_radiograph_has_its_own_words():
    view = Planar(views=(PlanarView(name="AP"),), load=no_pixels, spacing_mm=(0.15, 0.15))
    said = series.text(Study(uid="1", patient=PatientFacts(), series=(stir(grid=None, planar=view),)))
    assert "stir  0.97  1 view  0.15 x 0.15  planar" in said


def test_motion_and_sheet_are_made_only_when_asked(pipeline, tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr("spinemets.series.motion.measure.with_motions", lambda study: made.append("motion") or study)
    assert main(["series", "study"]) == 0 and not made
    assert main(["series", "study", "--motion", "--png", str(tmp_path / "a" / "sheet.png")]) == 0
    assert made == ["motion"]
    assert (tmp_path / "a" / "sheet.png").read_bytes().startswith(b"\x89PNG")
