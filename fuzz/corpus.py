"""Good and odd files that the mutator starts from: made here, and, where they are at hand, real ones.

What is made here needs nothing but the repository, so that a run means the same in anybody's clone.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spinemets.phantom.files import header_sets

MAX_SAMPLE_BYTES = 1 << 20
REAL_FOLDERS = ("dicom-robustness", "dicom-objects", "dicom-singles-spine", "dicom-nema-wg04")
TARS = ("dicom-robustness/large.tar.xz", "dicom-robustness/dicomdirtests.tar.xz")
CLASSES = {
    "CT": "1.2.840.10008.5.1.4.1.1.2", "MR": "1.2.840.10008.5.1.4.1.1.4", "PT": "1.2.840.10008.5.1.4.1.1.128",
    "NM": "1.2.840.10008.5.1.4.1.1.20", "CR": "1.2.840.10008.5.1.4.1.1.1", "EMR": "1.2.840.10008.5.1.4.1.1.4.1",
    "SR": "1.2.840.10008.5.1.4.1.1.88.11",
}  # fmt: skip
# Syntax by name, and the encoder that pydicom is asked to use ("" = none needed).
SYNTAXES = {
    "implicit": ("1.2.840.10008.1.2", ""), "explicit": ("1.2.840.10008.1.2.1", ""),
    "deflated": ("1.2.840.10008.1.2.1.99", ""), "big-endian": ("1.2.840.10008.1.2.2", ""),
    "rle": ("1.2.840.10008.1.2.5", "pydicom"), "jpeg-ls": ("1.2.840.10008.1.2.4.80", "pyjpegls"),
    "jpeg-2000": ("1.2.840.10008.1.2.4.90", "pylibjpeg"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A file to start from."""

    name: str
    data: bytes


def gather(shared: Path | None = None) -> list[Sample]:
    """The whole corpus in a fixed order; real files only where their folder is given and there."""
    found = [*made(), *(real(shared) if shared is not None else ())]
    return [sample for sample in found if 0 < len(sample.data) <= MAX_SAMPLE_BYTES]


def made() -> list[Sample]:
    """Files made here: every syntax, every kind of object, vendors' headers, NIfTI, side files and archives."""
    files = [*_images(), *_vendors(), *_objects(), *_niftis(), *_side_files()]
    return [*files, *_archives({sample.name: sample.data for sample in files})]


def real(shared: Path) -> Iterator[Sample]:
    """Real files, used in place."""
    for folder in REAL_FOLDERS:
        for path in sorted((shared / folder).rglob("*")):
            if path.is_file() and path.suffix not in (".tsv", ".xz") and path.stat().st_size <= MAX_SAMPLE_BYTES:
                yield Sample(name=path.relative_to(shared).as_posix(), data=path.read_bytes())
    for name in TARS:
        if (shared / name).is_file():
            with tarfile.open(shared / name) as archive:
                for member in archive:
                    stream = archive.extractfile(member) if member.size <= MAX_SAMPLE_BYTES else None
                    if stream is not None:
                        yield Sample(name=member.name, data=stream.read())


def image(kind: str, array: np.ndarray, syntax: str = "explicit", **elements: Any) -> bytes:
    """One DICOM file; `elements` by keyword."""
    import pydicom
    from pydicom.dataset import FileMetaDataset

    dataset = pydicom.Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = SYNTAXES["explicit"][0]
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = CLASSES[kind]
    dataset.SOPInstanceUID = elements.pop("SOPInstanceUID", "1.2.3.4.5")
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    standard = {
        "Modality": kind[-2:], "PatientID": "FUZZ", "PatientAge": "061Y", "StudyInstanceUID": "1.2.3",
        "SeriesInstanceUID": "1.2.3.4", "SeriesNumber": 4, "InstanceNumber": 1, "FrameOfReferenceUID": "1.2.3.9",
        "ImagePositionPatient": [0, 0, 0], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "PixelSpacing": [0.5, 0.5],
        "SliceThickness": 2, "RescaleSlope": 1, "RescaleIntercept": -1024, "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2", "SeriesDescription": "SAG T2 LSPINE",
    }  # fmt: skip
    pixels = elements.pop("PixelData", array.tobytes())
    for keyword, value in (standard | elements).items():
        setattr(dataset, keyword, value)
    dataset.Rows, dataset.Columns = array.shape[-2:]
    bits = array.dtype.itemsize * 8
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, min(bits, 12), min(bits, 12) - 1
    dataset.PixelRepresentation = 0
    dataset.PixelData = pixels
    return _encoded(dataset, syntax)


def _encoded(dataset: Any, syntax: str) -> bytes:
    uid, plugin = SYNTAXES[syntax]
    out = io.BytesIO()
    if plugin:
        dataset.compress(uid, encoding_plugin=plugin, generate_instance_uid=False)
    elif syntax == "big-endian":
        dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").byteswap().tobytes()
    dataset.file_meta.TransferSyntaxUID = uid
    dataset.save_as(out, enforce_file_format=True)
    return out.getvalue()


def _pixels(*shape: int, dtype: str = "<u2") -> np.ndarray:
    return np.random.default_rng(len(shape)).integers(0, 250 if dtype == "u1" else 4000, shape).astype(dtype)


def _images() -> Iterator[Sample]:
    for syntax in SYNTAXES:
        yield Sample(name=f"ct-{syntax}.dcm", data=image("CT", _pixels(40, 32), syntax, KVP=120))
    for k in range(4):
        place = {"ImagePositionPatient": [0, 0, 2 * k], "InstanceNumber": k + 1, "SOPInstanceUID": f"1.2.3.4.{k}"}
        yield Sample(name=f"stack/IM{k}", data=image("CT", _pixels(16, 16), **place))
    for syntax in ("explicit", "big-endian", "deflated", "jpeg-ls", "rle"):
        yield Sample(name=f"enhanced-{syntax}.dcm", data=_enhanced(syntax))
    units = {"Units": "BQML", "DecayCorrection": "START", "SeriesTime": "120000", "AcquisitionTime": "120100"}
    yield Sample(name="pet.dcm", data=image("PT", _pixels(16, 16), **units))
    yield Sample(name="bone-scan.dcm", data=image("NM", _pixels(2, 32, 16), NumberOfFrames=2))
    yield Sample(name="radiograph.dcm", data=image("CR", _pixels(32, 16), PhotometricInterpretation="MONOCHROME1"))
    yield Sample(name="eight-bit.dcm", data=image("MR", _pixels(16, 16, dtype="u1"), EchoTime=90, RepetitionTime=3000))
    colour = {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0}
    yield Sample(name="colour.dcm", data=image("MR", _pixels(16, 16, dtype="u1"), PixelData=bytes(768), **colour))


def _enhanced(syntax: str, n: int = 4) -> bytes:
    from pydicom.dataset import Dataset

    def item(**values: Any) -> Dataset:
        made = Dataset()
        for keyword, value in values.items():
            setattr(made, keyword, value)
        return made

    frames = [
        item(
            PlanePositionSequence=[item(ImagePositionPatient=[0, 0, 3 * k])],
            MREchoSequence=[item(EffectiveEchoTime=90.0)],
            MRDiffusionSequence=[item(DiffusionBValue=400.0 * (k % 2), DiffusionDirectionality="ISOTROPIC")],
            PixelValueTransformationSequence=[item(RescaleSlope=1.5, RescaleIntercept=k, RescaleType="US")],
            FrameContentSequence=[item(DimensionIndexValues=[1, k + 1])],
        )
        for k in range(n)
    ]
    shared = item(
        PlaneOrientationSequence=[item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
        PixelMeasuresSequence=[item(PixelSpacing=[0.5, 0.75], SliceThickness=3)],
    )
    dimensions = [item(DimensionIndexPointer=0x00209057), item(DimensionIndexPointer=0x00189087)]
    return image(
        "EMR", _pixels(n, 16, 16), syntax, NumberOfFrames=n, PerFrameFunctionalGroupsSequence=frames,
        SharedFunctionalGroupsSequence=[shared], DimensionIndexSequence=dimensions,
    )  # fmt: skip


def _vendors() -> Iterator[Sample]:
    """One file of each sequence as each maker writes it."""
    for vendor in header_sets.vendors():
        for number, one in enumerate(header_sets.header_sets(vendor), start=1):
            out = io.BytesIO()
            next(iter(header_sets.data_sets(one, number))).save_as(out, enforce_file_format=True)
            yield Sample(name=f"{vendor}-{one.name}.dcm", data=out.getvalue())


def _objects() -> Iterator[Sample]:
    """Files without pixels."""
    import pydicom

    dataset = pydicom.dcmread(io.BytesIO(image("SR", _pixels(2, 2))))
    for keyword in ("PixelData", "Rows", "Columns", "ImagePositionPatient"):
        delattr(dataset, keyword)
    out = io.BytesIO()
    dataset.save_as(out)
    yield Sample(name="report.dcm", data=out.getvalue())
    yield Sample(name="no-preamble.dcm", data=image("CT", _pixels(16, 16))[132:])


def _niftis() -> Iterator[Sample]:
    for name, array in (
        ("t2.nii", _pixels(6, 7, 5).astype("<i2")),
        ("dwi.nii.gz", _pixels(6, 6, 4, 3).astype("<i2")),
        ("map.nii.gz", _pixels(6, 6, 4).astype("<f4")),
    ):
        data = nifti(array)
        yield Sample(name=name, data=gzip.compress(data, mtime=0) if name.endswith("gz") else data)


def nifti(array: np.ndarray) -> bytes:
    """One NIfTI-1 file of 2 mm voxels."""
    import nibabel

    header = nibabel.Nifti1Header()
    header.set_data_dtype(array.dtype)
    header.set_data_shape(array.shape)
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    header.set_qform(affine, 1)
    header.set_sform(affine, 1)
    header["magic"], header["vox_offset"] = b"n+1", 352
    return bytes(header.binaryblock) + bytes(4) + array.tobytes(order="F")


def _side_files() -> Iterator[Sample]:
    facts = {"Modality": "MR", "EchoTime": 0.09, "RepetitionTime": 3.0, "SeriesDescription": "SAG T2", "FlipAngle": 90}
    yield Sample(name="t2.json", data=json.dumps(facts).encode())
    yield Sample(name="dwi.json", data=json.dumps(facts | {"SeriesDescription": "DWI"}).encode())
    yield Sample(name="dwi.bval", data=b"0 400 800\n")
    yield Sample(name="dwi.bvec", data=b"0 1 0\n0 0 1\n0 0 0\n")


def _archives(files: dict[str, bytes]) -> Iterator[Sample]:
    chosen = {name: files[name] for name in ("stack/IM0", "stack/IM1", "ct-rle.dcm", "t2.nii", "t2.json")}
    inner = zipped(chosen)
    yield Sample(name="study.zip", data=inner)
    packed, tar = gzip.compress(files["ct-rle.dcm"], mtime=0), tarred(chosen)
    yield Sample(name="nested.zip", data=zipped({"inner.zip": inner, "one.dcm.gz": packed, "more.tar": tar}))
    yield Sample(name="study.tar", data=tar)
    # no time of day in it: the same bytes each time
    yield Sample(name="study.tar.gz", data=gzip.compress(tar, mtime=0))
    yield Sample(name="study.tar.xz", data=lzma.compress(tar))
    yield Sample(name="study.tar.bz2", data=bz2.compress(tar))
    yield Sample(name="one.dcm.gz", data=packed)


def tarred(files: dict[str, bytes]) -> bytes:
    """A tar of those files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip of those files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()
