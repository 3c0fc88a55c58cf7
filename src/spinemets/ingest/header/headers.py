"""Header values of one DICOM file as the reader needs them, from the fast scan or the full parser.

Parsed once at the door: behind this module there are typed values or None, never a raw header.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Hashable
from functools import cached_property, lru_cache

from spinemets.ingest.facts import component, diffusion, instants
from spinemets.ingest.header.scan import Scan

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
PLANAR, EXTENDED_OFFSETS, CONTRAST = 0x00280006, 0x7FE00001, 0x00180010
ALLOCATED, STORED, HIGH_BIT, SIGNED = 0x00280100, 0x00280101, 0x00280102, 0x00280103
PADDING, PADDING_LIMIT, INTERCEPT, SLOPE, RESCALE_TYPE = 0x00280120, 0x00280121, 0x00281052, 0x00281053, 0x00281054
WANTED = frozenset(
    (IMAGE_TYPE, SOP_CLASS, SOP_UID, MODALITY, PATIENT_ID, STUDY_DATE, THICKNESS, TE, TI, ECHO_NUMBER, TRIGGER, FLIP,
     B_VALUE, B_VALUE_SIEMENS, KERNEL, STUDY_UID, SERIES_UID, SERIES_NUMBER, ACQUISITION_NUMBER, INSTANCE_NUMBER,
     POSITION, ORIENTATION, FRAME_OF_REFERENCE, TEMPORAL, SAMPLES, PHOTOMETRIC, N_FRAMES, ROWS, COLUMNS, SPACING,
     PLANAR, EXTENDED_OFFSETS, CONTRAST, ALLOCATED, STORED, HIGH_BIT, SIGNED, PADDING, PADDING_LIMIT, INTERCEPT, SLOPE, RESCALE_TYPE)
) | component.TAGS | diffusion.TAGS | instants.TAGS  # fmt: skip
# What every image has of its own: its identifier, its number and its place.
EACH_ITS_OWN = (SOP_UID, INSTANCE_NUMBER, POSITION)
CONVERTED = 1 << 13


class NotDicom(Exception):
    """The file is no DICOM file, or too damaged to tell; the text says why."""


class Header:
    """Typed access to the elements of one file.

    Parameters
    ----------
    scanned
        Raw values and the place of the pixel data.
    unusual
        True where the pixels do not lie in the file as they are: big endian or deflated. Offsets then count from the
        beginning of the file, or of what is deflated.
    """

    def __init__(self, scanned: Scan, *, unusual: bool = False) -> None:
        self.scanned = scanned
        self.unusual = unusual

    @cached_property
    def shared(self) -> Hashable:
        """All that was scanned but `EACH_ITS_OWN`: what does not look at those is the same for images that share this."""
        values = self.scanned.values.copy()
        for tag in EACH_ITS_OWN:
            values.pop(tag, None)
        return self.scanned.little, frozenset(values.items())

    def text(self, tag: int) -> str | None:
        """First text of that element, stripped; None if absent or empty."""
        raw = self.scanned.values.get(tag)
        return (_texts(raw)[0] or None) if raw else None

    def texts(self, tag: int) -> tuple[str, ...]:
        """All texts of a multi-valued element."""
        raw = self.scanned.values.get(tag)
        return _texts(raw) if raw else ()

    def numbers(self, tag: int) -> tuple[float, ...] | None:
        """Decimal or integer strings as numbers; None if absent, empty or not finite numbers."""
        raw = self.scanned.values.get(tag)
        return _numbers(raw) if raw else None

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


# The images of a series share most of their values: converting each once makes large folders a third faster.
@lru_cache(maxsize=CONVERTED)
def _texts(raw: bytes) -> tuple[str, ...]:
    return tuple(part.strip("\0 ") for part in raw.decode("latin-1").split("\\"))


@lru_cache(maxsize=CONVERTED)
def _numbers(raw: bytes) -> tuple[float, ...] | None:
    try:
        numbers = tuple(float(part) for part in raw.rstrip(b"\0 ").split(b"\\"))
    except ValueError:
        return None
    return numbers if all(map(math.isfinite, numbers)) else None
