"""Writer of classic CT and MR images."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pydicom
import pytest

from spinemets.exports.dicom.ct import CT_IMAGE_STORAGE
from spinemets.exports.dicom.mr import MR_IMAGE_STORAGE
from spinemets.exports.dicom_image import ImageHeader, write_series
from spinemets.model.errors import UsageError
from spinemets.model.grid import Grid
from spinemets.model.volume import Volume

CT_REQUIRED = [
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
    "Modality",
    "SeriesNumber",
    "PatientPosition",
    "PositionReferenceIndicator",
    "Manufacturer",
    "InstanceNumber",
    "ImageType",
    "PixelSpacing",
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "SliceThickness",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "RescaleIntercept",
    "RescaleSlope",
    "KVP",
    "AcquisitionNumber",
    "PixelData",
]
MR_REQUIRED = [
    "ScanningSequence",
    "SequenceVariant",
    "ScanOptions",
    "MRAcquisitionType",
    "RepetitionTime",
    "EchoTime",
    "EchoTrainLength",
    "MagneticFieldStrength",
    "SpacingBetweenSlices",
]


@pytest.fixture
def ct_header():
    """A plain CT header."""
    return ImageHeader(
        modality="CT",
        study_uid="2.25.1",
        series_uid="2.25.2",
        frame_of_reference_uid="2.25.3",
        series_number=4,
        series_description="test",
        patient_name="SYNTHETIC^test",
        patient_id="T",
        patient_sex="F",
        patient_age_years=52.4,
        manufacturer="none",
        model="none",
        software="1",
        kvp=120.0,
        kernel="BONE",
        slice_thickness_mm=1.25,
    )


@pytest.fixture
def mr_header(ct_header):
    """A plain MR header."""
    return replace(
        ct_header,
        modality="MR",
        kvp=None,
        kernel=None,
        image_type=("ORIGINAL", "PRIMARY", "M", "SE"),
        scanning_sequence=("SE",),
        sequence_variant=("NONE",),
        tr_ms=550.0,
        te_ms=10.0,
        flip_deg=90.0,
        echo_train_length=1,
        field_t=1.5,
        slice_thickness_mm=4.0,
    )


@pytest.fixture
def ct_volume():
    """Oblique CT with values from -1024 to 3071."""
    angle = np.radians(15.0)
    affine = np.eye(4)
    affine[:3, 0] = (0.7, 0, 0)
    affine[:3, 1] = np.array([0, np.cos(angle), np.sin(angle)]) * 0.9
    affine[:3, 2] = np.array([0, -np.sin(angle), np.cos(angle)]) * 1.25
    affine[:3, 3] = (-20.5, 31.25, -400.125)
    grid = Grid(shape_ijk=(5, 4, 3), affine_lps_mm=affine)
    array = np.linspace(-1024, 3071, 60).astype(np.int16).reshape(5, 4, 3)
    return Volume(array=array, grid=grid, quantity="attenuation", unit="[hnsf'U]")


@pytest.fixture
def mr_volume():
    """Sagittal MR with gaps."""
    affine = np.eye(4)
    affine[:3, :3] = np.array([[0, 0, -4.4], [0.85, 0, 0], [0, -0.85, 0]])
    grid = Grid(shape_ijk=(6, 8, 2), affine_lps_mm=affine)
    array = np.arange(96, dtype=np.uint16).reshape(6, 8, 2)
    return Volume(array=array, grid=grid, quantity="mr_signal", unit="1")


def test_complete_ct(ct_volume, ct_header, tmp_path):
    """Every attribute that the CT image object requires is there; one file a slice, k ascending."""
    files = write_series(ct_volume, tmp_path / "s", ct_header)
    assert [f.name for f in files] == ["IM0001.dcm", "IM0002.dcm", "IM0003.dcm"]
    d = pydicom.dcmread(files[1])
    assert [k for k in CT_REQUIRED if k not in d] == []
    assert d.SOPClassUID == CT_IMAGE_STORAGE
    assert d.PatientAge == "052Y"
    assert d.file_meta.MediaStorageSOPInstanceUID == d.SOPInstanceUID


def test_complete_mr(mr_volume, mr_header, tmp_path):
    """Every attribute that the MR image object requires is there."""
    d = pydicom.dcmread(write_series(mr_volume, tmp_path, mr_header)[0])
    assert [k for k in MR_REQUIRED if k not in d] == []
    assert d.SOPClassUID == MR_IMAGE_STORAGE
    assert "RescaleSlope" not in d
    assert float(d.SpacingBetweenSlices) == pytest.approx(4.4)
    assert float(d.SliceThickness) == pytest.approx(4.0)
    assert "InversionTime" not in d


def test_geometry_and_values_come_back(ct_volume, ct_header, tmp_path):
    """Position, orientation, spacing and HU of an oblique stack survive the file, to a micrometre and exactly."""
    for k, file in enumerate(write_series(ct_volume, tmp_path, ct_header)):
        d = pydicom.dcmread(file)
        row, column = np.array(d.ImageOrientationPatient, float).reshape(2, 3)
        position = np.array(d.ImagePositionPatient, float)
        spacing = [float(s) for s in d.PixelSpacing]
        hu = d.pixel_array.astype(int) + int(d.RescaleIntercept)
        assert np.array_equal(hu.T, ct_volume.array[:, :, k])
        for i, j in ((0, 0), (4, 3)):
            point = position + row * spacing[1] * i + column * spacing[0] * j
            assert point == pytest.approx(ct_volume.grid.to_lps_mm([i, j, k]), abs=1e-4)


def test_slice_location_ascends(mr_volume, mr_header, tmp_path):
    """Slice location follows the normal, so readers that sort by it get the same order."""
    places = [float(pydicom.dcmread(f).SliceLocation) for f in write_series(mr_volume, tmp_path, mr_header)]
    assert places == sorted(places)


def test_twelve_bits_unless_more_are_needed(ct_volume, ct_header, tmp_path):
    """HU up to 3071 fit 12 bits; larger values take 16."""
    low = pydicom.dcmread(write_series(ct_volume, tmp_path / "low", ct_header)[0])
    array = np.array(ct_volume.array)
    array[0, 0, 0] = 12000
    big = Volume(array=array, grid=ct_volume.grid, quantity="attenuation", unit="[hnsf'U]")
    high = pydicom.dcmread(write_series(big, tmp_path / "high", ct_header)[0])
    assert (low.BitsStored, high.BitsStored) == (12, 16)
    assert int(high.pixel_array[0, 0]) - 1024 == 12000


def test_left_handed_grid_is_refused(mr_volume, mr_header, tmp_path):
    """A stack that runs against rows x columns would come back mirrored: refused."""
    affine = np.array(mr_volume.grid.affine_lps_mm)
    affine[:3, 2] *= -1
    grid = Grid(shape_ijk=mr_volume.grid.shape_ijk, affine_lps_mm=affine)
    volume = Volume(array=np.array(mr_volume.array), grid=grid, quantity="mr_signal", unit="1")
    with pytest.raises(UsageError, match="right-handed"):
        write_series(volume, tmp_path, mr_header)


def test_values_that_do_not_fit(ct_volume, ct_header, tmp_path):
    """A value beyond 16 bits cannot be stored as HU: refused, never wrapped."""
    volume = Volume(
        array=np.full(ct_volume.grid.shape_ijk, 70_000, np.int32), grid=ct_volume.grid, quantity="attenuation", unit="1"
    )
    with pytest.raises(UsageError, match="do not fit"):
        write_series(volume, tmp_path, ct_header)


def test_other_modalities_are_refused(ct_volume, ct_header, tmp_path):
    """This header describes CT and MR only."""
    with pytest.raises(UsageError, match="'PT' is not written here"):
        write_series(ct_volume, tmp_path, replace(ct_header, modality="PT"))


def test_patient_size_and_weight(mr_volume, mr_header, tmp_path):
    """What the flat header states of the patient stands in the file."""
    header = replace(mr_header, patient_size_m=1.62, patient_weight_kg=68.0, ti_ms=165.0, phase_direction="COL")
    d = pydicom.dcmread(write_series(mr_volume, tmp_path, header)[0])
    assert (float(d.PatientSize), float(d.PatientWeight)) == (1.62, 68.0)
    assert (float(d.InversionTime), d.InPlanePhaseEncodingDirection, d.StudyDate) == (165.0, "COL", "20200101")


def test_same_input_same_bytes(ct_volume, ct_header, tmp_path):
    """Nothing in a file depends on when or where it was written."""
    first, second = (write_series(ct_volume, tmp_path / name, ct_header) for name in "ab")
    assert [f.read_bytes() for f in first] == [f.read_bytes() for f in second]
