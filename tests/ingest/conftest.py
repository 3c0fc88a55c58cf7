"""Builders: small DICOM series, multi-frame objects and NIfTI files written by the tests themselves."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

CT_CLASS, MR_CLASS = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
EXPLICIT = "1.2.840.10008.1.2.1"


def base_dataset(syntax: str, sop_class: str):
    """A file with meta information and nothing else."""
    import pydicom
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import generate_uid

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset = pydicom.Dataset()
    dataset.file_meta = meta
    dataset.SOPClassUID = sop_class
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    return dataset


def describe_pixels(dataset, array: np.ndarray, stored_bits: int | None = None) -> None:
    """Image pixel module of one or several frames."""
    bits = array.dtype.itemsize * 8
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = array.shape[-2:]
    dataset.BitsAllocated, dataset.BitsStored = bits, stored_bits or bits
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(array.dtype.kind == "i")
    dataset.PixelData = array.tobytes() + b"\0" * (array.nbytes % 2)
    if bits == 8:
        dataset["PixelData"].VR = "OB"


@pytest.fixture
def write_image():
    """Write one classic image; `extra` sets or (with None) removes elements by keyword."""

    def write(path: Path, array: np.ndarray, position=(0.0, 0.0, 0.0), syntax: str = EXPLICIT, **extra) -> Path:
        modality = extra.get("Modality", "CT")
        dataset = base_dataset(syntax, MR_CLASS if modality == "MR" else CT_CLASS)
        values = {
            "Modality": "CT", "PatientID": "P1", "PatientName": "Somebody^Secret", "PatientSex": "F",
            "PatientAge": "061Y", "StudyDate": "20240102", "StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.4",
            "SeriesNumber": 4, "InstanceNumber": 1, "FrameOfReferenceUID": "1.2.3.9",
            "ImagePositionPatient": [float(f"{v:.10g}") for v in position],
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "PixelSpacing": [0.5, 0.5], "SliceThickness": 2.0,
        }  # fmt: skip
        if modality == "CT":
            values |= {"RescaleSlope": 1, "RescaleIntercept": -1024, "KVP": 120}
        describe_pixels(dataset, array, extra.pop("stored_bits", None))
        for keyword, value in (values | extra).items():
            if value is not None:
                setattr(dataset, keyword, value)
            elif keyword in dataset:
                delattr(dataset, keyword)
        dataset.save_as(path, enforce_file_format=True)
        return path

    return write


@pytest.fixture
def write_series(write_image):
    """Write a stack: `positions` (n, 3), array (n, rows, columns); file names do not follow the order of slices."""

    def write(folder: Path, array: np.ndarray, positions, seed: int = 0, **extra) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        names = np.random.default_rng(seed).permutation(len(array))
        for k, (image, position) in enumerate(zip(array, positions, strict=True)):
            name = f"IM{names[k]:04d}"
            write_image(folder / name, image, tuple(position), **({"InstanceNumber": int(names[k]) + 1} | extra))
        return folder

    return write


@pytest.fixture
def axial_positions():
    """Positions of an axial stack along z."""

    def build(*z_mm: float, x_mm: float = 0.0, y_mm: float = 0.0) -> list[tuple[float, float, float]]:
        return [(x_mm, y_mm, z) for z in z_mm]

    return build


@pytest.fixture
def write_multiframe():
    """Write an enhanced MR object; `frames` gives per frame: position and any of echo_ms, b, slope, intercept, index."""
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence

    def item(**values) -> Dataset:
        dataset = Dataset()
        for keyword, value in values.items():
            setattr(dataset, keyword, value)
        return dataset

    def write(path: Path, array: np.ndarray, frames: list[dict], orientation=(1, 0, 0, 0, 1, 0)) -> Path:
        dataset = base_dataset(EXPLICIT, ENHANCED_MR)
        dataset.Modality, dataset.PatientID = "MR", "P1"
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3", "1.2.3.5"
        dataset.SeriesNumber, dataset.NumberOfFrames = 5, len(array)
        dataset.FrameOfReferenceUID, dataset.MagneticFieldStrength = "1.2.3.9", 1.5
        describe_pixels(dataset, array)
        shared = Dataset()
        shared.PlaneOrientationSequence = Sequence([item(ImageOrientationPatient=list(orientation))])
        shared.PixelMeasuresSequence = Sequence([item(PixelSpacing=[0.5, 0.75], SliceThickness=3.0)])
        shared.MRTimingAndRelatedParametersSequence = Sequence(
            [item(RepetitionTime=500.0, FlipAngle=90.0, EchoTrainLength=1)]
        )
        dataset.SharedFunctionalGroupsSequence = Sequence([shared])
        groups = []
        for frame in frames:
            group = Dataset()
            group.PlanePositionSequence = Sequence([item(ImagePositionPatient=list(frame["position"]))])
            if "echo_ms" in frame:
                group.MREchoSequence = Sequence([item(EffectiveEchoTime=frame["echo_ms"])])
            if "b" in frame:
                group.MRDiffusionSequence = Sequence([item(DiffusionBValue=frame["b"])])
            if "slope" in frame:
                transformation = item(
                    RescaleSlope=frame["slope"], RescaleIntercept=frame.get("intercept", 0), RescaleType="US"
                )
                group.PixelValueTransformationSequence = Sequence([transformation])
            if "index" in frame:
                group.FrameContentSequence = Sequence([item(DimensionIndexValues=frame["index"])])
            groups.append(group)
        dataset.PerFrameFunctionalGroupsSequence = Sequence(groups)
        if "index" in frames[0]:
            pointers = (0x00209057, 0x00189073)  # in-stack position, acquisition duration as a made-up dimension
            dataset.DimensionIndexSequence = Sequence([item(DimensionIndexPointer=p) for p in pointers])
        dataset.save_as(path, enforce_file_format=True)
        return path

    return write


@pytest.fixture
def write_nifti():
    """Write a NIfTI file byte by byte; `sform`, `qform` = (RAS affine, code), by default the affine with code 1."""
    import nibabel as nib

    def write(path: Path, array: np.ndarray, affine: np.ndarray, sform=None, qform=None) -> Path:
        header = nib.Nifti1Header()
        header.set_data_dtype(array.dtype)
        header.set_data_shape(array.shape)
        zooms = np.linalg.norm(affine[:3, :3], axis=0)
        header.set_zooms((*zooms[: array.ndim], *[1.0] * (array.ndim - 3)))
        header.set_qform(*(qform or (affine, 1)), strip_shears=True)
        header.set_sform(*(sform or (affine, 1)))
        header["magic"], header["vox_offset"] = b"n+1", 352
        data = header.binaryblock + bytes(4) + array.tobytes(order="F")
        path.write_bytes(gzip.compress(data, 1) if path.name.endswith(".gz") else data)
        return path

    return write


@pytest.fixture
def noise():
    """Deterministic unsigned 12-bit values."""

    def build(*shape: int, seed: int = 0) -> np.ndarray:
        return np.random.default_rng(seed).integers(0, 3000, shape).astype(np.uint16)

    return build


@pytest.fixture
def csa_header():
    """A Siemens CSA header with these fields, each padded with empty items to six as scanners do; either form."""
    import struct

    spare = 6

    def build(fields: dict[str, tuple[str, ...]], *, older: bool = False) -> bytes:
        out = b"" if older else b"SV10\x04\x03\x02\x01"
        out += struct.pack("<II", len(fields), 77)
        for name, texts in fields.items():
            items = [text.encode() + b"\0" for text in texts] + [b""] * (spare - len(texts))
            out += struct.pack("<64si4siii", name.encode(), len(texts), b"FD\0\0", 4, len(items), 77)
            for item in items:
                length = len(item) + (spare if older else 0)
                out += (
                    struct.pack("<4i", length, 205 if older else len(item), 77, length)
                    + item
                    + b"\0" * (-len(item) % 4)
                )
        return out

    return build


@pytest.fixture
def write_nuclear():
    """Write a nuclear medicine object; `detectors` = values of each detector's item; `extra` sets elements by keyword."""
    import pydicom

    def item(values: dict) -> pydicom.Dataset:
        found = pydicom.Dataset()
        for keyword, value in values.items():
            setattr(found, keyword, value)
        return found

    def write(path: Path, array: np.ndarray, kind: str, detectors: list[dict] | None = None, **extra) -> Path:
        dataset = base_dataset(EXPLICIT, "1.2.840.10008.5.1.4.1.1.20")
        values = {
            "Modality": "NM", "PatientID": "P1", "StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.7",
            "SeriesNumber": 7, "ImageType": ["ORIGINAL", "PRIMARY", kind, "EMISSION"], "FrameOfReferenceUID": "1.2.3.9",
            "NumberOfFrames": len(array), "PixelSpacing": [4.0, 4.0],
        }  # fmt: skip
        describe_pixels(dataset, array)
        dataset.DetectorInformationSequence = [item(values) for values in detectors or [{}]]
        for keyword, value in (values | extra).items():
            if isinstance(value, list) and value and isinstance(value[0], dict):
                value = [item(one) for one in value]  # noqa: PLW2901
            setattr(dataset, keyword, value)
        dataset.save_as(path, enforce_file_format=True)
        return path

    return write
