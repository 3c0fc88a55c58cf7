"""Header values of one DICOM file as the reader needs them, from the fast scan or from pydicom.

Parsed once at the door: behind this module there are typed values or None, never a raw header.
"""

from __future__ import annotations

import math
import struct
import zlib
from functools import cached_property
from typing import Any

from spinemets.ingest import damage, diffusion
from spinemets.ingest import limits as bounds
from spinemets.ingest.scan import PIXELS, Scan, Short, scan
from spinemets.ingest.source_file import SourceFile

IMAGE_TYPE, SOP_CLASS, SOP_UID, MODALITY = 0x00080008, 0x00080016, 0x00080018, 0x00080060
PATIENT_ID, STUDY_DATE = 0x00100020, 0x00080020
THICKNESS, TE, TI, ECHO_NUMBER, TRIGGER, FLIP = 0x00180050, 0x00180081, 0x00180082, 0x00180086, 0x00181060, 0x00181314
B_VALUE, B_VALUE_SIEMENS, KERNEL = 0x00189087, 0x0019100C, 0x00181210
STUDY_UID, SERIES_UID, SERIES_NUMBER, ACQUISITION_NUMBER, INSTANCE_NUMBER = (
    0x0020000D, 0x0020000E, 0x00200011, 0x00200012, 0x00200013,
)  # fmt: skip
POSITION, ORIENTATION, FRAME_OF_REFERENCE, TEMPORAL = 0x00200032, 0x00200037, 0x00200052, 0x00200100
SAMPLES, PHOTOMETRIC, N_FRAMES, ROWS, COLUMNS, SPACING = (
    0x00280002, 0x00280004, 0x00280008, 0x00280010, 0x00280011, 0x00280030,
)  # fmt: skip
ALLOCATED, STORED, HIGH_BIT, SIGNED = 0x00280100, 0x00280101, 0x00280102, 0x00280103
PADDING, PADDING_LIMIT, INTERCEPT, SLOPE, RESCALE_TYPE = 0x00280120, 0x00280121, 0x00281052, 0x00281053, 0x00281054
WANTED = frozenset(
    (IMAGE_TYPE, SOP_CLASS, SOP_UID, MODALITY, PATIENT_ID, STUDY_DATE, THICKNESS, TE, TI, ECHO_NUMBER, TRIGGER, FLIP,
     B_VALUE, B_VALUE_SIEMENS, KERNEL, STUDY_UID, SERIES_UID, SERIES_NUMBER, ACQUISITION_NUMBER, INSTANCE_NUMBER,
     POSITION, ORIENTATION, FRAME_OF_REFERENCE, TEMPORAL, SAMPLES, PHOTOMETRIC, N_FRAMES, ROWS, COLUMNS, SPACING,
     ALLOCATED, STORED, HIGH_BIT, SIGNED, PADDING, PADDING_LIMIT, INTERCEPT, SLOPE, RESCALE_TYPE)
) | diffusion.TAGS  # fmt: skip
DEFLATED = b"1.2.840.10008.1.2.1.99"
PREFIXES = (1 << 13, 1 << 17, 1 << 22)


class NotDicom(Exception):
    """The file is no DICOM file, or too damaged to tell; the text says why."""


class Header:
    """Typed access to the elements of one file.

    Parameters
    ----------
    scanned
        Raw values and the place of the pixel data.
    unusual
        True where pydicom had to read the file: then its pixels are read by pydicom as well.
    """

    def __init__(self, scanned: Scan, *, unusual: bool = False) -> None:
        self.scanned = scanned
        self.unusual = unusual

    def text(self, tag: int) -> str | None:
        """First text of that element, stripped; None if absent or empty."""
        raw = self.scanned.values.get(tag)
        if not raw:
            return None
        return raw.split(b"\\")[0].decode("latin-1").strip("\0 ") or None

    def texts(self, tag: int) -> tuple[str, ...]:
        """All texts of a multi-valued element."""
        raw = self.scanned.values.get(tag)
        return tuple(part.strip("\0 ") for part in raw.decode("latin-1").split("\\")) if raw else ()

    def numbers(self, tag: int) -> tuple[float, ...] | None:
        """Decimal or integer strings as numbers; None if absent, empty or not finite numbers."""
        raw = self.scanned.values.get(tag)
        if not raw:
            return None
        try:
            numbers = tuple(float(part) for part in raw.rstrip(b"\0 ").split(b"\\"))
        except ValueError:
            return None
        return numbers if all(map(math.isfinite, numbers)) else None

    def number(self, tag: int) -> float | None:
        """First number of that element."""
        numbers = self.numbers(tag)
        return numbers[0] if numbers else None

    def integer(self, tag: int, *, signed: bool = False) -> int | None:
        """Binary 16-bit integer."""
        raw = self.scanned.values.get(tag)
        if raw is None or len(raw) < 2:
            return None
        return int.from_bytes(raw[:2], "little" if self.scanned.little else "big", signed=signed)

    @cached_property
    def b_value(self) -> float | None:
        """Diffusion weighting [s/mm2], standard element or the Siemens private one."""
        raw = self.scanned.values.get(B_VALUE)
        if raw is not None and len(raw) == 8:
            return float(struct.unpack("<d" if self.scanned.little else ">d", raw)[0])
        return self.number(B_VALUE_SIEMENS)


def read_header(source: SourceFile) -> Header:
    """Read the header of one file.

    Raises
    ------
    NotDicom
        If it is not DICOM or too damaged.
    """
    with source.path.open("rb", buffering=0) as stream:
        for length in PREFIXES:
            stream.seek(0)
            data = stream.read(length)
            try:
                scanned = scan(data, WANTED, complete=len(data) >= source.size)
            except Short:
                continue
            if scanned is None:
                break
            return Header(scanned)
    return Header(_by_pydicom(source), unusual=True)


def read_dataset(source: SourceFile, *, stop_before_pixels: bool = True) -> Any:
    """Whole header (or file) as a pydicom Dataset.

    Raises
    ------
    NotDicom
        If pydicom cannot read it.
    """
    from pydicom import dcmread

    try:
        return dcmread(source.path, stop_before_pixels=stop_before_pixels, force=True)
    except RecursionError:
        raise NotDicom("sequences are nested too deep to be read") from None
    except damage.of_dicom() as error:
        raise NotDicom(f"damaged DICOM file ({type(error).__name__})") from None


def _by_pydicom(source: SourceFile) -> Scan:
    from pydicom.dataelem import RawDataElement

    limit = bounds.load()
    with source.path.open("rb") as stream:
        head = stream.read(132)
    if head[128:] != b"DICM" and not _plausible(head):
        raise NotDicom("not a DICOM, NIfTI or archive file")
    if source.size > limit.max_header_mb * bounds.MB and head[128:] != b"DICM":
        raise NotDicom("not a DICOM, NIfTI or archive file")
    _refuse_inflation(source)
    dataset = read_dataset(source, stop_before_pixels=False)
    values: dict[int, bytes] = {}
    implicit, little = dataset.original_encoding
    try:
        meta_class = getattr(dataset.file_meta, "MediaStorageSOPClassUID", None)
        if meta_class:
            values[SOP_CLASS] = str(meta_class).encode()
        for tag in WANTED:
            if tag in dataset:
                element = dataset.get_item(tag)
                raw = element.value
                if not isinstance(element, RawDataElement):
                    raw = _raw(raw, little=little is not False)
                values[tag] = raw or b""
        pixel_tag = next((int(tag) for tag in sorted(PIXELS) if tag in dataset), None)
        pixel = dataset.get_item(pixel_tag) if pixel_tag else None
    except damage.of_dicom() as error:
        raise NotDicom(f"damaged DICOM file ({type(error).__name__})") from None
    if not values or (SOP_CLASS not in values and ROWS not in values and MODALITY not in values):
        raise NotDicom("not a DICOM image or object: it states no class, modality or size")
    stated = getattr(dataset.file_meta, "TransferSyntaxUID", None)
    guessed = "1.2.840.10008.1.2" if implicit else "1.2.840.10008.1.2.1" if little else "1.2.840.10008.1.2.2"
    length = len(pixel.value) if pixel is not None and pixel.value is not None else 0
    return Scan(
        values=values, syntax=str(stated or guessed), little=little is not False,
        pixel_tag=pixel_tag, pixel_length=length,
    )  # fmt: skip


def _raw(value: Any, *, little: bool) -> bytes:
    """Bytes of a value that pydicom has already converted."""
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    if type(value) is int:
        return value.to_bytes(2, "little" if little else "big", signed=value < 0)
    if isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue":
        return b"\\".join(str(part).encode("latin-1", "replace") for part in value)
    return str(value).encode("latin-1", "replace")


def _plausible(head: bytes) -> bool:
    """Whether a file without preamble may begin with a DICOM element: group 2 or 8, little or big endian."""
    return head[:2] in (b"\x02\x00", b"\x08\x00", b"\x00\x02", b"\x00\x08")


def _refuse_inflation(source: SourceFile) -> None:
    """Deflated files: count what they inflate to, without keeping it, before pydicom does it in one go."""
    with source.path.open("rb") as stream:
        head = stream.read(2048)
        start = head.find(DEFLATED)
        if start < 0 or head[128:132] != b"DICM":
            return
        length = int.from_bytes(head[140:144], "little")
        stream.seek(144 + length)
        inflate, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
        try:
            while block := stream.read(1 << 16):
                while block:
                    size += len(inflate.decompress(block, 1 << 24))
                    block = inflate.unconsumed_tail
                    if refusal := bounds.refuse_unpacking(size, source.size):
                        raise NotDicom(f"deflated file refused: {refusal}")
        except zlib.error:
            raise NotDicom("damaged DICOM file (deflated data)") from None
