"""`phantom` on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

import spinemets.phantom.files.demo
from spinemets.app.cli.main import main
from spinemets.phantom.cases.named import CASES, GROUPS
from spinemets.phantom.imaging.acquisition import sequences


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list:
    """Records what would be made; rendering is tested in its own room."""
    made: list = []

    def record(folder: Path, case: str, seed: int, sequences, file_format: str) -> SimpleNamespace:
        made.append((folder, case, seed, sequences, file_format))
        return SimpleNamespace(study=folder / "STUDY", labels=folder / "l", clinical=folder / "c", truth=folder / "t")

    monkeypatch.setattr(spinemets.phantom.files.demo, "make_demo", record)
    return made


def test_list_names_every_case(capsys):
    assert main(["phantom", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    listed = [line.split()[0] for line in lines if line.strip() and not line.startswith("[")]
    assert sum(line.startswith("[") for line in lines) == len(GROUPS) + 1
    assert listed == ["case", *CASES, "hdr-vendors", "series", *sequences()]


def test_list_as_json(capsys):
    assert main(["phantom", "list", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)["cases"]) == {*CASES, "hdr-vendors"}


def test_make_says_where(calls, capsys, tmp_path: Path):
    assert main(["phantom", "make", "ct-lytic", "--seed", "7", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert calls == [(tmp_path, "ct-lytic", 7, None, "dicom")]
    assert said.out == f"{tmp_path}\n"
    assert "of no person" in said.err


def test_series_and_format_may_be_chosen(calls, tmp_path: Path):
    line = ["phantom", "make", "normal", "--sequences", "t1, dwi", "--format", "nifti", "--out", str(tmp_path)]
    assert main(line) == 0
    assert calls == [(tmp_path, "normal", 1, ("t1", "dwi"), "nifti")]


def test_unknown_series_are_a_wrong_call(capsys, tmp_path: Path):
    assert main(["phantom", "make", "normal", "--sequences", "t1,t9", "--out", str(tmp_path / "x")]) == 2
    assert "no series 't9'" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_demo_is_a_case(calls, capsys, tmp_path: Path):
    assert main(["phantom", "make", "demo", "--out", str(tmp_path), "--json", "-q"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["case"], data["seed"]) == ("multimodality", 1)
    assert data["study"] == str(tmp_path / "STUDY")


def test_unknown_case_is_a_wrong_call(capsys, tmp_path: Path):
    assert main(["phantom", "make", "no-such-case", "--out", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "no-such-case" in said
    assert "first-light" in said


def test_header_sets_of_three_makers(capsys, tmp_path: Path):
    """`hdr-vendors` holds studies of header sets, one a maker, and the kinds they truly are."""
    assert main(["phantom", "make", "hdr-vendors", "--out", str(tmp_path / "h"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["case"] == "hdr-vendors"
    assert {Path(said[maker]).name for maker in ("siemens", "ge", "philips")} == {"siemens", "ge", "philips"}
    assert json.loads(Path(said["truth"]).read_text())["kinds"]["ge"]["stir"] == "stir"


RECIPE = "imaging: {series: [t1], coarser: 4.0}\ngroups: {normal: 1.0, metastatic: 0.0, fracture: 0.0, mimic: 0.0}\n"


def test_cohort_says_where_its_table_is(capsys, tmp_path: Path):
    """Two patients of a recipe: the table's path on the output, what they are on the other channel."""
    (tmp_path / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    wanted = ["phantom", "cohort", "-n", "2", "--seed", "5", "--recipe", str(tmp_path / "recipe.yaml")]
    assert main([*wanted, "--out", str(tmp_path / "made")]) == 0
    said = capsys.readouterr()
    table = Path(said.out.strip())
    assert table == tmp_path / "made" / "cohort.json"
    assert "of no person" in said.err
    rows = json.loads(table.read_text(encoding="utf-8"))["patients"]
    assert [row["about"] for row in rows] == ["No lesion and no fracture."] * 2


def test_cohort_as_json(capsys, tmp_path: Path):
    """One object with the table, the number and the seed."""
    (tmp_path / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    wanted = ["phantom", "cohort", "-n", "1", "--recipe", str(tmp_path / "recipe.yaml"), "--json"]
    assert main([*wanted, "--out", str(tmp_path / "made")]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["patients"], said["seed"]) == (1, 1)
    assert Path(said["table"]).is_file()


def test_a_wrong_recipe_is_a_wrong_call(capsys, tmp_path: Path):
    """A row that does not exist: one line that names it, exit code 2, nothing written."""
    (tmp_path / "recipe.yaml").write_text("lesion: {number: [1, 2]}\n", encoding="utf-8")
    assert main(["phantom", "cohort", "--recipe", str(tmp_path / "recipe.yaml"), "--out", str(tmp_path / "made")]) == 2
    assert "'lesion'" in capsys.readouterr().err
    assert not (tmp_path / "made").exists()
