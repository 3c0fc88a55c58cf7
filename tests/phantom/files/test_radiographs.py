"""Files of radiographs: what the header says, what our reader makes of it, and what is refused."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pydicom
import pytest

from spinemets.app.pipeline import open_study
from spinemets.ingest.read import read
from spinemets.model.errors import UsageError
from spinemets.phantom.files import radiographs
from spinemets.phantom.files.demo import make_demo
from spinemets.phantom.files.write import write_dicom, write_nifti_series, write_truth
from spinemets.phantom.imaging.acquisition import default

SCHEMA = Path(__file__).resolve().parents[3] / "schemas" / "truth.schema.json"


def small(sequence):
    """A picture of few pixels."""
    return replace(default(sequence), pixel_mm=2.5, fov_mm=(150.0, 100.0))


@pytest.fixture(scope="module")
def written(first_light, tmp_path_factory):
    """An AP and a lateral view with their truth on disk: folder, file by sequence, truth by sequence."""
    folder = tmp_path_factory.mktemp("radiographs")
    protocols = (small("xr_ap"), small("xr_lat"))
    made = write_dicom(first_light, folder / "STUDY", protocols)
    write_truth(first_light, folder / "truth.json", protocols)
    truth = {one["kind"]: one for one in json.loads((folder / "truth.json").read_text())["series"]}
    return folder, {name: next(path.iterdir()) for name, path in made.items()}, truth


def test_they_are_recognised(written):
    """The recogniser, which knows nothing of this room, names both, without doubt."""
    series = open_study(written[0] / "STUDY").series
    assert [one.kind for one in series] == ["radiograph", "radiograph"]
    assert all(one.recognition.confidence >= 0.8 for one in series)


def test_headers(written):
    """Distances, magnification, pixels of the imager, view and sides; and that it is simulated."""
    for name, position, towards in (("xr_ap", "AP", ["L", "F"]), ("xr_lat", "LL", ["P", "F"])):
        d = pydicom.dcmread(written[1][name])
        assert (d.Modality, d.ViewPosition, list(d.PatientOrientation)) == ("DX", position, towards)
        assert (d.DistanceSourceToDetector, d.DistanceSourceToPatient) == (1100, 900)
        assert float(d.EstimatedRadiographicMagnificationFactor) == pytest.approx(1.22222, abs=1e-5)
        assert list(d.ImagerPixelSpacing) == [2.5, 2.5]
        assert "PixelSpacing" not in d
        assert (d.Rows, d.Columns) == (40, 60)
        assert (d.PhotometricInterpretation, d.PixelIntensityRelationship) == ("MONOCHROME2", "LOG")
        assert d.PixelIntensityRelationshipSign == -1
        assert "FrameOfReferenceUID" not in d
        assert str(d.PatientName) == "SYNTHETIC^first-light"
        assert d.ImageComments == "simulated, not a patient"


@pytest.mark.parametrize("name", ["xr_ap", "xr_lat"])
def test_a_validator_finds_no_error(written, name):
    """PHA-60: dciodvfy has nothing to say."""
    tool = shutil.which("dciodvfy")
    if tool is None:
        pytest.skip("dciodvfy (Debian package dicom3tools) is not installed")
    done = subprocess.run([tool, "-new", str(written[1][name])], capture_output=True, text=True, check=False)
    said = (done.stdout + done.stderr).splitlines()
    assert [line for line in said if line.startswith(("Error", "Warning"))] == []


def test_our_reader_says_the_same(written, first_light):
    """View, sides and pixel size on the detector; the same numbers, rows down, columns towards the left."""
    found = {one.planar.views[0].name: one for one in read([written[0] / "STUDY"]).series}
    assert set(found) == {"AP", "left lateral"}
    frontal = found["AP"]
    view = frontal.planar.views[0]
    assert (view.columns_towards, view.rows_towards) == ("L", "F")
    assert (frontal.planar.spacing_mm, frontal.planar.spacing_plane) == ((2.5, 2.5), "detector")
    assert found["left lateral"].planar.views[0].columns_towards == "P"
    assert frontal.geometry.verdict == "planar"
    array = first_light.render("xr_ap", small("xr_ap")).array
    picture = np.asarray(frontal.planar.load()).squeeze()
    assert np.array_equal(picture, array[:, :, 0].T)


def test_bone_is_bright_and_where_the_truth_says(written):
    """Pixels at the middle of L3's body are brighter than beside the spine; L2 and L3 lie on the picture."""
    _, files, truth = written
    series = truth["xr_ap"]
    found = series["projection"]
    picture = pydicom.dcmread(files["xr_ap"]).pixel_array.astype(float)
    level = next(one for one in found["levels"] if one["name"] == "L3")
    column, row = np.round(np.array(level["body_centre_mm"]) / 2.5 + [29.5, 19.5]).astype(int)
    beside = picture[row, [3, 56]].mean()
    assert picture[row - 1 : row + 2, column - 3 : column + 4].mean() > beside + 200
    assert "L3" in series["levels_whole"]
    assert found["posture"] == "standing"


def test_truth_of_both_views_follows_the_schema(written):
    """PHA-62, with the projection of each."""
    record = json.loads((written[0] / "truth.json").read_text())
    jsonschema.validate(record, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert [one["projection"]["view"] for one in record["series"]] == ["AP", "left lateral"]


def test_nifti_is_refused(first_light, tmp_path):
    """One clear line, before anything is rendered or written."""
    with pytest.raises(UsageError, match="no volume"):
        write_nifti_series(first_light, tmp_path / "STUDY", ("t1", "xr_ap"))
    assert not (tmp_path / "STUDY").exists()
    radiographs.refuse([default("t1"), default("ct")], "NIfTI")


def test_other_series_are_no_radiographs(first_light):
    """Coverage and truth of a projection are asked of projections only."""
    with pytest.raises(ValueError, match="t1"):
        radiographs.truth(first_light, default("t1"))
    states = radiographs.coverage(first_light, default("xr_lat"))
    assert states["L3"] == "whole"


def test_labels_of_a_study_without_volumes(tmp_path, monkeypatch):
    """Where only radiographs are made the label map lies on the grid of the CT, for the patient lying."""
    asked = []
    for name in ("write_label_maps", "write_segmentations"):
        monkeypatch.setattr(f"spinemets.phantom.files.demo.{name}", lambda _, __, grid, *___: asked.append(grid))
    monkeypatch.setattr("spinemets.phantom.files.demo.write_series", lambda *given: None)
    made = make_demo(tmp_path, "normal", 1, ("xr_ap",))
    assert asked[0].shape_ijk[2] > 100
    assert made.truth.exists()


def test_facts_of_a_protocol():
    """Values rise with what the beam lost."""
    a = default("xr_ap")
    found = radiographs.facts(a, a.xray)
    assert (found.view, found.kvp, found.spacing_mm) == ("AP", 80.0, (0.15, 0.15))
    assert (found.logarithmic, found.rising, found.bright_is_low) == (True, False, False)
