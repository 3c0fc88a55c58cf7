"""PET, SPECT and bone scans on disk, read back."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import datetime

import nibabel as nib
import numpy as np
import pytest

from spinemets import phantom
from spinemets.ingest.read import read
from spinemets.maps.suv import of_series
from spinemets.phantom.cases.case import Case
from spinemets.phantom.files.write import write_dicom, write_nifti_series, write_truth
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.pathology import metastases
from spinemets.phantom.pathology.metastases import sphere
from spinemets.physics import activity_decay, recovery

PETS = ("pet", "pet_admin", "pet_uncorrected")


@pytest.fixture(scope="module")
def patient():
    """A hot ball of 12 mm in the left half of L4."""
    ball = metastases.lytic("L4", sphere(12.0, (10.0, 0.0, 0.0)), edge_mm=0.01)
    return phantom.build(Case(name="left-ball", about="", inserts=(ball,)), 1)


def low(name, **changes):
    """The lumbar spine up to L3 alone, in voxels of the protocol, without noise."""
    around = {"region": "lumbar", "noise": 0.0, "n_slices": 60, "fov_mm": (120.0, 120.0)}
    return replace(default(name), **around, **changes)


@pytest.fixture(scope="module")
def pets(patient, tmp_path_factory):
    """The three conventions on disk, read back."""
    folder = tmp_path_factory.mktemp("pet")
    made = write_dicom(patient, folder, tuple(low(name) for name in PETS))
    return {name: read([where]) for name, where in made.items()}


def moment(text):
    """A stated time."""
    return datetime.fromisoformat(text)


def scale_of(study):
    """SUV factors of our reader's facts."""
    return of_series(study.series[0].acquisition.tracer, study.patient)


def factor_of(study):
    """SUV of 1 Bq/ml; where the values are not corrected, from the mean of the frame by hand."""
    found = scale_of(study)
    t = study.series[0].acquisition.tracer
    if t.decay_correction != "NONE":
        return found.bw
    assert "neither START nor ADMIN" in found.reason
    waited = (moment(t.acquired_at) - moment(t.injected_at)).total_seconds()
    to_injection = activity_decay.uncorrected_frame_factor(
        start_s=waited, duration_s=t.frame_duration_s, half_life_s=t.half_life_s
    )
    return 1000.0 * study.patient.weight_kg / t.dose_bq * float(to_injection)


@pytest.mark.parametrize("name", PETS)
def test_suv_is_the_truth(patient, pets, name):
    """Centre of the ball: the SUV of the table by its recovery, whatever the values are corrected to."""
    study = pets[name]
    volume = study.series[0].pixels()
    lesion = patient.truth["lesions"][0]
    i, j, k = np.round(volume.grid.to_ijk(np.array(lesion["centroid_lps_mm"]))).astype(int)
    found = float(volume.array[i, j, k]) * factor_of(study)
    around = patient.truth["uptake"]["marrow_fdg_suv_g_per_ml"]
    kept = recovery.sphere_centre_recovery(radius_mm=12.0, fwhm_mm=6.0)
    expected = recovery.apparent(lesion=lesion["parts"][0]["fdg_suv_g_per_ml"], background=around, recovery=kept)
    assert found == pytest.approx(float(expected), rel=0.02)


def test_conventions_agree(pets):
    """Every voxel has the same SUV in all three, although the values differ by a third."""
    images = {name: np.asarray(study.series[0].pixels().array, float) for name, study in pets.items()}
    suvs = [images[name] * factor_of(pets[name]) for name in PETS]
    assert images["pet_admin"].max() / images["pet"].max() == pytest.approx(2 ** (3600 / 6586.2), rel=1e-3)
    assert images["pet_uncorrected"].max() < 0.999 * images["pet"].max()
    for other in suvs[1:]:
        np.testing.assert_allclose(other, suvs[0], atol=2e-3)


def test_truth_states_the_scale(patient, tmp_path):
    """`value_per_suv` of truth.json is what the header gives; series without a tracer do not have it."""
    write_truth(patient, tmp_path / "truth.json", (low("pet"), low("ctac")))
    one, other = json.loads((tmp_path / "truth.json").read_text())["series"]
    assert one["tracer"] == "fdg" and "tracer" not in other and "value_per_suv" not in other
    made = write_dicom(patient, tmp_path, (replace(low("pet"), n_slices=2),))
    assert 1 / one["value_per_suv"] == pytest.approx(scale_of(read([made["pet"]])).bw, rel=1e-6)


def test_uncorrected_attenuation_is_refused(patient, tmp_path):
    """A NAC series says so: no SUV can be made of it."""
    made = write_dicom(patient, tmp_path, (replace(low("pet_nac"), n_slices=2),))
    study = read([made["pet_nac"]])
    assert study.series[0].acquisition.tracer.corrections == ("DECY", "DTIM", "RAN", "NORM")
    assert scale_of(study).reason == "attenuation correction absent"


@pytest.mark.skipif(shutil.which("dcm2niix") is None, reason="dcm2niix is not installed")
def test_converter_agrees(patient, tmp_path):
    """dcm2niix gives the PET the geometry and the values of our reader."""
    made = write_dicom(patient, tmp_path / "d", (replace(low("pet"), n_slices=6),))
    (tmp_path / "n").mkdir()
    command = ["dcm2niix", "-z", "n", "-p", "y", "-f", "v", "-o", str(tmp_path / "n"), str(made["pet"])]
    subprocess.run(command, check=True, capture_output=True)
    image = nib.as_closest_canonical(nib.load(next((tmp_path / "n").glob("*.nii"))))
    ours = read([made["pet"]]).series[0].pixels()
    ras = np.diag([-1.0, -1.0, 1.0, 1.0]) @ ours.grid.affine_lps_mm
    mine = nib.as_closest_canonical(nib.Nifti1Image(np.asarray(ours.array, float), ras))
    assert image.affine == pytest.approx(mine.affine, abs=1e-3)
    np.testing.assert_allclose(image.get_fdata(), mine.get_fdata(), atol=1e-3 * float(np.max(ours.array)))


def test_nifti_has_its_facts_beside_it(patient, tmp_path):
    """Tracer, dose and times under the names of BIDS; the image holds the values."""
    a = replace(low("pet_admin"), n_slices=2)
    made = write_nifti_series(patient, tmp_path, (a,))
    facts = json.loads((tmp_path / "01-pet_admin.json").read_text())
    assert (facts["Modality"], facts["Units"], facts["TracerRadionuclide"]) == ("PT", "Bq/mL", "F-18")
    assert (facts["InjectedRadioactivity"], facts["InjectionStart"]) == (250.0, -3600.0)
    assert (facts["ImageDecayCorrected"], facts["ImageDecayCorrectionTime"]) == (True, -3600.0)
    assert facts["TimeZero"] == "12:06:00" and facts["AttenuationCorrection"] == "CT-derived mu-map"
    assert np.array_equal(np.asarray(nib.load(made["pet_admin"]).dataobj), patient.render("pet_admin", a).array)


def test_views_are_read_with_their_sides(tmp_path):
    """A left focus: on the right of the anterior picture, on the left of the posterior one; each states where it goes."""
    ball = metastases.nodule("L3", sphere(13.0, (12.0, -6.0, 0.0)))
    hot, normal = (phantom.build(Case(name="left-hot", about="", inserts=i), 1) for i in ((ball,), ()))
    a = replace(default("bone_scan"), pixel_mm=6.0, slice_mm=7.0, fov_mm=(360.0, 300.0), noise=0.0)
    pictures = []
    for patient in (hot, normal):
        made = write_dicom(patient, tmp_path / patient.case.name / str(len(pictures)), (a,))
        (series,) = read([made["bone_scan"]]).series
        pictures.append(series.planar.load().astype(float))
    assert [view.name for view in series.planar.views] == ["anterior", "posterior"]
    assert [(v.columns_towards, v.rows_towards) for v in series.planar.views] == [("L", "F"), ("R", "F")]
    assert series.planar.spacing_mm == (7.0, 6.0) and series.planar.unit == "{counts}" and series.sides_known
    grid, lesion = hot.grid(a), np.array(hot.truth["lesions"][0]["centroid_lps_mm"])
    i, _, k = grid.to_ijk(lesion)
    n_i, _, n_k = grid.shape_ijk
    for view, column in ((0, i), (1, n_i - 1 - i)):
        row, found = np.unravel_index((pictures[0] - pictures[1])[view].argmax(), pictures[0][view].shape)
        assert (found, row) == (pytest.approx(column, abs=1.0), pytest.approx(n_k - 1 - k, abs=1.0))


def test_spect_comes_back(tmp_path):
    """Counts in place: a focus of T12 where it was planted, a normal vertebra holds about 1000."""
    patient = phantom.build("spect-loc", 1)
    a = replace(default("spect"), region="lumbar", noise=0.0, fov_mm=(132.0, 132.0))
    made = write_dicom(patient, tmp_path, (a,))
    volume = read([made["spect"]]).series[0].pixels()
    assert np.array_equal(volume.array, patient.render("spect", a).array)
    np.testing.assert_allclose(volume.grid.affine_lps_mm, patient.grid(a).affine_lps_mm, atol=1e-3)
    lesion = next(x for x in patient.truth["lesions"] if x["level"] == "T12")
    i, j, k = np.round(volume.grid.to_ijk(np.array(lesion["centroid_lps_mm"]))).astype(int)
    around = volume.array[i - 3 : i + 4, j - 3 : j + 4, k - 2 : k + 3]
    assert volume.array[i, j, k] > 0.9 * around.max() > 1500
    mid = np.round(volume.grid.to_ijk(patient.anatomy.frames["L1"].origin)).astype(int)
    assert 700 < volume.array[tuple(mid)] < 1200


def test_nifti_of_views(tmp_path):
    """Views lie in no volume: the file holds them for other programs, the facts name them."""
    patient = phantom.build("normal", 1)
    a = replace(default("bone_scan"), pixel_mm=12.0, slice_mm=12.0)
    write_nifti_series(patient, tmp_path, (a, replace(default("spect"), n_slices=2)))
    facts = json.loads((tmp_path / "01-bone_scan.json").read_text())
    assert (facts["Views"], facts["Units"], facts["ImageType"][2]) == (
        ["anterior", "posterior"],
        "{counts}",
        "WHOLE BODY",
    )
    assert json.loads((tmp_path / "02-spect.json").read_text())["ImageType"][2] == "RECON TOMO"
    assert np.asarray(nib.load(tmp_path / "01-bone_scan.nii.gz").dataobj).shape[3] == 2


def test_truth_of_views_has_no_scale(tmp_path):
    """Counts of a view are no concentration; those of SPECT are."""
    patient = phantom.build("normal", 1)
    coarse = (replace(default("bone_scan"), pixel_mm=20.0, slice_mm=20.0), replace(default("spect"), n_slices=2))
    write_truth(patient, tmp_path / "t.json", coarse)
    views, spect = json.loads((tmp_path / "t.json").read_text())["series"]
    assert views["tracer"] == "mdp" and "value_per_suv" not in views
    assert spect["value_per_suv"] == pytest.approx(1000 / 3.92)


def test_only_emission(tmp_path):
    """Another protocol is refused."""
    from spinemets.phantom.files.nuclear_facts import truth

    with pytest.raises(ValueError, match="no series of emitted photons"):
        truth(default("ct"), 70.0)
