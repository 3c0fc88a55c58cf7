"""PET through the whole reader: classic, dynamic, enhanced and legacy converted images give the same facts and Bq/mL."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest

from spinemets.ingest.read import read

CLASSIC, ENHANCED = "1.2.840.10008.5.1.4.1.1.128", "1.2.840.10008.5.1.4.1.1.130"
LEGACY = "1.2.840.10008.5.1.4.1.1.128.1"
SLOPES = (0.5, 2.25, 9.1475)


def item(**values) -> pydicom.Dataset:
    found = pydicom.Dataset()
    for keyword, value in values.items():
        setattr(found, keyword, value)
    return found


def tracer_item() -> pydicom.Dataset:
    nuclide = item(CodeValue="C-111A1", CodingSchemeDesignator="SRT", CodeMeaning="^18^Fluorine")
    return item(
        Radiopharmaceutical="FDG", RadionuclideTotalDose=370e6, RadionuclideHalfLife=6586.2,
        RadiopharmaceuticalStartDateTime="20200310100000", RadionuclideCodeSequence=[nuclide],
    )  # fmt: skip


def classic(**extra) -> dict:
    return {
        "Modality": "PT", "SOPClassUID": CLASSIC, "KVP": None, "Units": "BQML", "DecayCorrection": "START",
        "CorrectedImage": ["ATTN", "DECY"], "SeriesDate": "20200310", "SeriesTime": "110000", "AcquisitionDate": "20200310",
        "RescaleIntercept": 0, "RadiopharmaceuticalInformationSequence": [tracer_item()], "PatientWeight": 70,
    } | extra  # fmt: skip


def heights(series) -> list[float]:
    affine = series.grid.affine_lps_mm
    return [float(affine[2, 3] + k * affine[2, 2]) for k in range(series.grid.shape_ijk[2])]


def check_activity(series, stored: np.ndarray) -> None:
    """Slice at height 3 n: stored values times its own slope."""
    volume = series.pixels()
    assert (volume.quantity, volume.unit) == ("activity", "Bq/mL")
    for k, z in enumerate(heights(series)):
        n = round(z / 3)
        np.testing.assert_allclose(volume.array[:, :, k], stored[n].T * SLOPES[n], rtol=1e-6)


def test_a_classic_series(tmp_path, write_image, noise):
    """The earliest of several beds, and slopes of its slices."""
    stored = noise(3, 4, 5)
    for n, time in enumerate(("110300", "110000.25", "110300")):
        write_image(
            tmp_path / str(n), stored[n], (0, 0, 3.0 * n),
            **classic(AcquisitionTime=time, InstanceNumber=n + 1, RescaleSlope=SLOPES[n], FrameReferenceTime=1000.0 * n),
        )  # fmt: skip
    study = read([tmp_path])
    (series,) = study.series
    check_activity(series, stored)
    tracer = series.acquisition.tracer
    assert (tracer.acquired_at, tracer.frame_reference_s) == ("2020-03-10T11:00:00.25", 1.0)
    assert (tracer.units, tracer.dose_bq, study.patient.weight_kg) == ("BQML", 370e6, 70)
    assert not any("0018" in sentence or "0054" in sentence for sentence in series.warnings)


def test_a_dynamic_series(tmp_path, write_image, noise):
    """Each time frame is a volume with its own moment."""
    stored = noise(2, 3, 4, 5)
    for t in range(2):
        for n in range(3):
            write_image(
                tmp_path / f"{t}{n}", stored[t, n], (0, 0, 3.0 * n),
                **classic(
                    AcquisitionTime=f"11{5 * t:02d}00", InstanceNumber=10 * t + n + 1, RescaleSlope=SLOPES[n],
                    FrameReferenceTime=300000.0 * t + 150000, ActualFrameDuration=300000,
                ),
            )  # fmt: skip
    found = read([tmp_path]).series
    assert [s.acquisition.tracer.acquired_at for s in found] == ["2020-03-10T11:00:00", "2020-03-10T11:05:00"]
    assert [s.acquisition.tracer.frame_reference_s for s in found] == [150.0, 450.0]
    for t, series in enumerate(found):
        check_activity(series, stored[t])


@pytest.fixture
def write_enhanced(tmp_path, write_multiframe):
    """Write an enhanced PET file: slices at 0, 3 and 6 mm, each with its own slope and groups of its own."""

    def write(stored: np.ndarray, sop_class: str, groups, **top) -> None:
        frames = [{"position": (0, 0, 3.0 * n), "slope": SLOPES[n]} for n in range(3)]
        path = write_multiframe(tmp_path / "e", stored, frames)
        header = pydicom.dcmread(path)
        header.SOPClassUID = header.file_meta.MediaStorageSOPClassUID = sop_class
        header.Modality, header.PatientWeight = "PT", 70
        for keyword, value in top.items():
            setattr(header, keyword, value)
        for n, frame in enumerate(header.PerFrameFunctionalGroupsSequence):
            for keyword, value in groups(n).items():
                setattr(frame, keyword, [value])
        header.save_as(path, enforce_file_format=True)

    return write


def test_an_enhanced_file(tmp_path, write_enhanced, noise):
    """Units by the real world value mapping, corrections as YES and NO, decay to a moment."""

    def groups(n: int) -> dict:
        unit = item(CodeValue="Bq/ml", CodingSchemeDesignator="UCUM", CodeMeaning="Becquerels per milliliter")
        mapping = item(RealWorldValueSlope=SLOPES[n], RealWorldValueIntercept=0.0, MeasurementUnitsCodeSequence=[unit])
        moment = item(FrameAcquisitionDateTime=f"2020031011{2 * n:02d}00", FrameAcquisitionDuration=120000.0)
        return {"RealWorldValueMappingSequence": mapping, "FrameContentSequence": moment}

    stored = noise(3, 4, 5)
    write_enhanced(
        stored, ENHANCED, groups, RadiopharmaceuticalInformationSequence=[tracer_item()], DecayCorrected="YES",
        DecayCorrectionDateTime="20200310110000", AttenuationCorrected="YES", SeriesDate="20200310", SeriesTime="110000",
    )  # fmt: skip
    (series,) = read([tmp_path]).series
    check_activity(series, stored)
    tracer = series.acquisition.tracer
    assert (tracer.units, tracer.decay_correction, tracer.corrections) == ("BQML", "START", ("DECY", "ATTN"))
    assert (tracer.acquired_at, tracer.frame_duration_s, tracer.dose_bq) == ("2020-03-10T11:00:00", 120.0, 370e6)


def test_an_enhanced_file_of_another_unit(tmp_path, write_enhanced, noise):
    """A mapping that is not the rescale gives the values no unit, and says so."""

    def groups(n: int) -> dict:
        unit = item(CodeValue="{SUVbw}g/ml", CodingSchemeDesignator="UCUM", CodeMeaning="SUV")
        mapping = item(RealWorldValueSlope=0.001, RealWorldValueIntercept=0.0, MeasurementUnitsCodeSequence=[unit])
        return {"RealWorldValueMappingSequence": mapping}

    write_enhanced(noise(3, 4, 5), ENHANCED, groups)
    (series,) = read([tmp_path]).series
    assert series.pixels().unit == "1" and any("differs from the rescale" in said for said in series.warnings)


def test_a_legacy_converted_file(tmp_path, write_enhanced, noise):
    """Attributes of the classic images lie in groups for what was not assigned."""

    def groups(n: int) -> dict:
        own = item(
            Units="BQML", DecayCorrection="START", CorrectedImage=["ATTN", "DECY"], AcquisitionDate="20200310",
            AcquisitionTime=f"11{2 * n:02d}00", FrameReferenceTime=60000.0, ActualFrameDuration=120000,
        )  # fmt: skip
        return {"UnassignedPerFrameConvertedAttributesSequence": own}

    stored = noise(3, 4, 5)
    write_enhanced(
        stored, LEGACY, groups, RadiopharmaceuticalInformationSequence=[tracer_item()], SeriesDate="20200310",
        SeriesTime="110000",
    )  # fmt: skip
    (series,) = read([tmp_path]).series
    check_activity(series, stored)
    tracer = series.acquisition.tracer
    assert (tracer.units, tracer.decay_correction, tracer.acquired_at) == ("BQML", "START", "2020-03-10T11:00:00")
    assert (tracer.frame_reference_s, tracer.frame_duration_s) == (60.0, 120.0)


def test_real_slices(shared_data):
    """A Siemens and a GE slice: Bq/mL by the slope of the slice."""
    for name, slope in (("pt-thorax-fdg", 9.1475195822016), ("pt-pelvis-ge", 0.234542)):
        path = shared_data / "dicom-singles-spine" / f"{name}.dcm"
        (series,) = read([path]).series
        volume = series.pixels()
        assert (volume.quantity, volume.unit) == ("activity", "Bq/mL")
        expected = pydicom.dcmread(path).pixel_array.astype(np.float64).T * slope
        np.testing.assert_allclose(volume.array[:, :, 0], expected, rtol=1e-5)
