"""Files of the demonstration study."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
import yaml

from spinemets import phantom
from spinemets.app.pipeline import open_study
from spinemets.ingest.read import read
from spinemets.phantom.files import write
from spinemets.phantom.files.write import write_dicom, write_nifti_series
from spinemets.phantom.imaging.acquisition import default, sequences

GRADIENT_ECHOES = (
    "in_phase", "opposed_phase", "in_phase_3t", "opposed_phase_3t", "dixon", "dixon_3t", "dixon2", "t2star", "vfa",
    "dce", "dixon_magnitude", "dixon_phase", "dixon_magnitude_3t", "dixon_phase_3t",
)  # fmt: skip


@pytest.fixture(scope="module")
def datasets(first_light_files):
    """Headers by series folder."""
    return {
        folder.name: [pydicom.dcmread(f) for f in sorted(folder.iterdir())]
        for folder in sorted(first_light_files.study.iterdir())
    }


def test_three_series(datasets):
    """CT, T1, STIR; slices as the protocol says."""
    assert list(datasets) == ["01-ct", "02-t1", "03-stir"]
    assert len(datasets["02-t1"]) == len(datasets["03-stir"]) == 17
    assert len(datasets["01-ct"]) > 200


def test_everything_says_that_it_is_simulated(datasets):
    """PHA-05: PatientName SYNTHETIC^<case>, ImageComments, neutral model name."""
    for series in datasets.values():
        for d in series:
            assert str(d.PatientName) == "SYNTHETIC^first-light"
            assert d.ImageComments == "simulated, not a patient"
            assert d.ManufacturerModelName == "digital spine"


def test_one_patient_one_study_one_frame(datasets):
    """All series share patient, study and frame of reference; every image has a UID of its own."""
    every = [d for series in datasets.values() for d in series]
    for keyword in ("PatientID", "StudyInstanceUID", "FrameOfReferenceUID"):
        assert len({d[keyword].value for d in every}) == 1
    assert len({d.SOPInstanceUID for d in every}) == len(every)
    assert len({d.SeriesInstanceUID for d in every}) == 3
    assert all(str(d.SOPInstanceUID).startswith("2.25.") for d in every)


def test_headers_let_the_series_be_recognised(datasets):
    """T1: SE, TR 550, TE 10, 1.5 T. STIR: SE and IR, TR 4000, TE 60, TI 160. CT: 120 kVp, kernel BONE."""
    ct, t1, stir = (datasets[name][0] for name in datasets)
    assert (float(ct.KVP), ct.ConvolutionKernel, ct.Modality) == (120.0, "BONE", "CT")
    assert (t1.ScanningSequence, float(t1.RepetitionTime), float(t1.EchoTime)) == ("SE", 550.0, 10.0)
    assert "InversionTime" not in t1
    assert list(stir.ScanningSequence) == ["SE", "IR"]
    assert (float(stir.RepetitionTime), float(stir.EchoTime), float(stir.InversionTime)) == (4000.0, 60.0, 160.0)
    assert float(t1.MagneticFieldStrength) == float(stir.MagneticFieldStrength) == 1.5


def test_pixels_come_back(datasets):
    """The CT on disk is the rendered CT in HU."""
    volume = phantom.build().render("ct")
    for k in (0, 29):
        d = datasets["01-ct"][k]
        hu = d.pixel_array.astype(int) * int(d.RescaleSlope) + int(d.RescaleIntercept)
        assert np.array_equal(hu.T, volume.array[:, :, k])
        assert d.ImagePositionPatient == pytest.approx(volume.grid.to_lps_mm([0, 0, k]), abs=1e-5)


def test_label_map(first_light_files):
    """Labels on the CT grid, RAS affine, names inside the file."""
    image = nib.load(first_light_files.labels)
    grid = phantom.build().grid(default("ct"))
    assert image.shape == grid.shape_ijk
    lps = np.diag([-1, -1, 1, 1]) @ image.affine
    assert lps == pytest.approx(grid.affine_lps_mm, abs=1e-4)
    assert image.get_data_dtype() == np.int16
    assert b"disc_below_L3" in image.header.extensions[0].get_content()


def test_clinical_example(first_light_files):
    """Age, sex and primary are supplied; pain is missing so that the instability score is a range."""
    facts = yaml.safe_load(first_light_files.clinical.read_text(encoding="utf-8"))
    assert facts == {"age_years": 52, "sex": "female", "primary": "breast"}


def test_truth_file(first_light_files, first_light):
    """truth.json is the truth record, with what each series holds of the spine."""
    found = json.loads(first_light_files.truth.read_text(encoding="utf-8"))
    series = found.pop("series")
    assert found == json.loads(json.dumps({k: v for k, v in first_light.truth.items() if k != "series"}))
    assert [one["kind"] for one in series] == ["ct", "t1", "stir"]
    assert series[0]["levels_whole"] == ["T11", "T12", "L1", "L2", "L3", "L4", "L5"]
    assert "T10" in series[0]["levels_cut"] and len({one["uid"] for one in series}) == 3


def short(names, monkeypatch, n_slices=2):
    """Protocols with few slices, radiographs with few pixels."""

    def few(name):
        a = default(name)
        return replace(a, n_slices=n_slices) if a.xray is None else replace(a, pixel_mm=3.0)

    monkeypatch.setattr(write, "default", few)
    return names


def test_same_seed_same_files(tmp_path, monkeypatch):
    """Same case, seed and version: identical bytes of every file."""
    names = short(("t1",), monkeypatch)
    digests = []
    for name in ("a", "b"):
        folder: Path = tmp_path / name
        write_dicom(phantom.build("normal", 3), folder, names)
        content = b"".join(f.read_bytes() for f in sorted(folder.rglob("*.dcm")))
        digests.append(hashlib.sha256(content).hexdigest())
    assert digests[0] == digests[1]


def test_order_of_series_is_that_asked_for(tmp_path, monkeypatch):
    """Numbers follow the wish, also where series are rendered together; each has the pixels it has alone."""
    names = short(("t1", "ax_t2", "t2", "dwi"), monkeypatch)
    patient = phantom.build("normal", 2)
    made = write_dicom(patient, tmp_path, names)
    assert {name: folder.name for name, folder in made.items()} == {
        "t1": "01-t1", "ax_t2": "02-ax_t2", "t2": "03-t2", "dwi": "04-dwi",
    }  # fmt: skip
    alone = patient.render("t2", replace(default("t2"), n_slices=2))
    stored = pydicom.dcmread(made["t2"] / "IM0001.dcm").pixel_array
    assert np.array_equal(stored.T, alone.array[:, :, 0])


def test_nifti(tmp_path, monkeypatch):
    """Image, facts and b-values beside each other, read back by this project's reader with the same values."""
    names = short(("t1_gd_fs", "dwi"), monkeypatch)
    patient = phantom.build("normal", 2)
    made = write_nifti_series(patient, tmp_path, names)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "01-t1_gd_fs.json", "01-t1_gd_fs.nii.gz", "02-dwi.bval", "02-dwi.bvec", "02-dwi.json", "02-dwi.nii.gz",
    ]  # fmt: skip
    facts = json.loads((tmp_path / "01-t1_gd_fs.json").read_text())
    assert (facts["RepetitionTime"], facts["EchoTime"], facts["ScanOptions"]) == (0.55, 0.01, "FS")
    assert facts["ImageComments"] == "simulated, not a patient"
    assert (tmp_path / "02-dwi.bval").read_text() == "50 400 800\n"
    volume = patient.render("dwi", replace(default("dwi"), n_slices=2))
    found = np.asarray(nib.load(made["dwi"]).dataobj)
    assert np.array_equal(found, volume.array)
    series = read([tmp_path]).series
    assert [s.acquisition.diffusion.b_s_per_mm2 for s in series if s.acquisition.diffusion] == [50, 400, 800]


KINDS = {
    "ct": "ct_bone", "t1": "t1", "t2": "t2", "stir": "stir", "t2_fs": "t2_fs", "t1_gd": "t1_gd", "t1_gd_fs": "t1_gd_fs",
    "t1_flair": "t1_flair", "ax_t2": "t2", "dwi": "dwi", "in_phase": "ip_op", "opposed_phase": "ip_op",
    "in_phase_3t": "ip_op", "opposed_phase_3t": "ip_op", "dixon": "dixon", "dixon_3t": "dixon", "dixon2": "dixon",
    "t2star": "t2star", "vfa": "vfa", "dce": "dce", "t1_motion": "t1", "t1_shaded": "t1", "t2_fs_edge": "t2_fs",
    "t2_flow": "t2", "ct_tilted": "ct_bone", "wb_t1": "t1_gre", "wb_stir": "stir", "wb_dwi": "dwi", "wb3_t1": "t1_gre", "wb3_stir": "stir",
    "pet": "pet_ac", "pet_admin": "pet_ac", "pet_uncorrected": "pet_ac", "pet_nac": "pet_nac", "ctac": "ct_soft",
    "bone_scan": "bone_scan", "spect": "spect", "t1_3t": "t1", "t2_3t": "t2", "stir_3t": "stir", "t1_flair_3t": "t1_flair",
    "ct_bone": "ct_bone", "ct_soft": "ct_soft", "ct_soft3": "ct_soft",
    "ct_soft5": "ct_soft", "ct_body": "ct_soft", "ct_80kv": "ct_soft", "ct_100kv": "ct_soft", "ct_140kv": "ct_soft",
    "ct_contrast": "ct_soft", "ct_myelogram": "ctm",
    "dixon_magnitude": "dixon", "dixon_magnitude_3t": "dixon", "dwi_ivim": "dwi", "t1_gd_gain": "t1_gd",
}  # fmt: skip
# Series that say what they are only beside one another.
PAIRS = (
    ("in_phase", "opposed_phase"), ("in_phase_3t", "opposed_phase_3t"), ("dixon_magnitude", "dixon_phase"),
    ("dixon_magnitude_3t", "dixon_phase_3t"),
)  # fmt: skip


def alone_and_in_pairs(names):
    """Series to write together: pairs as such, all others alone."""
    paired = {name for pair in PAIRS for name in pair}
    return [*((name,) for name in names if name not in paired), *PAIRS]


def each_written(folder, make, names):
    """Every series of a patient, alone or in its pair, in a folder of its own."""
    patient, folders = phantom.build("normal", 2), {}
    with pytest.MonkeyPatch.context() as patch:
        for together in alone_and_in_pairs(names):
            # Pictures of one place that differ are compared for motion, and those with an inversion are judged by the layer under
            # the skin: both take more than two slices.
            several = len(together) > 1 or default(together[0]).components or default(together[0]).ti_ms
            short(names, patch, 7 if several else 2)
            folders[together] = folder / together[0]
            make(patient, folders[together], together)
    return folders


@pytest.fixture(scope="module")
def as_dicom(tmp_path_factory):
    # Radiographs have a file of their own.
    stacks = [name for name in sequences() if default(name).xray is None]
    return each_written(tmp_path_factory.mktemp("dicom"), write_dicom, stacks)


@pytest.fixture(scope="module")
def as_nifti(tmp_path_factory):
    return each_written(tmp_path_factory.mktemp("nifti"), write_nifti_series, GRADIENT_ECHOES)


@pytest.mark.parametrize("written", ["as_dicom", "as_nifti"])
def test_every_series_is_what_it_is_called(written, request):
    """The recogniser, which knows nothing of this room, names each written series, without doubt."""
    for together, folder in request.getfixturevalue(written).items():
        for series in open_study(folder).series:
            # A phase is no picture to measure in.
            kind = "derived" if "P" in series.acquisition.image_type else KINDS[together[0]]
            assert series.kind == kind, (together, series.uid)
            # Where the suppression of fat fails on purpose, the picture rightly shows it bright.
            least = 0.7 if together == ("t2_fs_edge",) else 0.8
            assert series.recognition.confidence >= least, together


def test_volumes_say_what_they_are(tmp_path, monkeypatch):
    """Echo times and numbers, flip angles, components and times stand in the headers of their volumes."""
    names = short(("dixon", "vfa", "dixon2", "dce"), monkeypatch)
    made = write_dicom(phantom.build("normal", 2), tmp_path, names)
    headers = {name: [pydicom.dcmread(f) for f in sorted(folder.iterdir())] for name, folder in made.items()}
    dixon, vfa, two, dce = (headers[name] for name in names)
    assert [(float(d.EchoTime), int(d.EchoNumbers)) for d in dixon[::2]] == [
        (1.2, 1), (2.2, 2), (3.2, 3), (4.2, 4), (5.2, 5), (6.2, 6)
    ]  # fmt: skip
    assert [float(d.FlipAngle) for d in vfa] == [3.0, 3.0, 15.0, 15.0]
    assert [d.ImageType[0] + d.ImageType[3] for d in two[::2]] == ["DERIVEDWATER", "DERIVEDFAT"]
    assert len(dce) == 120 and [int(d.TemporalPositionIdentifier) for d in dce[::2]] == list(range(1, 61))
    began, second = (d.AcquisitionTime for d in (dce[0], dce[2]))
    assert float(second) - float(began) == 4.0
    assert dce[0].ContrastBolusAgent == "Gadobutrol" and "ContrastBolusAgent" not in vfa[0]
    assert {d.MRAcquisitionType for d in (*dixon, *dce)} == {"3D"}


def test_phases_as_scanners_write_them(tmp_path, monkeypatch):
    """Twelve bits from -4096 in steps of two; ImageType says that it is a phase, and the reader makes complex echoes of the pair."""
    names = short(("dixon_magnitude", "dixon_phase"), monkeypatch)
    made = write_dicom(phantom.build("normal", 2), tmp_path, names)
    magnitude, phase = ([pydicom.dcmread(f) for f in sorted(made[name].iterdir())] for name in names)
    assert {d.ImageType[2] for d in magnitude} == {"M"} and {d.ImageType[2] for d in phase} == {"P"}
    assert {(float(d.RescaleSlope), float(d.RescaleIntercept), d.BitsStored) for d in phase} == {(2.0, -4096.0, 12)}
    assert [d.EchoTime for d in phase] == [d.EchoTime for d in magnitude] and "RescaleSlope" not in magnitude[0]
    study = open_study(tmp_path)
    assert {one.acquisition.complex_component for one in study.series} == {"MAGNITUDE", "PHASE"}
    assert "phase_magnitude" in {one.kind for one in study.sets}


def test_nifti_of_components(tmp_path, monkeypatch):
    """Water and fat are files of their own, each with its image type."""
    names = short(("dixon2",), monkeypatch)
    patient = phantom.build("normal", 2)
    made = write_nifti_series(patient, tmp_path, names)
    assert list(made) == ["dixon2-water", "dixon2-fat"]
    volume = patient.render("dixon2", replace(default("dixon2"), n_slices=2))
    for n, (name, path) in enumerate(made.items()):
        facts = json.loads((tmp_path / f"01-{name}.json").read_text())
        assert facts["ImageType"] == ["DERIVED", "PRIMARY", "M", name.rpartition("-")[2].upper()]
        assert facts["EchoTime"] == 0.0046
        assert np.array_equal(np.asarray(nib.load(path).dataobj), volume.array[..., n])


def test_nifti_of_several_volumes(tmp_path, monkeypatch):
    """The side file lists what differs, and this project's reader gives it to the volumes."""
    names = short(("dixon", "vfa", "dce", "t2star"), monkeypatch)
    write_nifti_series(phantom.build("normal", 2), tmp_path, names)
    facts = {name: json.loads((tmp_path / f"0{n}-{name}.json").read_text()) for n, name in enumerate(names, start=1)}
    assert facts["dixon"]["EchoTime"] == pytest.approx([0.0012, 0.0022, 0.0032, 0.0042, 0.0052, 0.0062])
    assert facts["vfa"]["FlipAngle"] == [3.0, 15.0] and facts["t2star"]["FlipAngle"] == 20
    assert facts["dce"]["VolumeTiming"] == [4.0 * n for n in range(60)]
    series = read([tmp_path]).series
    dixon = [one for one in series if "01-dixon" in one.source]
    assert [one.acquisition.echo_number for one in dixon] == [1, 2, 3, 4, 5, 6]
    dce = [one for one in series if "03-dce" in one.source]
    assert [one.acquisition.time_s for one in dce] == [4.0 * n for n in range(60)]


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (Debian's dicom3tools) is not installed")
def test_validator_finds_no_error(as_dicom):
    """PHA-60: an image of every series."""
    for together, folder in as_dicom.items():
        for image in sorted(folder.rglob("IM0001.dcm")):
            done = subprocess.run(["dciodvfy", "-new", str(image)], capture_output=True, text=True, check=False)
            assert "Error" not in done.stderr + done.stdout, (together, done.stderr)


def test_headers_say_what_the_case_states(tmp_path):
    """`pit-3t-header`: images of 1.5 T, headers of 3 T."""
    import pydicom

    made = write_dicom(phantom.build("pit-3t-header", 2), tmp_path, ("t1",))
    first = pydicom.dcmread(sorted(made["t1"].iterdir())[0], stop_before_pixels=True)
    assert first.MagneticFieldStrength == 3.0


def test_days_of_one_patient(tmp_path):
    """Another day: same patient, another study, frame of reference and date."""
    import pydicom

    heads = [
        pydicom.dcmread(sorted(write_dicom(phantom.build(name, 2), tmp_path / name, ("t1",))["t1"].iterdir())[0])
        for name in ("pair-stable", "pair-stable@90")
    ]
    assert heads[0].PatientID == heads[1].PatientID
    assert heads[0].StudyInstanceUID != heads[1].StudyInstanceUID
    assert heads[0].FrameOfReferenceUID != heads[1].FrameOfReferenceUID
    assert (heads[0].StudyDate, heads[1].StudyDate) == ("20200101", "20200331")


def test_series_of_several_places(tmp_path):
    """A name that stands for several makes a folder each, numbered on; the truth says what each holds."""
    patient = phantom.build("normal", 2)
    made = write_dicom(patient, tmp_path, ("ax_t2-discs", "ax_t2-T12"))
    assert [folder.name for folder in made.values()] == ["01-ax_t2-L3", "02-ax_t2-L4", "03-ax_t2-L5", "04-ax_t2-T12"]
    heads = [pydicom.dcmread(folder / "IM0003.dcm", stop_before_pixels=True) for folder in made.values()]
    assert len({d.SeriesInstanceUID for d in heads}) == 4 and len({d.FrameOfReferenceUID for d in heads}) == 1
    write.write_truth(patient, tmp_path / "truth.json", ("wb3_stir-all",))
    stations = json.loads((tmp_path / "truth.json").read_text())["series"]
    assert [one["kind"] for one in stations] == ["wb3_stir-1", "wb3_stir-2", "wb3_stir-3"]
    assert "L3" in stations[1]["levels_whole"] and "L3" not in stations[0]["levels_whole"]


def test_nifti_states_what_the_case_states():
    """`pit-3t-header`: the file beside the image tells the same untruth as a DICOM header."""
    facts = write.sidecar(phantom.build("pit-3t-header", 2), default("t1"))
    assert facts["MagneticFieldStrength"] == 3.0


def test_days_of_one_patient_as_nifti():
    """The side files of two days name one patient."""
    names = {
        write.sidecar(phantom.build(day, 2), default("t1"))["PatientID"] for day in ("pair-stable", "pair-stable@90")
    }
    assert len(names) == 1


def test_series_before_the_agent_is_plain(tmp_path, monkeypatch):
    """A plain T1 right before an enhanced one begins before the agent is given: nothing says that it is enhanced."""
    names = short(("t1", "t1_gd"), monkeypatch, 3)
    write_dicom(phantom.build("normal", 2), tmp_path, names)
    assert [series.kind for series in open_study(tmp_path).series] == ["t1", "t1_gd"]


def test_masks_beside_views():
    """Masks lie on the grid of a volume, of the CT where a case has none, and never lean."""
    assert write.label_series([default("bone_scan"), default("pet")]) == default("pet")
    assert write.label_series([default("bone_scan")]) == default("ct")
    assert write.label_series([default("ct_tilted")]).tilt_deg == 0.0
    assert write.label_series([default("ct"), default("pet"), default("ctac")]) == default("ct")


@pytest.mark.parametrize("names", [("t1", "t1-thoracic"), ("wb3_t1-1", "wb3_t1-2")])
def test_masks_of_several_regions_hold_all_of_them(names):
    """Every level that one of the series shows whole lies in the field of the masks."""
    patient = phantom.build("normal", 1)
    series = [default(name) for name in names]
    states = [patient.coverage(patient.grid(a)) for a in (*series, write.label_series(series))]
    seen = {level for state in states[:-1] for level, how in state.items() if how == "whole"}
    assert seen <= {level for level, how in states[-1].items() if how == "whole"}
