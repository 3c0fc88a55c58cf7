"""`spinemets map` on a digital spine: files, words, JSON, exit codes, one-line errors."""

from __future__ import annotations

import json

import nibabel as nib
import numpy as np
import pytest

from spinemets.app.cli.main import main
from spinemets.app.cli.map import KINDS
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


def test_unknown_kind(capsys):
    assert main(["map", "perfume", "x", "-o", "y"]) == 2
    assert "perfume" in capsys.readouterr().err
