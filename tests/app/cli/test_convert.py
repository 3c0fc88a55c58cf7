"""`spinemets convert`: files, lines, refusals; the light path loads no heavy library."""

from __future__ import annotations

import json
import subprocess
import sys

import nibabel as nib
import numpy as np
import pytest

from spinemets.app.cli.main import main


@pytest.fixture
def folder(tmp_path):
    """A CT of three slices and a text file."""
    import pydicom
    from pydicom.dataset import FileMetaDataset

    place = tmp_path / "study"
    place.mkdir()
    for k in range(3):
        dataset = pydicom.Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = f"1.2.3.4.{k + 1}"
        dataset.Modality, dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "CT", "1.2.3", "1.2.3.4"
        dataset.PatientName, dataset.PatientID, dataset.SeriesNumber = "Secret^Name", "SECRET", 7
        dataset.ImagePositionPatient, dataset.ImageOrientationPatient = [0, 0, 2.0 * k], [1, 0, 0, 0, 1, 0]
        dataset.PixelSpacing, dataset.SliceThickness = [1, 1], 2
        dataset.RescaleSlope, dataset.RescaleIntercept = 1, -1024
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.Rows, dataset.Columns = 4, 5
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
        dataset.PixelData = np.full((4, 5), 1000 + k, np.uint16).tobytes()
        dataset.save_as(place / f"{k}.dcm", enforce_file_format=True)
    (place / "notes.txt").write_text("nothing")
    return place


def test_files_and_lines(folder, tmp_path, capsys):
    """One image, one side file, and a line for what is no image."""
    assert main(["convert", str(folder), "-o", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == ["001-ct.nii", "001-ct.json"] and any("notes.txt" in line for line in said[2:])
    image = nib.load(tmp_path / "out" / "001-ct.nii")
    assert image.shape == (5, 4, 3) and [int(image.dataobj[0, 0, k]) for k in range(3)] == [-24, -23, -22]
    assert "Secret" not in (tmp_path / "out" / "001-ct.json").read_text()


def test_json_is_one_object(folder, tmp_path, capsys):
    """For programs."""
    assert main(["convert", str(folder), "-o", str(tmp_path / "out"), "--gz", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["written"] == ["001-ct.nii.gz", "001-ct.json"]


def test_existing_files_are_refused_without_force(folder, tmp_path, capsys):
    """Exit code 2, and nothing changes."""
    out = tmp_path / "out"
    assert main(["convert", str(folder), "-o", str(out)]) == 0
    (out / "001-ct.nii").write_bytes(b"mine")
    assert main(["convert", str(folder), "-o", str(out)]) == 2
    assert "--force" in capsys.readouterr().err and (out / "001-ct.nii").read_bytes() == b"mine"
    assert main(["convert", str(folder), "-o", str(out), "--force"]) == 0
    assert nib.load(out / "001-ct.nii").shape == (5, 4, 3)


def test_the_light_path_is_light(folder, tmp_path):
    """Converting plain files loads neither pydicom nor nibabel nor scipy: a process costs less than what it writes."""
    code = (
        "import sys; from spinemets.app.cli.main import main; main(sys.argv[1:]);"
        "print([m for m in ('pydicom', 'nibabel', 'scipy', 'PIL', 'gdcm', 'jsonschema', 'numba') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code, "convert", str(folder), "-o", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
