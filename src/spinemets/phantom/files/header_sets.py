"""Case `hdr-vendors`: one spine protocol with the headers of several makers, and what each series truly is.

The pictures are empty: these series test what a reader makes of headers, and of headers with elements missing. Vendor
behaviour is a flag, not a claim: every file says that it is simulated and comes from the digital spine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.patient import uid

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

CASE = "hdr-vendors"
ABOUT = "headers of one protocol as three makers write them, pictures empty: for recognition tests"
CLASSES = {"MR": "1.2.840.10008.5.1.4.1.1.4", "CT": "1.2.840.10008.5.1.4.1.1.2", "PT": "1.2.840.10008.5.1.4.1.1.128"}
EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
N_SLICES, SIDE = 5, 16
PIXEL_MM, STEP_MM = 10.0, 4.4
# Row and column directions of a sagittal, a coronal and an axial picture, LPS.
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
NOT_HEADERS = frozenset({"b", "component"})


@dataclass(frozen=True, kw_only=True)
class HeaderSet:
    """Headers of one series.

    Attributes
    ----------
    name, vendor
        Sequence of the table `phantom_headers` and maker.
    kind
        What the series truly is.
    modality
        DICOM modality.
    images
        Header fields by DICOM keyword, one mapping a volume of the series; `b` is a b-value [s/mm2].
    step_s
        Time between the volumes, 0 where time is not what varies.
    planes
        Number of directions (a planning image has three).
    """

    name: str
    vendor: str
    kind: str
    modality: str
    images: tuple[Mapping[str, Any], ...]
    step_s: float = 0.0
    planes: int = 1


def vendors() -> tuple[str, ...]:
    """Makers of the table."""
    return tuple(table("phantom_headers")["vendors"])


def header_sets(vendor: str) -> list[HeaderSet]:
    """All series of one maker.

    Raises
    ------
    KeyError
        If the table holds no such maker.
    """
    rows = table("phantom_headers")
    maker = rows["vendors"][vendor]
    return [_set(name, vendor, maker, row) for name, row in rows["sequences"].items()]


def _set(name: str, vendor: str, maker: Mapping[str, Any], row: Mapping[str, Any]) -> HeaderSet:
    fields: dict[str, Any] = {"MagneticFieldStrength": 1.5} if row.get("modality", "MR") == "MR" else {}
    fields = {**fields, "BodyPartExamined": "LSPINE", **maker, **row["all"], **row[vendor]}
    varying = row.get("images", [{}])
    repeats = row.get("repeats", {"n": 1, "step_s": 0.0})
    images = []
    for one in varying * repeats["n"]:
        own = {**fields, **one}
        if "component" in own:
            own["ImageType"] = row["components"][vendor][own.pop("component")]
        images.append(own)
    return HeaderSet(
        name=name, vendor=vendor, kind=row["kind"], modality=row.get("modality", "MR"), images=tuple(images),
        step_s=float(repeats["step_s"]), planes=row.get("planes", 1),
    )  # fmt: skip


def data_sets(header_set: HeaderSet, number: int = 1) -> Iterator[Dataset]:
    """DICOM data sets of a series, one a slice: position, empty picture, and the maker's header."""
    instance = 0
    for volume, fields in enumerate(header_set.images):
        for k in range(N_SLICES * header_set.planes):
            instance += 1
            dataset = _frame(header_set, number, instance)
            _place(dataset, header_set, k)
            _dress(dataset, header_set, fields, volume)
            yield dataset


def _frame(one: HeaderSet, number: int, instance: int) -> Dataset:
    """What every file holds: identity, class, and an empty picture."""
    from pydicom.dataset import Dataset, FileMetaDataset  # lazy: heavy import
    from pydicom.uid import UID

    d = Dataset()
    d.file_meta = FileMetaDataset()
    d.file_meta.TransferSyntaxUID = UID(EXPLICIT_LITTLE_ENDIAN)
    d.file_meta.MediaStorageSOPClassUID = d.SOPClassUID = UID(CLASSES[one.modality])
    d.SOPInstanceUID = UID(uid(CASE, one.vendor, one.name, str(instance)))
    d.file_meta.MediaStorageSOPInstanceUID = d.SOPInstanceUID
    d.SpecificCharacterSet = "ISO_IR 192"
    d.PatientName, d.PatientID = f"SYNTHETIC^{CASE}", f"SYNTHETIC-{CASE}"
    d.StudyInstanceUID, d.StudyDate, d.StudyTime = uid(CASE, one.vendor, "study"), "20200101", "120000"
    d.SeriesInstanceUID = uid(CASE, one.vendor, one.name)
    d.FrameOfReferenceUID = uid(CASE, one.vendor, "frame")
    d.Modality, d.SeriesNumber, d.InstanceNumber = one.modality, number, instance
    d.ManufacturerModelName, d.ImageComments = "digital spine", "simulated, not a patient"
    d.SamplesPerPixel, d.PhotometricInterpretation, d.Rows, d.Columns = 1, "MONOCHROME2", SIDE, SIDE
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 12, 11, 0
    d.PixelData = np.zeros((SIDE, SIDE), "<u2").tobytes()
    return d


def _place(d: Dataset, one: HeaderSet, k: int) -> None:
    """A sagittal stack (axial for CT and PET); a planning image has three directions."""
    plane, place = divmod(k, N_SLICES)
    directions = (SAGITTAL, CORONAL, AXIAL) if one.modality == "MR" else (AXIAL, CORONAL, SAGITTAL)
    direction = np.array(directions[plane])
    normal = np.cross(direction[:3], direction[3:])
    corner = -direction[:3] * PIXEL_MM * SIDE / 2 - direction[3:] * PIXEL_MM * SIDE / 2
    d.ImageOrientationPatient = [f"{v:g}" for v in direction]
    d.ImagePositionPatient = [f"{v:.4f}" for v in corner + normal * STEP_MM * place]
    d.PixelSpacing, d.SliceThickness = [f"{PIXEL_MM:g}"] * 2, "4"
    d.PatientPosition = "HFS"


def _dress(d: Dataset, one: HeaderSet, fields: Mapping[str, Any], volume: int) -> None:
    """The maker's header of one volume."""
    for keyword, value in fields.items():
        if keyword not in NOT_HEADERS:
            setattr(d, keyword, value)
    seconds = 12 * 3600 + one.step_s * volume
    whole = int(seconds)
    d.AcquisitionDate = d.SeriesDate = "20200101"
    d.SeriesTime = "120000"
    d.AcquisitionTime = f"{whole // 3600:02d}{whole % 3600 // 60:02d}{whole % 60:02d}.{round(seconds % 1 * 1000):03d}"
    if one.step_s:
        d.TemporalPositionIdentifier, d.NumberOfTemporalPositions = volume + 1, len(one.images)
    if one.modality in ("CT", "PT"):
        d.RescaleSlope, d.RescaleIntercept = "1", "-1024" if one.modality == "CT" else "0"
    if one.modality == "CT":
        d.RescaleType = "HU"
    if "b" in fields:
        _weight(d, one.vendor, float(fields["b"]))


def _weight(d: Dataset, vendor: str, b_s_per_mm2: float) -> None:
    """The b-value where this maker writes it."""
    if vendor == "siemens":
        d.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "IS", f"{b_s_per_mm2:.0f}")
    elif vendor == "ge":
        value = [f"{1_000_000_000 + b_s_per_mm2:.0f}", "8", "0", "0"]
        d.private_block(0x0043, "GEMS_PARM_01", create=True).add_new(0x39, "IS", value)
    else:
        block = d.private_block(0x2001, "Philips Imaging DD 001", create=True)
        block.add_new(0x03, "FL", b_s_per_mm2)
        block.add_new(0x13, "SL", int(d.EchoTrainLength))  # echo planar factor: the readout is told by nothing else


def write_header_sets(folder: Path) -> dict[str, Path]:
    """Write the series of every maker below `folder`, one study a maker, and `truth.json` with what each truly is.

    Returns
    -------
    dict
        Maker -> folder of its study.
    """
    from spinemets.exports.atomic import write_text

    truth: dict[str, dict[str, str]] = {}
    made: dict[str, Path] = {}
    for vendor in vendors():
        made[vendor] = Path(folder) / vendor
        for number, one in enumerate(header_sets(vendor), start=1):
            target = made[vendor] / f"{number:02d}-{one.name}"
            target.mkdir(parents=True, exist_ok=True)
            for n, dataset in enumerate(data_sets(one, number), start=1):
                dataset.save_as(target / f"IM{n:04d}.dcm", enforce_file_format=True)
            truth.setdefault(vendor, {})[str(one.name)] = one.kind
    write_text(Path(folder) / "truth.json", json.dumps({"case": CASE, "kinds": truth}, indent=1) + "\n")
    return made
