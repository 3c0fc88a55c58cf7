"""Fast scan of a well-formed DICOM header: the raw bytes of the few elements that differ from image to image.

It skips work, never changes an answer: whatever is unusual (no preamble, big endian, deflated, unknown VR) returns None
and goes through the full parser (`parser`), as do headers of which everything is needed (functional groups); a test compares
both on every file. Nesting is followed by a counter, not by recursion.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from struct import Struct, error

from spinemets.ingest.header.skeleton import Skeleton

LONG_VR = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
SHORT_VR = frozenset(
    (b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS",
     b"ST", b"TM", b"UI", b"UL", b"US")
)  # fmt: skip
UNDEFINED = 0xFFFFFFFF
ITEM, SEQUENCE_END = 0xFFFEE000, 0xFFFEE0DD
SOP_CLASS = 0x00080016
# SharedFunctionalGroupsSequence, PerFrameFunctionalGroupsSequence
FUNCTIONAL_GROUPS = frozenset((0x52009229, 0x52009230))
IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
OTHER_ENCODINGS = frozenset(("1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.1.98"))
PIXELS = frozenset((0x7FE00008, 0x7FE00009, 0x7FE00010))
_EXPLICIT = Struct("<HH2sH").unpack_from
_COMMON = Struct("<L2sH").unpack_from
_IMPLICIT = Struct("<HHL").unpack_from
_LENGTH = Struct("<L").unpack_from
# Layouts of headers that are kept: the lengths of numbers written as text differ between the images of a series.
MOST_KNOWN = 8

Place = tuple[int, int]


class Short(Exception):
    """The bytes at hand end before the pixel data: more are needed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scan:
    """Raw values by tag, and where the pixel data lie.

    Attributes
    ----------
    values
        Tag -> value bytes, top level only.
    syntax
        Transfer syntax UID.
    little
        Byte order of binary values.
    pixel_tag, pixel_offset, pixel_length
        Tag of the pixel data element, offset of its first byte in the file and its length; length None where it is
        encapsulated (undefined); tag None where there are no pixels.
    """

    values: dict[int, bytes]
    syntax: str
    little: bool = True
    pixel_tag: int | None = None
    pixel_offset: int = 0
    pixel_length: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Walked:
    """As `Scan`, with the places of values instead of the values; `passed`: all that decided nothing on the way."""

    places: dict[int, Place]
    passed: list[Place]
    syntax: str
    pixel_tag: int | None = None
    pixel_offset: int = 0
    pixel_length: int | None = None

    def of(self, data: bytes) -> Scan:
        """Values of a header that is written like this one."""
        return Scan(
            values={tag: data[start : start + length] for tag, (start, length) in self.places.items()},
            syntax=self.syntax, pixel_tag=self.pixel_tag, pixel_offset=self.pixel_offset, pixel_length=self.pixel_length,
        )  # fmt: skip


class Scanner:
    """Scans the files of one study: a header that is written like one of the last is not walked through again.

    Parameters
    ----------
    wanted
        Tags to keep.
    """

    def __init__(self, wanted: frozenset[int]) -> None:
        self._wanted = wanted
        self._known: list[tuple[Skeleton, _Walked]] = []

    @property
    def expected_bytes(self) -> int:
        """Length of the longest header among the last."""
        return max((skeleton.size for skeleton, _ in self._known), default=0)

    def scan(self, data: bytes, *, complete: bool) -> Scan | None:
        """Scan the beginning of a file.

        Parameters
        ----------
        data
            The first bytes of the file.
        complete
            Whether `data` is the whole file.

        Raises
        ------
        Short
            If `data` ends too early and is not complete.
        """
        for n, (skeleton, walked) in enumerate(self._known):
            if skeleton.fits(data, 0, len(data)):
                self._known.insert(0, self._known.pop(n))
                return walked.of(data)
        found = _walked(data, self._wanted, complete=complete)
        if found is None:
            return None
        if found.pixel_tag is not None:
            self._known = [(Skeleton(data, 0, found.pixel_offset, found.passed), found), *self._known[: MOST_KNOWN - 1]]
        return found.of(data)


def _walked(data: bytes, wanted: frozenset[int], *, complete: bool) -> _Walked | None:
    if data[128:132] != b"DICM":
        return None
    passed: list[Place] = [(0, 128)]
    try:
        syntax, sop_class, position = _meta(data, passed)
        if syntax is None or syntax in OTHER_ENCODINGS:
            return None
        found = _body(data, position, wanted, syntax, passed)
    except (error, IndexError):
        if not complete:
            raise Short from None
        return None
    if found is not None and found.pixel_tag is None and not complete:
        raise Short
    if found is not None and sop_class is not None:
        found.places.setdefault(SOP_CLASS, sop_class)
    return found


def _meta(data: bytes, passed: list[Place]) -> tuple[str | None, Place | None, int]:
    """Transfer syntax, place of the media storage class, and the offset behind the file meta group."""
    position, syntax, sop_class = 132, None, None
    while True:
        group, element, vr, length = _EXPLICIT(data, position)
        if group != 2:
            return syntax, sop_class, position
        position += 8
        if vr in LONG_VR:
            (length,) = _LENGTH(data, position)
            position += 4
        if element == 0x10:
            syntax = data[position : position + length].decode("ascii", "replace").rstrip("\0 ")
        else:
            passed.append((position, length))
            sop_class = (position, length) if element == 0x02 and length else sop_class
        position += length


def _body(data: bytes, position: int, wanted: frozenset[int], syntax: str, passed: list[Place]) -> _Walked | None:
    """Elements up to the pixel data. The common element is dealt with in the loop itself: this is where the time goes."""
    implicit, keys, short, common = syntax == IMPLICIT, _keys(wanted), SHORT_VR, _COMMON
    places: dict[int, Place] = {}
    depth, end = 0, len(data)
    while position != end:
        key, vr, length = common(data, position)
        if vr in short and not implicit:
            place = (position + 8, length)
            position += 8 + length
            passed.append(place)
            if key in keys and depth == 0:
                places[keys[key]] = place
            continue
        tag, vr, length, start = _element(data, position, implicit)
        if depth == 0 and tag in PIXELS:
            known = None if length == UNDEFINED else length
            return _Walked(
                places=places, passed=passed, syntax=syntax, pixel_tag=tag, pixel_offset=start, pixel_length=known
            )
        if depth == 0 and tag in FUNCTIONAL_GROUPS:
            return None
        deeper = _deeper(tag, vr, length)
        if deeper is None or depth + deeper < 0:
            return None
        position = start
        if not deeper and length != UNDEFINED:
            position += length
            passed.append((start, length))
            if depth == 0 and tag in wanted:
                places[tag] = (start, length)
        depth += deeper
    return _Walked(places=places, passed=passed, syntax=syntax) if depth == 0 else None


@cache
def _keys(wanted: frozenset[int]) -> dict[int, int]:
    """Tags by the number their four bytes make when they are read as one."""
    return {(tag & 0xFFFF) << 16 | tag >> 16: tag for tag in wanted}


def _deeper(tag: int, vr: bytes, length: int) -> int | None:
    """How an element changes the depth of nesting; None where that is not understood."""
    if vr == b"":
        return None
    if length == UNDEFINED:
        return None if tag != ITEM and vr != b"SQ" else int(tag != ITEM)
    return -1 if tag == SEQUENCE_END else 0


def _element(data: bytes, position: int, implicit: bool) -> tuple[int, bytes, int, int]:
    """Tag, VR (empty = not understood), length, and offset of the value."""
    if implicit:
        group, element, length = _IMPLICIT(data, position)
        # an undefined length can only be a sequence here: pixel data is never encapsulated in this syntax
        return group << 16 | element, b"SQ" if length == UNDEFINED else b"  ", length, position + 8
    group, element, vr, _ = _EXPLICIT(data, position)
    if group == 0xFFFE:
        return group << 16 | element, b"SQ", _LENGTH(data, position + 4)[0], position + 8
    if vr in LONG_VR:
        return group << 16 | element, vr, _LENGTH(data, position + 8)[0], position + 12
    return 0, b"", 0, position
