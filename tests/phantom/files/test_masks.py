"""Masks: structures, lesions and parts, as label maps and as segmentations."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace

import nibabel as nib
import numpy as np
import pydicom
import pytest

from spinemets import phantom
from spinemets.exports.dicom.segmentation import SEGMENTATION_STORAGE
from spinemets.phantom.files.masks import lesion_names, write_label_maps, write_labels, write_segmentations
from spinemets.phantom.imaging.acquisition import default
from spinemets.segmentation.dicom_seg import read_seg

COARSE = replace(default("ct"), pixel_mm=2.0, slice_mm=3.0)


@pytest.fixture(scope="module")
def patient():
    """Lesions of bone, and one in the canal."""
    return phantom.build("epi-foraminal", 1)


@pytest.fixture(scope="module")
def maps(patient, tmp_path_factory):
    """Label maps on a coarse CT grid, with the grid."""
    grid = patient.grid(COARSE)
    return grid, write_label_maps(patient, tmp_path_factory.mktemp("masks"), grid)


def test_three_maps_of_one_grid(patient, maps):
    """Structures, lesions and parts lie on the grid asked for and hold what the functions say, as int16."""
    grid, made = maps
    assert list(made) == ["labels", "lesions", "regions"]
    wanted = {"labels": patient.labels, "lesions": patient.lesion_labels, "regions": patient.region_labels}
    for name, path in made.items():
        image = nib.load(path)
        assert image.get_data_dtype() == np.int16
        assert np.array_equal(np.asarray(image.dataobj), wanted[name](grid)), name
        assert np.diag([-1, -1, 1, 1]) @ image.affine == pytest.approx(grid.affine_lps_mm, abs=1e-4)


def test_names_stand_in_the_maps(maps):
    """Lesions by level and id, parts and structures by name; what is out of view is not named."""
    said = {name: nib.load(path).header.extensions[0].get_content().decode() for name, path in maps[1].items()}
    assert "L3 lytic-1" in said["lesions"] and "L3 epidural-1" in said["lesions"]
    assert "disc_below_L3" in said["labels"] and "[C5]" not in said["labels"]
    assert "endplate_superior" in said["regions"] and "disc" in said["regions"]


def test_lesions_are_named_in_the_order_of_the_truth(patient):
    """Bone first, then soft tissue with the label that its truth states."""
    names = lesion_names(patient)
    assert names == {1: "L3 lytic-1", 2: "L3 epidural-1"}
    assert [lesion["label"] for lesion in patient.truth["soft_lesions"]] == [2]


def test_the_map_of_structures_alone(patient, tmp_path):
    """As the first of the three."""
    grid = patient.grid(COARSE)
    write_labels(patient, tmp_path / "x.nii.gz", grid)
    assert np.array_equal(np.asarray(nib.load(tmp_path / "x.nii.gz").dataobj), patient.labels(grid))


@pytest.fixture(scope="module")
def segmentations(patient, tmp_path_factory):
    """Both segmentations."""
    return write_segmentations(patient, tmp_path_factory.mktemp("seg"), patient.grid(COARSE), COARSE)


def test_segmentations_hold_the_same_voxels(patient, segmentations):
    """Read by this project's reader: every structure and lesion at its place, named as in the label maps."""
    grid = patient.grid(COARSE)
    assert list(segmentations) == ["structures", "lesions"]
    lesions = patient.lesion_labels(grid)
    d = pydicom.dcmread(segmentations["lesions"])
    assert d.SOPClassUID == SEGMENTATION_STORAGE and d.PatientName == "SYNTHETIC^epi-foraminal"
    assert [s.SegmentLabel for s in d.SegmentSequence] == ["L3 lytic-1", "L3 epidural-1"]
    assert [s.SegmentedPropertyTypeCodeSequence[0].CodeMeaning for s in d.SegmentSequence] == [
        "Neoplasm, Secondary", "Lesion",
    ]  # fmt: skip
    numbers = [f.SegmentIdentificationSequence[0].ReferencedSegmentNumber for f in d.PerFrameFunctionalGroupsSequence]
    held = {n: int(d.pixel_array[np.array(numbers) == n].sum()) for n in (1, 2)}
    assert held == {n: int(np.count_nonzero(lesions == n)) for n in (1, 2)}
    assert read_seg(segmentations["structures"]).grid.frame_of_reference_uid == patient.frame_of_reference_uid


def test_a_lesion_keeps_its_uid_on_other_days(tmp_path):
    """PHA-62: followed under one tracking uid; another patient's lesion has another."""
    uids = []
    for n, (case, seed) in enumerate((("pair-stable", 1), ("pair-stable@90", 1), ("pair-stable", 2))):
        one = phantom.build(case, seed)
        made = write_segmentations(one, tmp_path / str(n), one.grid(COARSE), COARSE)
        uids.append(pydicom.dcmread(made["lesions"]).SegmentSequence[0].TrackingUID)
    assert uids[0] == uids[1] != uids[2]


def test_without_lesions_there_is_no_map_of_them(tmp_path):
    """A normal patient has structures alone; thirteenth vertebra and coccyx have codes."""
    one = phantom.build("lvl-t13", 1)
    low = replace(COARSE, region="whole", fov_mm=(160.0, 160.0))
    made = write_segmentations(one, tmp_path, one.grid(low), low)
    assert list(made) == ["structures"]
    kinds = {
        s.SegmentLabel: s.SegmentedPropertyTypeCodeSequence[0].CodeMeaning
        for s in pydicom.dcmread(made["structures"], stop_before_pixels=True).SegmentSequence
    }
    assert (kinds["T13"], kinds["T12"], kinds["sacrum"]) == ("Vertebra", "T12 vertebra", "Sacrum")


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (Debian's dicom3tools) is not installed")
def test_validator_finds_no_error(segmentations):
    """PHA-60."""
    for path in segmentations.values():
        done = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, text=True, check=False)
        assert "Error" not in done.stderr + done.stdout, done.stderr
