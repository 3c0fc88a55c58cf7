"""`spinemets map` on a digital spine: files, words, JSON, exit codes, one-line errors."""

from __future__ import annotations

import json

import nibabel as nib
import numpy as np
import pytest

from spinemets.app.cli.main import main
from spinemets.app.cli.map import KINDS, SPECTRA
from spinemets.knowledge.lookup import table
from spinemets.maps.from_study.compute import KINDS as COMPUTED


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """In-phase and opposed-phase series of a lytic lesion."""
    folder = tmp_path_factory.mktemp("patient")
    assert main(["phantom", "make", "ct-lytic", "--sequences", "in_phase,opposed_phase", "-o", str(folder), "-q"]) == 0
    return folder


def test_all_kinds_are_offered():
    assert set(KINDS) == set(COMPUTED)


def test_files_and_words(study, tmp_path, capsys):
    assert main(["map", "opposed-phase", str(study / "STUDY"), "-o", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "opposed-phase-drop-percent.nii.gz" in said and "rejected:" in said and "note:" in said
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [
        "001-opposed-phase-drop-percent.nii.gz",
        "001-opposed-phase-ratio.nii.gz",
        "001-opposed-phase.json",
        "001-opposed-phase.png",
    ]
    side = json.loads((tmp_path / "001-opposed-phase.json").read_text())
    assert side["inputs"]["echo_time_opposed_s"] == pytest.approx(0.0023)


def test_the_map_lies_on_the_labels(study, tmp_path):
    """Normal marrow of the bodies loses signal, the lesion of L3 does not."""
    assert main(["map", "opposed-phase", str(study / "STUDY"), "-o", str(tmp_path), "--no-picture", "--no-motion"]) == 0
    drop = nib.load(tmp_path / "001-opposed-phase-drop-percent.nii.gz")
    lesions = nib.load(study / "lesions.nii.gz")
    regions = nib.load(study / "regions.nii.gz")
    index = np.argwhere(np.asarray(lesions.dataobj) > 0)
    ijk = np.rint(nib.affines.apply_affine(np.linalg.inv(drop.affine) @ lesions.affine, index)).astype(int)
    inside = np.all((ijk >= 0) & (ijk < drop.shape), axis=1)
    lesion = np.nanmedian(drop.get_fdata()[tuple(ijk[inside].T)])
    assert regions.shape == lesions.shape
    assert lesion < 25
    assert not (tmp_path / "001-opposed-phase.png").exists()


def test_nothing_is_overwritten(study, tmp_path, capsys):
    call = ["map", "opposed-phase", str(study / "STUDY"), "-o", str(tmp_path), "--no-picture", "--no-motion"]
    assert main(call) == 0
    capsys.readouterr()
    assert main(call) == 2
    assert "exists already" in capsys.readouterr().err
    assert main([*call, "--force"]) == 0


def test_a_spectrum_that_there_is_not_is_a_wrong_call(study, tmp_path, capsys):
    assert main(["map", "fat-fraction", str(study / "STUDY"), "-o", str(tmp_path / "out"), "--spectrum", "butter"]) == 2
    assert "hamilton6" in capsys.readouterr().err


def test_the_choices_of_spectra_are_those_of_the_table():
    assert set(SPECTRA) == set(table("fat_spectra")["spectra"])


def test_nothing_to_map(study, tmp_path, capsys):
    assert main(["map", "suv", str(study / "STUDY"), "-o", str(tmp_path / "out"), "--json"]) == 4
    said = json.loads(capsys.readouterr().out)
    assert said["maps"] == [] and "PET" in said["not_mapped"][0]["remedy"] and said["exit_code"] == 4
    assert not (tmp_path / "out").exists()
    assert main(["map", "ivim", str(study / "STUDY"), "-o", str(tmp_path / "out")]) == 4
    assert "not mapped: the study" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (["--t10", "0"], "t10"),
        (["--r1", "-1"], "r1"),
        (["--baseline", "0"], "baseline"),
        (["--hematocrit", "1.5"], "hematocrit"),
    ],
)
def test_flags_that_make_no_sense(study, tmp_path, capsys, flags, word):
    assert main(["map", "dce", str(study / "STUDY"), "-o", str(tmp_path), *flags]) == 2
    said = capsys.readouterr().err
    assert word in said and len(said.strip().splitlines()) == 1


def test_a_vessel_mask(study, tmp_path, capsys):
    """A mask that marks nothing is said; one that does is read."""
    empty, marked = tmp_path / "empty.nii.gz", tmp_path / "marked.nii.gz"
    mask = np.zeros((4, 4, 4), np.uint8)
    nib.save(nib.Nifti1Image(mask, np.eye(4)), empty)
    mask[1, 1, 1] = 1
    nib.save(nib.Nifti1Image(mask, np.eye(4)), marked)
    call = ["map", "dce", str(study / "STUDY"), "-o", str(tmp_path / "out"), "--vessel"]
    assert main([*call, str(empty)]) == 2
    assert "marks no voxel" in capsys.readouterr().err
    assert main([*call, str(marked)]) == 4
    assert main([*call, str(tmp_path / "none.nii.gz")]) == 3


def test_a_map_of_b1(study, tmp_path, capsys):
    """One in percent, or of nothing, is said; a good one is read."""
    call = ["map", "t1", str(study / "STUDY"), "-o", str(tmp_path / "out"), "--b1"]
    for name, value, code in (("percent", 98.0, 2), ("nothing", 0.0, 2), ("good", 0.95, 4)):
        path = tmp_path / f"{name}.nii.gz"
        nib.save(nib.Nifti1Image(np.full((4, 4, 4), value, np.float32), np.eye(4)), path)
        assert main([*call, str(path)]) == code, name
        said = capsys.readouterr().err
        assert code == 4 or ("no map of B1" in said and len(said.strip().splitlines()) == 1)
    several = tmp_path / "several.nii.gz"
    nib.save(nib.Nifti1Image(np.ones((4, 4, 4, 2), np.float32), np.eye(4)), several)
    assert main([*call, str(several)]) == 2


def test_unknown_kind(capsys):
    assert main(["map", "perfume", "x", "-o", "y"]) == 2
    assert "perfume" in capsys.readouterr().err


def results():
    """A map with an interval and a rejected voxel, and one that was not made."""
    from spinemets.model.grid import Grid
    from spinemets.model.parametric_map import MapResult, NotMapped, ParametricMap

    values = np.ones((2, 2, 2), np.float32)
    grid = Grid(shape_ijk=(2, 2, 2), affine_lps_mm=np.eye(4))
    maps = (
        ParametricMap(name="t1_s", title="T1", unit="s", array=values),
        ParametricMap(name="t1_s_ci95", title="T1, 95 % interval", unit="s", array=np.stack([values, values], -1)),
        ParametricMap(name="m0", title="Signal", unit="1", array=values),
    )
    made = MapResult(
        kind="t1", source="series 3", series_uids=("3",), number=3, grid=grid, maps=maps, method="a fit", rejected={"below the noise": 7}, notes=("no B1",),
    )  # fmt: skip
    return made, NotMapped(kind="t1", source="series 4", reason="TR is not stated.", remedy="State it.")


def test_words_for_a_person():
    """Files with title and unit, intervals left out, reasons and notes; one line for what was not made."""
    from spinemets.app.cli.map import text

    made, not_made = results()
    lines = text([made], [not_made]).splitlines()
    assert lines[0] == "t1: series 3"
    assert lines[1] == "  003-t1-t1-s.nii.gz  T1 [s]"
    assert lines[2] == "  003-t1-m0.nii.gz  Signal"
    assert lines[3] == "  rejected: 7 voxels: below the noise"
    assert lines[4] == "  note: no B1"
    assert lines[5] == "not mapped: series 4: TR is not stated. State it."
    assert len(lines) == 6


def test_words_without_a_remedy():
    from spinemets.app.cli.map import text
    from spinemets.model.parametric_map import NotMapped

    assert (
        text([], [NotMapped(kind="adc", source="series 1", reason="no reason at all")])
        == "not mapped: series 1: no reason at all."
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_answers(study, tmp_path, kind, capsys):
    """With in-phase and opposed-phase images alone: two kinds are made, the others say what they need."""
    out = tmp_path / kind
    code = main(["map", kind, str(study / "STUDY"), "-o", str(out), "--no-motion", "--no-picture"])
    said = capsys.readouterr().out
    if kind in ("opposed-phase", "fat-fraction"):
        assert code == 0 and any(out.glob("*.nii.gz"))
        assert "note:" in said
    else:
        assert code == 4 and not out.exists()
        assert "not mapped" in said and "It needs" in said


def test_a_two_point_fraction_is_named_for_what_it_is(study, tmp_path):
    assert main(["map", "fat-fraction", str(study / "STUDY"), "-o", str(tmp_path), "--no-motion", "--no-picture"]) == 0
    names = [path.name for path in tmp_path.glob("*.nii.gz")]
    assert names == ["001-fat-fraction-fat-fraction-signal.nii.gz"]
    side = json.loads((tmp_path / "001-fat-fraction.json").read_text())
    assert any("mirrored" in note for note in side["notes"])
    assert "pdff" not in json.dumps(side["maps"])


def test_the_json_form_holds_all_of_it(study, tmp_path, capsys):
    assert main(["map", "opposed-phase", str(study / "STUDY"), "-o", str(tmp_path), "--json", "--no-motion"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["schema"] == "spinemets-maps/1" and said["exit_code"] == 0 and said["not_mapped"] == []
    (one,) = said["maps"]
    assert one["schema"] == "spinemets-map/1" and one["kind"] == "opposed-phase"
    assert {part["file"] for part in one["maps"]} == {path.name for path in tmp_path.glob("*.nii.gz")}


def test_a_folder_that_is_not_there(tmp_path, capsys):
    assert main(["map", "adc", str(tmp_path / "nowhere"), "-o", str(tmp_path / "out")]) == 3
    said = capsys.readouterr().err
    assert len(said.strip().splitlines()) == 1 and "Traceback" not in said
