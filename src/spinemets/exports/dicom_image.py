"""Writer of classic CT and MR images: one file a slice, complete modules, the same input gives the same bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spinemets.model.volume import Volume

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"
MR_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.4"
EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
# Stored CT values are unsigned: HU + 1024.
CT_INTERCEPT = -1024
WINDOWS = {"bone": (400.0, 1800.0)}


@dataclass(frozen=True, kw_only=True)
class ImageHeader:
    """What the header of a series says, beside its geometry.

    Attributes
    ----------
    modality
        `CT` or `MR`.
    comments
        ImageComments, e.g. that the images are simulated.
    scanning_sequence, sequence_variant, scan_options, tr_ms, te_ms, ti_ms, flip_deg, echo_train_length, field_t
        MR only; None = not applicable.
    kvp, kernel
        CT only.
    """

    modality: str
    study_uid: str
    series_uid: str
    frame_of_reference_uid: str
    series_number: int
    series_description: str
    patient_name: str
    patient_id: str
    patient_sex: str
    patient_age_years: float
    manufacturer: str
    model: str
    software: str
    study_description: str = ""
    body_part: str = "LSPINE"
    comments: str = ""
    patient_size_m: float | None = None
    patient_weight_kg: float | None = None
    study_date: str = "20200101"
    study_time: str = "120000"
    slice_thickness_mm: float = 1.0
    image_type: tuple[str, ...] = ("ORIGINAL", "PRIMARY", "AXIAL")
    kvp: float | None = None
    kernel: str | None = None
    tube_current_ma: int | None = None
    exposure_ms: int | None = None
    scanning_sequence: tuple[str, ...] = ()
    sequence_variant: tuple[str, ...] = ()
    scan_options: tuple[str, ...] = ()
    tr_ms: float | None = None
    te_ms: float | None = None
    ti_ms: float | None = None
    flip_deg: float | None = None
    echo_train_length: int | None = None
    bandwidth_hz_per_px: float | None = None
    field_t: float | None = None
    phase_direction: str | None = None


def write_series(volume: Volume, folder: Path, header: ImageHeader) -> list[Path]:
    """Write one file a slice (`IM0001.dcm`, ...), k ascending; returns the paths.

    Parameters
    ----------
    volume
        CT: HU (int16). MR: unsigned 16-bit magnitude. Columns run along i, rows along j.

    Raises
    ------
    ValueError
        If the k axis is not rows x columns (a left-handed grid cannot be written so), or a value does not fit.
    """
    normal = np.cross(volume.grid.axes[:, 0], volume.grid.axes[:, 1])
    if float(normal @ volume.grid.axes[:, 2]) < 0.999:
        raise ValueError("slices must follow rows x columns (a right-handed grid without tilt)")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for k, dataset in enumerate(_datasets(volume, header)):
        path = folder / f"IM{k + 1:04d}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        written.append(path)
    return written


def _datasets(volume: Volume, header: ImageHeader) -> Iterator[Dataset]:
    """One data set a slice."""
    base = _common(header)
    _pixel_module(base, volume, header)
    (_ct if header.modality == "CT" else _mr)(base, header)
    if header.modality == "MR":
        base.SpacingBetweenSlices = _decimal(volume.grid.spacing_mm[2])
    stored = _stored(volume, header.modality)
    for k in range(volume.grid.shape_ijk[2]):
        yield _slice(base, volume, stored[:, :, k].T, k)


def _stored(volume: Volume, modality: str) -> np.ndarray:
    """Unsigned stored values."""
    values = volume.array.astype(np.int32) - (CT_INTERCEPT if modality == "CT" else 0)
    if values.min() < 0 or values.max() > 65535:
        raise ValueError(f"values {volume.array.min()} to {volume.array.max()} do not fit 16 unsigned bits")
    return values.astype("<u2")


def _decimal(value: float) -> str:
    """Decimal string of at most 16 characters that keeps a micrometre."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _common(header: ImageHeader) -> Dataset:
    """Patient, study, series, frame of reference and equipment modules."""
    from pydicom.dataset import Dataset, FileMetaDataset  # lazy: heavy import
    from pydicom.uid import UID

    d = Dataset()
    d.SpecificCharacterSet = "ISO_IR 192"
    d.SOPClassUID = UID(CT_IMAGE_STORAGE if header.modality == "CT" else MR_IMAGE_STORAGE)
    d.file_meta = FileMetaDataset()
    d.file_meta.MediaStorageSOPClassUID = d.SOPClassUID
    d.file_meta.TransferSyntaxUID = UID(EXPLICIT_LITTLE_ENDIAN)
    d.file_meta.ImplementationClassUID = UID("2.25." + str(int(hashlib.sha256(b"spinemets").hexdigest()[:30], 16)))
    d.file_meta.ImplementationVersionName = "SPINEMETS"
    d.PatientName, d.PatientID, d.PatientBirthDate = header.patient_name, header.patient_id, ""
    d.PatientSex = header.patient_sex
    d.PatientAge = f"{round(header.patient_age_years):03d}Y"
    if header.patient_size_m is not None:
        d.PatientSize = _decimal(header.patient_size_m)
    if header.patient_weight_kg is not None:
        d.PatientWeight = _decimal(header.patient_weight_kg)
    d.StudyInstanceUID, d.StudyDate, d.StudyTime = header.study_uid, header.study_date, header.study_time
    d.ReferringPhysicianName, d.StudyID, d.AccessionNumber = "", "1", ""
    d.StudyDescription = header.study_description
    d.Modality, d.SeriesInstanceUID, d.SeriesNumber = header.modality, header.series_uid, header.series_number
    d.SeriesDate, d.SeriesTime, d.SeriesDescription = header.study_date, header.study_time, header.series_description
    d.AcquisitionDate = d.ContentDate = header.study_date
    d.AcquisitionTime = d.ContentTime = header.study_time
    d.BodyPartExamined, d.PatientPosition = header.body_part, "HFS"
    d.FrameOfReferenceUID, d.PositionReferenceIndicator = header.frame_of_reference_uid, ""
    d.Manufacturer, d.ManufacturerModelName = header.manufacturer, header.model
    d.SoftwareVersions, d.DeviceSerialNumber = header.software, "0"
    d.ImageType, d.AcquisitionNumber = list(header.image_type), 1
    d.ImageComments, d.SliceThickness = header.comments, _decimal(header.slice_thickness_mm)
    d.BurnedInAnnotation, d.LossyImageCompression = "NO", "00"
    return d


def _pixel_module(d: Dataset, volume: Volume, header: ImageHeader) -> None:
    """Image plane and image pixel attributes that all slices share."""
    n_i, n_j, _ = volume.grid.shape_ijk
    d.Rows, d.Columns = n_j, n_i
    d.PixelSpacing = [_decimal(volume.grid.spacing_mm[1]), _decimal(volume.grid.spacing_mm[0])]
    axes = volume.grid.axes
    d.ImageOrientationPatient = [_decimal(v) for v in (*axes[:, 0], *axes[:, 1])]
    d.SamplesPerPixel, d.PhotometricInterpretation = 1, "MONOCHROME2"
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 12, 11, 0
    if int(volume.array.max()) - (CT_INTERCEPT if header.modality == "CT" else 0) > 4095:
        d.BitsStored, d.HighBit = 16, 15


def _ct(d: Dataset, header: ImageHeader) -> None:
    """CT image module and a bone window."""
    d.RescaleIntercept, d.RescaleSlope, d.RescaleType = str(CT_INTERCEPT), "1", "HU"
    d.KVP = "" if header.kvp is None else _decimal(header.kvp)
    d.ConvolutionKernel = header.kernel or ""
    if header.tube_current_ma is not None:
        d.XRayTubeCurrent = header.tube_current_ma
    if header.exposure_ms is not None:
        d.ExposureTime = header.exposure_ms
    d.GantryDetectorTilt = "0"
    centre, width = WINDOWS["bone"]
    d.WindowCenter, d.WindowWidth = _decimal(centre), _decimal(width)


def _mr(d: Dataset, header: ImageHeader) -> None:
    """MR image module."""
    d.ScanningSequence, d.SequenceVariant = list(header.scanning_sequence), list(header.sequence_variant)
    d.ScanOptions, d.MRAcquisitionType = list(header.scan_options), "2D"
    d.RepetitionTime = "" if header.tr_ms is None else _decimal(header.tr_ms)
    d.EchoTime = "" if header.te_ms is None else _decimal(header.te_ms)
    d.EchoTrainLength = 1 if header.echo_train_length is None else header.echo_train_length
    for keyword, value in (
        ("InversionTime", header.ti_ms),
        ("FlipAngle", header.flip_deg),
        ("MagneticFieldStrength", header.field_t),
        ("PixelBandwidth", header.bandwidth_hz_per_px),
    ):
        if value is not None:
            setattr(d, keyword, _decimal(value))
    if header.field_t is not None:
        d.ImagingFrequency, d.ImagedNucleus = _decimal(42.577478518 * header.field_t), "1H"
    if header.phase_direction is not None:
        d.InPlanePhaseEncodingDirection = header.phase_direction
    d.NumberOfAverages = "1"


def _slice(base: Dataset, volume: Volume, pixels: np.ndarray, k: int) -> Dataset:
    """Data set of slice k: position, numbers, pixels."""
    from pydicom.dataset import Dataset, FileMetaDataset  # lazy: heavy import
    from pydicom.uid import UID

    d = Dataset(base)
    instance = UID(_instance_uid(base.SeriesInstanceUID, k))
    d.file_meta = FileMetaDataset(base.file_meta)
    d.file_meta.MediaStorageSOPInstanceUID = d.SOPInstanceUID = instance
    position = volume.grid.to_lps_mm(np.array([0.0, 0.0, float(k)]))
    normal = volume.grid.axes[:, 2]
    d.InstanceNumber = k + 1
    d.ImagePositionPatient = [_decimal(v) for v in position]
    d.SliceLocation = _decimal(float(position @ normal))
    low, high = np.percentile(pixels, (1, 99.5))
    if base.Modality == "MR":
        d.WindowCenter, d.WindowWidth = _decimal((low + high) / 2), _decimal(max(high - low, 1.0))
    d.SmallestImagePixelValue = int(pixels.min())
    d.LargestImagePixelValue = int(pixels.max())
    d.PixelData = np.ascontiguousarray(pixels).tobytes()
    return d


def _instance_uid(series_uid: str, k: int) -> str:
    """UID of an instance from its series and place."""
    digest = hashlib.sha256(f"{series_uid}/{k}".encode()).digest()
    return f"2.25.{int.from_bytes(digest[:15], 'big')}"
