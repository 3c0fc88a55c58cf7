"""Folders of DICOM files for the reading benchmark: a CT, the same in compressed syntaxes, the reference series unpacked."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SIZE, SLICE_MM = 512, 1.25
EXPLICIT = "1.2.840.10008.1.2.1"


def slices(n: int) -> np.ndarray:
    """A body of soft tissue with a ring of bone and noise of 12 HU: compresses like a CT, about 2.5 to 1."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    inside = ((columns - 256) / 200) ** 2 + ((rows - 256) / 140) ** 2 < 1
    bone = np.abs(np.hypot(columns - 256, rows - 330) - 30) < 8
    image = np.where(bone, 700, np.where(inside, 40, -1000))
    noise = np.random.default_rng(0).normal(0, 12, (n, SIZE, SIZE))
    return np.clip(image + noise * inside + 1024, 0, 4095).astype(np.uint16)


def write_ct(
    folder: Path, n: int, compressed: Callable[[np.ndarray, Any], bytes] | None = None, syntax: str = EXPLICIT
) -> Path:
    """Write a CT of n slices, each file with the header elements a scanner writes for geometry and scale."""
    from pydicom.uid import generate_uid

    folder.mkdir(parents=True)
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    for k, image in enumerate(slices(n)):
        dataset = _slice(k, image, (study, series, frame))
        if compressed is not None:
            from pydicom.encaps import encapsulate

            dataset.PixelData = encapsulate([compressed(image, dataset)])
            dataset["PixelData"].is_undefined_length = True
            dataset["PixelData"].VR = "OB"
            dataset.file_meta.TransferSyntaxUID = syntax
        dataset.save_as(folder / f"{k:04d}.dcm", enforce_file_format=True)
    return folder


def _slice(k: int, image: np.ndarray, uids: tuple[str, str, str]) -> Any:
    import pydicom
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import generate_uid

    dataset = pydicom.Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = EXPLICIT
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = generate_uid()
    dataset.Modality, dataset.PatientID, dataset.SeriesNumber, dataset.InstanceNumber = "CT", "synthetic", 1, k + 1
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.FrameOfReferenceUID = uids
    dataset.ImagePositionPatient, dataset.ImageOrientationPatient = [-180, -180, SLICE_MM * k], [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing, dataset.SliceThickness, dataset.KVP = [0.703, 0.703], SLICE_MM, 120
    dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = 1, -1024, "HU"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns, dataset.BitsAllocated = SIZE, SIZE, 16
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 12, 11, 0
    dataset.PixelData = image.tobytes()
    dataset["PixelData"].VR = "OW"
    return dataset


def _jpeg_lossless(image: np.ndarray, dataset: Any) -> bytes:
    """By gdcm, which encodes whole files."""
    import gdcm
    import pydicom
    from pydicom.encaps import generate_frames

    with tempfile.TemporaryDirectory() as name:
        raw, packed = Path(name) / "raw", Path(name) / "packed"
        dataset.save_as(raw, enforce_file_format=True)
        reader = gdcm.ImageReader()
        reader.SetFileName(str(raw))
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGLosslessProcess14_1))
        if not reader.Read():
            raise RuntimeError("gdcm cannot read the slice")
        change.SetInput(reader.GetImage())
        writer = gdcm.ImageWriter()
        writer.SetFileName(str(packed))
        if not change.Change():
            raise RuntimeError("gdcm cannot encode the slice")
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        if not writer.Write():
            raise RuntimeError("gdcm cannot write the slice")
        return next(generate_frames(pydicom.dcmread(packed).PixelData, number_of_frames=1))


def _jpeg_ls(image: np.ndarray, dataset: Any) -> bytes:
    import jpeg_ls

    return bytes(jpeg_ls.encode_array(image))


def _jpeg_2000(image: np.ndarray, dataset: Any) -> bytes:
    from openjpeg.utils import encode_array

    return bytes(encode_array(image, bits_stored=12))


def _rle(image: np.ndarray, dataset: Any) -> bytes:
    from rle.rle import encode_frame

    return bytes(encode_frame(image.tobytes(), *image.shape, 1, 16, "<"))


COMPRESSED = {
    "JPEG lossless": ("1.2.840.10008.1.2.4.70", _jpeg_lossless),
    "JPEG-LS": ("1.2.840.10008.1.2.4.80", _jpeg_ls),
    "JPEG 2000 lossless": ("1.2.840.10008.1.2.4.90", _jpeg_2000),
    "RLE": ("1.2.840.10008.1.2.5", _rle),
}


def unpacked(archives: list[Path], folder: Path) -> list[Path]:
    """Each archive into a folder of its own."""
    found = []
    for archive in archives:
        place = folder / f"{archive.parent.name}-{archive.stem}"
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(place)
        found.append(place)
    return found
