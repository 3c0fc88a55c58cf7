"""Trials of DICOM reading for `house.dicom_support`: files made here, and real files."""

from __future__ import annotations

import io
import tarfile
import warnings
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import UID, generate_uid

from spinemets.ingest.read import read
from spinemets.knowledge import dialects
from spinemets.model.errors import SpinemetsError
from spinemets.model.series import Series

CLASSES = {
    "1.2.840.10008.5.1.4.1.1.2": "CT",
    "1.2.840.10008.5.1.4.1.1.2.1": "Enhanced CT",
    "1.2.840.10008.5.1.4.1.1.4": "MR",
    "1.2.840.10008.5.1.4.1.1.4.1": "Enhanced MR",
    "1.2.840.10008.5.1.4.1.1.4.3": "Enhanced MR Color",
    "1.2.840.10008.5.1.4.1.1.128": "PET",
    "1.2.840.10008.5.1.4.1.1.130": "Enhanced PET",
    "1.2.840.10008.5.1.4.1.1.20": "NM",
    "1.2.840.10008.5.1.4.1.1.1": "CR",
    "1.2.840.10008.5.1.4.1.1.1.1": "DX",
    "1.2.840.10008.5.1.4.1.1.30": "Parametric map",
}
MODALITY = {"CT": "CT", "Enhanced CT": "CT", "MR": "MR", "Enhanced MR": "MR", "PET": "PT", "Enhanced PET": "PT",
            "NM": "NM", "CR": "CR", "DX": "DX"}  # fmt: skip
ENHANCED = frozenset({"Enhanced CT", "Enhanced MR", "Enhanced PET"})
PLANAR = frozenset({"NM", "CR", "DX"})
LOSSY_8 = frozenset({"1.2.840.10008.1.2.4.50"})
LOSSY = LOSSY_8 | {"1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91"}
NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2")
BY_PYDICOM = {
    "1.2.840.10008.1.2.4.80": "pyjpegls", "1.2.840.10008.1.2.4.81": "pyjpegls", "1.2.840.10008.1.2.4.90": "pylibjpeg",
    "1.2.840.10008.1.2.4.91": "pylibjpeg", "1.2.840.10008.1.2.5": "pydicom",
}  # fmt: skip
ENCAPSULATED = "1.2.840.10008.1.2.1.98"
BY_GDCM = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70")
ROWS, COLUMNS, N = 48, 64, 3
# Of a large archive only the first files are tried.
MOST_FILES = 200


class Outcome(Enum):
    """What became of a trial."""

    EQUAL = "equal"
    LOSSY = "lossy"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One file that was tried. `maker` is None for a file made here."""

    sop_class: str
    syntax: str
    outcome: Outcome
    maker: str | None = None
    reason: str = ""


def made(folder: Path) -> list[Trial]:
    """All pairs of storage class and syntax that can be written here."""
    found: list[Trial] = []
    for sop_class, name in CLASSES.items():
        if name not in MODALITY:
            continue
        for syntax in (*NATIVE, ENCAPSULATED, *BY_PYDICOM, *BY_GDCM):
            target = folder / f"made-{len(found)}"
            target.mkdir()
            truth = _write(target, sop_class, name, syntax)
            outcome = _compare(_values(target), truth, lossy=syntax in LOSSY)
            found.append(Trial(sop_class=sop_class, syntax=syntax, outcome=outcome, reason="values differ"))
    return found


def _picture(name: str, bits: int) -> NDArray[np.uint16]:
    """(N, rows, columns) smooth pictures with an edge, no two alike."""
    y, x = np.mgrid[:ROWS, :COLUMNS]
    smooth = (x + 2 * y)[None] * (1 + np.arange(N))[:, None, None]
    smooth[:, 4:10, 5:20] += 60
    scale = 1 if bits == 8 else 9
    values: NDArray[np.uint16] = np.clip(smooth * scale, 0, 2**bits - 1).astype(np.uint16)
    return values[:1] if name in ("CR", "DX") else values


def _write(folder: Path, sop_class: str, name: str, syntax: str) -> NDArray[Any]:
    """Write one series; returns the stored values (n, rows, columns)."""
    bits = 8 if syntax in LOSSY_8 else 12
    values = _picture(name, bits)
    multi = name in ENHANCED or name == "NM"
    base = _header(sop_class, name, bits)
    for n, frames in enumerate([values] if multi else [values[k : k + 1] for k in range(len(values))]):
        dataset = deepcopy(base)
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid(
            entropy_srcs=[name, syntax, str(n)]
        )
        dataset.InstanceNumber = n + 1
        dataset.PixelData = frames.astype("<u1" if bits == 8 else "<u2").tobytes()
        _place(dataset, name, n, len(frames))
        _save(dataset, folder / f"{n}.dcm", syntax)
    return values


def _header(sop_class: str, name: str, bits: int) -> Dataset:
    d = Dataset()
    d.file_meta = FileMetaDataset()
    d.file_meta.MediaStorageSOPClassUID = d.SOPClassUID = UID(sop_class)
    d.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.1")
    d.Modality, d.PatientID = MODALITY[name], "made"
    d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = "2.25.1", "2.25.2", "2.25.3"
    d.SeriesNumber, d.ImageType = 1, ["ORIGINAL", "PRIMARY", "STATIC" if name == "NM" else "AXIAL"]
    d.SamplesPerPixel, d.PhotometricInterpretation, d.Rows, d.Columns = 1, "MONOCHROME2", ROWS, COLUMNS
    d.BitsAllocated, d.BitsStored = (8, 8) if bits == 8 else (16, 12)
    d.HighBit, d.PixelRepresentation = d.BitsStored - 1, 0
    d.SliceThickness, d.PixelSpacing = "2", ["1", "1"]
    if name in ("CT", "PET"):
        d.RescaleSlope, d.RescaleIntercept = "1", "0"
    return d


def _place(d: Dataset, name: str, n: int, frames: int) -> None:
    """Position, in the top level or frame by frame."""
    if name == "NM":
        d.NumberOfFrames, d.DetectorVector, d.NumberOfDetectors = frames, list(range(1, frames + 1)), frames
        d.FrameIncrementPointer = [0x00540020]
    elif name in ENHANCED:
        d.NumberOfFrames = frames
        d.SharedFunctionalGroupsSequence = Sequence(
            [_group("PlaneOrientationSequence", ImageOrientationPatient=[1, 0, 0, 0, 1, 0])]
        )
        shared = d.SharedFunctionalGroupsSequence[0]
        shared.PixelMeasuresSequence = Sequence([_items(PixelSpacing=["1", "1"], SliceThickness="2")])
        shared.PixelValueTransformationSequence = Sequence(
            [_items(RescaleSlope="1", RescaleIntercept="0", RescaleType="US")]
        )
        d.PerFrameFunctionalGroupsSequence = Sequence(
            [_group("PlanePositionSequence", ImagePositionPatient=[0, 0, 2 * k]) for k in range(frames)]
        )
        for keyword in ("PixelSpacing", "SliceThickness"):
            del d[keyword]
    elif name not in PLANAR:
        d.ImageOrientationPatient, d.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 2 * n]


def _items(**values: Any) -> Dataset:
    d = Dataset()
    for keyword, value in values.items():
        setattr(d, keyword, value)
    return d


def _group(name: str, **values: Any) -> Dataset:
    return _items(**{name: Sequence([_items(**values)])})


def _save(dataset: Dataset, path: Path, syntax: str) -> None:
    """Write in a syntax: by pydicom, or by gdcm where only that encodes it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if syntax in BY_PYDICOM:
            options: dict[str, Any] = (
                {"j2k_cr": [2]} if syntax.endswith(".91") else {"jls_error": 2} if syntax.endswith(".81") else {}
            )
            dataset.compress(UID(syntax), encoding_plugin=BY_PYDICOM[syntax], generate_instance_uid=False, **options)
        elif syntax == ENCAPSULATED:
            _encapsulate(dataset)
        elif syntax in NATIVE:
            dataset.file_meta.TransferSyntaxUID = UID(syntax)
            if syntax == "1.2.840.10008.1.2.2" and dataset.BitsAllocated == 16:
                dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()
        dataset["PixelData"].VR = "OB" if syntax in (*BY_PYDICOM, ENCAPSULATED) or dataset.BitsAllocated == 8 else "OW"
        little = syntax != "1.2.840.10008.1.2.2"
        implicit = syntax == "1.2.840.10008.1.2"
        dataset.save_as(path, enforce_file_format=True, implicit_vr=implicit, little_endian=little)
    if syntax in BY_GDCM:
        _by_gdcm(path, syntax)


def _encapsulate(dataset: Dataset) -> None:
    """Each frame a fragment, as it is."""
    size = dataset.Rows * dataset.Columns * dataset.BitsAllocated // 8
    frames = [dataset.PixelData[start : start + size] for start in range(0, len(dataset.PixelData), size)]
    dataset.PixelData = encapsulate(frames)
    dataset.file_meta.TransferSyntaxUID = UID(ENCAPSULATED)


def _by_gdcm(path: Path, syntax: str) -> None:
    import gdcm

    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    if not reader.Read():
        raise ValueError(f"gdcm cannot read {path.name}")
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(syntax)))
    change.SetInput(reader.GetImage())
    if not change.Change():
        raise ValueError(f"gdcm cannot write {syntax}")
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(path))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    if not writer.Write():
        raise ValueError(f"gdcm cannot write {path.name}")


def _values(path: Path) -> list[NDArray[Any]] | str:
    """Pictures (rows, columns) through the public door, or the reason why there are none."""
    try:
        study = read([path])
        pictures = [picture for series in study.series for picture in _pictures(series)]
    except SpinemetsError as error:
        return str(error).splitlines()[0]
    if not pictures:
        return "; ".join(dict.fromkeys(note for s in study.series for note in s.geometry.notes)) or "no picture"
    return pictures


def _pictures(series: Series) -> Iterator[NDArray[Any]]:
    if series.planar is not None:
        yield from series.planar.load()
    elif series.measurable:
        array = series.pixels().array
        for k in range(array.shape[2]):
            yield np.moveaxis(array[:, :, k], 0, 1)


def _compare(ours: list[NDArray[Any]] | str, truth: NDArray[Any], *, lossy: bool) -> Outcome:
    """Every true picture must be among ours."""
    if isinstance(ours, str) or len(ours) != len(truth):
        return Outcome.REFUSED
    for picture, wanted in zip(ours, truth, strict=True):
        difference = np.abs(picture.astype(np.float64) - wanted.astype(np.float64)).max()
        if difference > (
            0.06 * max(float(wanted.max()), 1.0) if lossy else 1e-3 * max(1.0, float(np.abs(wanted).max()) * 1e-3)
        ):
            return Outcome.REFUSED
    return Outcome.LOSSY if lossy else Outcome.EQUAL


def real(shared: Path, folder: Path) -> list[Trial]:
    """Every DICOM image of the public test sets, read series by series and compared with pydicom."""
    series: dict[tuple[str, str], list[_Real]] = defaultdict(list)
    found: list[Trial] = []
    # pydicom warns of odd values when they are looked at
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for source, content in _members(shared):
            file = _by_pydicom(content)
            if file is not None:
                series[source, str(file.dataset.get("SeriesInstanceUID", ""))].append(file)
        for number, files in enumerate(series.values()):
            found += _real_series(files, folder / f"real-{number}")
    return found


def _members(shared: Path) -> Iterator[tuple[str, bytes]]:
    """Source (archive or file) and content of each file of the sets; of a large archive the first files."""
    sources = sorted(
        [
            *(shared / "data").glob("dicom-*"),
            *(shared / "data").glob("ct-thoracic-dx*"),
            *(shared / "reference").glob("*"),
        ]
    )
    for path in sorted(p for source in sources for p in source.rglob("*") if p.is_file()):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                for info in archive.infolist()[:MOST_FILES]:
                    yield path.name, archive.read(info)
        elif path.name.endswith(".tar.xz"):
            with tarfile.open(path) as tar:
                for member in tar.getmembers()[:MOST_FILES]:
                    stream = tar.extractfile(member) if member.isfile() else None
                    if stream is not None:
                        yield path.name, stream.read()
        elif path.suffix in (".dcm", "") and path.stat().st_size < 1 << 25:
            yield path.name, path.read_bytes()


@dataclass(frozen=True, kw_only=True, eq=False)
class _Real:
    """A real file, and its rescaled pictures (n, rows, columns) as pydicom reads them."""

    content: bytes
    dataset: Dataset
    pictures: NDArray[Any]

    @property
    def syntax(self) -> str:
        return str(getattr(self.dataset.file_meta, "TransferSyntaxUID", "1.2.840.10008.1.2"))


def _real_series(files: list[_Real], folder: Path) -> list[Trial]:
    """One trial a file, with the outcome of its series."""
    folder.mkdir()
    for n, file in enumerate(files):
        (folder / f"{n}.dcm").write_bytes(file.content)
    ours = _values(folder)
    lossy = any(file.syntax in LOSSY for file in files)
    truth = np.concatenate([file.pictures.ravel() for file in files])
    outcome = Outcome.REFUSED if isinstance(ours, str) else _same_values(ours, truth, lossy=lossy)
    reason = ours if isinstance(ours, str) else _notes(folder) or "values differ from those pydicom makes of the files"
    return [_real_trial(file, outcome, reason if outcome is Outcome.REFUSED else "") for file in files]


def _notes(folder: Path) -> str:
    """What was said of the geometry: resampled values are not those of the files."""
    notes = [
        note
        for series in read([folder]).series
        if series.geometry.verdict == "resampled"
        for note in series.geometry.notes
    ]
    return "not compared: " + "; ".join(dict.fromkeys(notes)) if notes else ""


def _real_trial(file: _Real, outcome: Outcome, reason: str) -> Trial:
    maker = dialects.of(str(file.dataset.get("Manufacturer", "") or "")).name
    maker = "other or not stated" if maker == dialects.STANDARD.name else maker
    sop_class = str(file.dataset.get("SOPClassUID", ""))
    return Trial(sop_class=sop_class, syntax=file.syntax, outcome=outcome, maker=maker, reason=reason)


def _by_pydicom(content: bytes) -> _Real | None:
    """None where the file is no image for pydicom either: then there is nothing to compare with."""
    try:
        dataset = dcmread(io.BytesIO(content), force=True)
        if str(dataset.get("SOPClassUID", "")) not in CLASSES or "PixelData" not in dataset:
            return None
        array = dataset.pixel_array
    except Exception:  # noqa: BLE001 - whatever pydicom raises, there is nothing to compare with
        return None
    if int(dataset.get("SamplesPerPixel", 1)) == 1:
        frames = array.reshape(-1, dataset.Rows, dataset.Columns).astype(np.float64)
        array = np.stack([_rescaled(dataset, picture, k) for k, picture in enumerate(frames)])
    return _Real(content=content, dataset=dataset, pictures=array)


def _rescaled(dataset: Dataset, picture: NDArray[Any], frame: int) -> NDArray[Any]:
    """Slope and intercept of that frame."""
    groups: list[Dataset] = []
    for keyword, index in (("PerFrameFunctionalGroupsSequence", frame), ("SharedFunctionalGroupsSequence", 0)):
        sequence = dataset.get(keyword) or []
        groups += [sequence[index]] if index < len(sequence) else []
    levels = [g.PixelValueTransformationSequence[0] for g in groups if "PixelValueTransformationSequence" in g]
    for level in (*levels, dataset):
        if level.get("RescaleSlope") is not None:
            slope, intercept = float(level.RescaleSlope), float(level.get("RescaleIntercept") or 0.0)
            return picture * (slope or 1.0) + intercept
    return picture


def _same_values(ours: list[NDArray[Any]], pictures: NDArray[Any], *, lossy: bool) -> Outcome:
    """The same values in all, whatever the order and tiling of the pictures; padding may stand as zero."""
    if not ours:
        return Outcome.REFUSED
    a = np.sort(np.concatenate([p.astype(np.float64).ravel() for p in ours]))
    b = np.sort(pictures.astype(np.float64).ravel())
    if a.size > b.size:
        return Outcome.REFUSED
    if a.size < b.size:  # tiles that hold no slice
        b = b[b != 0] if (b[b != 0].size == a[a != 0].size) else b
        a = a[a != 0] if b.size < pictures.size else a
    if a.size != b.size:
        return Outcome.REFUSED
    span = max(float(np.abs(b).max()), 1.0)
    worst = float(np.abs(a - b).max()) if a.size else 0.0
    if worst <= 1e-6 * span:
        return Outcome.LOSSY if lossy else Outcome.EQUAL
    return Outcome.LOSSY if lossy and worst <= 0.05 * span else Outcome.REFUSED
