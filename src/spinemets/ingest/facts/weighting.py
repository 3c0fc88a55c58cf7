"""Elements that may state a diffusion weighting, read the same way from a scanned header and from one frame's values."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from spinemets.knowledge import dialects
from spinemets.knowledge.dialects import Dialect, PrivateElement, TextRule

if TYPE_CHECKING:  # headers.py asks this module which tags to keep
    from spinemets.ingest.header.headers import Header
    from spinemets.ingest.header.values import Values

Numbers = tuple[float, ...]


class Element(NamedTuple):
    """A public element the rules ask for: keyword, tag and how its bytes are written."""

    keyword: str
    tag: int
    form: str


MODALITY = Element("Modality", 0x00080060, "text")
IMAGE_TYPE = Element("ImageType", 0x00080008, "text")
FRAME_TYPE = Element("FrameType", 0x00089007, "text")
MANUFACTURER = Element("Manufacturer", 0x00080070, "text")
PHASE_ENCODING = Element("InPlanePhaseEncodingDirection", 0x00181312, "text")
PATIENT_POSITION = Element("PatientPosition", 0x00185100, "text")
B_VALUE = Element("DiffusionBValue", 0x00189087, "float64")
DIRECTIONALITY = Element("DiffusionDirectionality", 0x00189075, "text")
DIRECTION = Element("DiffusionGradientOrientation", 0x00189089, "float64")
ORIENTATION = Element("ImageOrientationPatient", 0x00200037, "text")
PUBLIC = (
    MODALITY,
    IMAGE_TYPE,
    FRAME_TYPE,
    MANUFACTURER,
    PHASE_ENCODING,
    PATIENT_POSITION,
    B_VALUE,
    DIRECTIONALITY,
    DIRECTION,
    ORIENTATION,
)
# A private block is usually the first one; whoever moves it uses the next free one. Scanning all 240 would cost time.
FIRST_BLOCK, LAST_BLOCK = 0x10, 0x2F
WHERE = {"float64": ("d", 8), "float32": ("f", 4), "int16": ("h", 2)}
B_MATRIX_KEYWORDS = tuple(f"DiffusionBValue{axes}" for axes in ("XX", "XY", "XZ", "YY", "YZ", "ZZ"))
_NUMERIC = frozenset(b"0123456789.+-eE\\ \0")


class Stated(Protocol):
    """What one image states."""

    def numbers(self, element: Element) -> Numbers:
        """Numbers of a public element, empty if absent or not numbers."""

    def text(self, element: Element | TextRule) -> str | None:
        """First text of a public element."""

    def private(self, element: PrivateElement, dialect: Dialect) -> tuple[Any, str] | None:
        """Value and address (`0019,100C`) of a private element, None if absent."""

    def matrix(self) -> Numbers:
        """b-matrix of the standard (xx, xy, xz, yy, yz, zz), empty if absent."""


class OfHeader:
    """A classic file, from its scanned tags."""

    def __init__(self, header: Header) -> None:
        self._values = header.scanned.values
        self._little = header.scanned.little

    @cached_property
    def _creators(self) -> dict[tuple[int, str], int]:
        """Number of the block each creator reserves, by group and creator."""
        return {
            (tag >> 16, raw.decode("latin-1").strip("\0 ")): tag & 0xFF
            for tag, raw in self._values.items()
            if tag in creator_tags()
        }

    def numbers(self, element: Element) -> Numbers:
        """See `Stated`."""
        return decoded(self._values.get(element.tag), element.form, little=self._little)

    def text(self, element: Element | TextRule) -> str | None:
        """See `Stated`."""
        raw = self._values.get(element.tag)
        return raw.decode("latin-1").strip("\0 ") or None if raw else None

    def private(self, element: PrivateElement, dialect: Dialect) -> tuple[Any, str] | None:
        """See `Stated`. Where every creator of the group was removed, the usual block of the file's own vendor counts."""
        block = self._creators.get((element.group, element.creator))
        if block is None:
            bare = not any(group == element.group for group, _ in self._creators)
            if not bare or dialects.of(self.text(MANUFACTURER)) is not dialect:
                return None
            block = FIRST_BLOCK
        raw = self._values.get(element.group << 16 | block << 8 | element.element)
        if not raw:
            return None
        return raw if element.form == "text" else decoded(raw, element.form, little=self._little), (
            f"{element.group:04X},{block:02X}{element.element:02X}"
        )

    def matrix(self) -> Numbers:
        """See `Stated`: classic files have none."""
        return ()


class OfValues:
    """One frame of a multi-frame file."""

    def __init__(self, values: Values) -> None:
        self._values = values

    def numbers(self, element: Element) -> Numbers:
        """See `Stated`."""
        value = self._values.raw(element.keyword)
        if value is None and element is DIRECTION:
            items = self._values.items("DiffusionGradientDirectionSequence")
            value = items[0].raw(element.keyword) if items else None
        return _floats(value)

    def text(self, element: Element | TextRule) -> str | None:
        """See `Stated`."""
        return self._values.text(element.keyword)

    def private(self, element: PrivateElement, dialect: Dialect) -> tuple[Any, str] | None:
        """See `Stated`."""
        value = self._values.private(element.group, element.element, element.creator)
        if value is None or value == "":
            return None
        if isinstance(value, bytes) and element.form != "text":
            value = decoded(value, element.form, little=True)
        return value, f"{element.group:04X},xx{element.element:02X}"

    def matrix(self) -> Numbers:
        """See `Stated`."""
        items = self._values.items("DiffusionBMatrixSequence")
        found = [items[0].number(keyword) for keyword in B_MATRIX_KEYWORDS] if items else []
        return tuple(number for number in found if number is not None) if None not in found else ()


def numbers_of(value: Any) -> Numbers:
    """Numbers of a private value: already numbers, text, or bytes of text."""
    if isinstance(value, bytes):
        return decoded(value, "text", little=True)
    return _floats(value)


def words_of(value: Any) -> str:
    """First word of a private value."""
    if isinstance(value, bytes):
        value = value.decode("latin-1").split("\\")[0]
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = value[0] if value else ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip("\0 ")


def decoded(raw: bytes | None, form: str, *, little: bool) -> Numbers:
    """Numbers of raw bytes; text where the bytes are digits although numbers are due (anonymisers rewrite elements)."""
    if not raw:
        return ()
    digits = _NUMERIC.issuperset(raw) and any(b in b"0123456789" for b in raw)
    text = _floats(raw.decode("latin-1").strip("\0 ").split("\\")) if digits else ()
    # The bytes of some numbers look like digits and are no number as text: float 2880 reads "4E".
    if text or form == "text" or len(raw) % WHERE[form][1]:
        return text
    letter, size = WHERE[form]
    count = len(raw) // size
    return _finite(struct.unpack(f"{'<' if little else '>'}{count}{letter}", raw[: count * size]))


def _floats(value: Any) -> Numbers:
    if value is None:
        return ()
    many = value if isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue" else [value]
    try:
        return _finite(tuple(float(part) for part in many))
    except (TypeError, ValueError):
        return ()


def _finite(numbers: tuple[float, ...]) -> Numbers:
    return numbers if all(map(math.isfinite, numbers)) else ()


@cache
def creator_tags() -> frozenset[int]:
    """Tags that may reserve a private block with diffusion elements."""
    groups = {element.group for dialect in dialects.load() for element in dialect.diffusion.elements}
    return frozenset(group << 16 | block for group in groups for block in range(FIRST_BLOCK, LAST_BLOCK + 1))


def wanted_tags() -> frozenset[int]:
    """Every tag that `OfHeader` may ask for."""
    found = {element.tag for element in PUBLIC} | creator_tags()
    for dialect in dialects.load():
        found |= {rule.tag for rule in dialect.diffusion.from_text}
        for element in dialect.diffusion.elements:
            blocks = range(FIRST_BLOCK, LAST_BLOCK + 1)
            found |= {element.group << 16 | block << 8 | element.element for block in blocks}
    return frozenset(found)
