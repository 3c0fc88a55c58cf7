"""Header of a DICOM file as elements with lazily converted values: what spinemets reads of it, and nothing of the pixels.

`parse` follows nesting with a stack of its own, so that no file can overflow it; bounds on depth and number of elements
come from the table `reading_limits`. What is wrong but harmless is passed over: missing delimiters, lengths beyond their
sequence, elements without a value representation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from struct import Struct, error
from typing import Any, NamedTuple

from spinemets.ingest.files import limits as bounds
from spinemets.ingest.header.character_sets import codecs_of
from spinemets.ingest.header.element_values import BrokenValue, convert
from spinemets.ingest.header.scan import ITEM, LONG_VR, PIXELS, SEQUENCE_END, SHORT_VR, UNDEFINED, Short
from spinemets.knowledge.catalogue import table

ITEM_END = 0xFFFEE00D
CHARACTER_SET = 0x00080005
ITEM_START = (b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00")
# Written by some devices where they do not know the representation; a 16-bit length follows.
PLACEHOLDERS = (b"  ", b"??")
# Pixel data, padding behind them, and the items and delimiters of sequences stand in this group and above.
NO_ORDINARY_GROUP = 0x7FE0
FRAGMENTED = frozenset((b"OB", b"OW", b"OD", b"OF", b"OL", b"OV"))


class TooMuch(Exception):
    """A header nested too deep, or of too many elements; the text says which."""


class Coding(NamedTuple):
    """How elements are written."""

    implicit: bool
    little: bool


IMPLICIT_LITTLE = Coding(implicit=True, little=True)
_EXPLICIT = (Struct(">HH2sH").unpack_from, Struct("<HH2sH").unpack_from)
_IMPLICIT = (Struct(">HHL").unpack_from, Struct("<HHL").unpack_from)
_LENGTH = (Struct(">L").unpack_from, Struct("<L").unpack_from)


@cache
def dictionary() -> Mapping[str, tuple[int, bytes]]:
    """Tag and value representation of every keyword of the table `dicom_elements`."""
    rows = ((keyword, *str(row).split()) for keyword, row in table("dicom_elements").items())
    return {keyword: (int(tag.replace(",", ""), 16), vr.encode()) for keyword, tag, vr in rows}


@cache
def known_vr() -> Mapping[int, bytes]:
    """Value representation by tag."""
    return dict(dictionary().values())


@cache
def keyword_of(tag: int) -> str | None:
    """Keyword of that tag, None if the table does not name it."""
    return next((keyword for keyword, (known, _) in dictionary().items() if known == tag), None)


class Elements:
    """One data set or sequence item.

    Parameters
    ----------
    data
        Bytes the values lie in.
    little
        Byte order of binary values.
    parent
        Data set around this item: its character set holds here too.
    """

    __slots__ = ("_codecs", "_converted", "_data", "_parent", "_private", "little", "stored")

    def __init__(self, data: bytes = b"", *, little: bool = True, parent: Elements | None = None) -> None:
        self._data = data
        self.little = little
        self._parent = parent
        self._codecs: tuple[str, ...] | None = None
        self._converted: dict[int, Any] = {}
        self._private: dict[tuple[int, int], list[int]] | None = None
        # tag -> representation, offset and length; of a sequence: its items instead of the offset
        self.stored: dict[int, tuple[bytes, Any, int]] = {}

    def get(self, keyword: str) -> Any:
        """Value by keyword: text, number, bytes, a list of several, or a tuple of items; None if absent, empty or broken.

        Raises
        ------
        KeyError
            If the keyword has no row in the table `dicom_elements`.
        """
        return self.value(dictionary()[keyword][0])

    def __contains__(self, keyword: str) -> bool:
        return dictionary()[keyword][0] in self.stored

    def value(self, tag: int) -> Any:
        """Value by tag, as `get`."""
        if tag in self._converted:
            return self._converted[tag]
        found = self.stored.get(tag)
        if found is None:
            return None
        vr, start, length = found
        if vr == b"SQ":
            return tuple(start)
        try:
            value = convert(vr, self._data[start : start + length], self.little, self.codecs)
        except BrokenValue:
            value = None
        self._converted[tag] = value
        return value

    def raw(self, tag: int) -> bytes | None:
        """Stored bytes of an element that is no sequence; None if absent."""
        found = self.stored.get(tag)
        return None if found is None or found[0] == b"SQ" else self._data[found[1] : found[1] + found[2]]

    def put(self, tag: int, value: Any) -> None:
        """Set a value that another parser has converted; items as a tuple of `Elements`."""
        self._private = None
        self.stored[tag] = (b"SQ", value, 0) if isinstance(value, tuple) else (b"UN", 0, 0)
        self._converted[tag] = value

    @property
    def codecs(self) -> tuple[str, ...]:
        """Python codecs of its texts: its own character set, else that of the data set around it."""
        if self._codecs is None:
            found = self.stored.get(CHARACTER_SET)
            if found is not None and found[2]:
                self._codecs = codecs_of(self._data[found[1] : found[1] + found[2]])
            else:
                self._codecs = () if self._parent is None else self._parent.codecs
        return self._codecs

    def first_items(self) -> list[Elements]:
        """First item of every sequence that has one, by tag."""
        found = sorted((tag, items) for tag, (vr, items, _) in self.stored.items() if vr == b"SQ" and items)
        return [items[0] for _, items in found]

    def private(self, group: int, element: int, creator: str) -> Any:
        """Value of a private element by the text that reserves its block; None if absent."""
        for tag in self._private_tags().get((group, element), ()):
            if self._text(group << 16 | (tag >> 8 & 0xFF)) == creator.strip():
                return self.value(tag)
        return None

    @property
    def holds_private(self) -> bool:
        """Whether any private element stands in this item itself."""
        return bool(self._private_tags())

    def _private_tags(self) -> Mapping[tuple[int, int], list[int]]:
        """Tags of private elements by group and last byte, in the order of the file."""
        if self._private is None:
            self._private = {}
            for tag in self.stored:
                if tag & 0x10000 and tag >> 8 & 0xFF >= 0x10:
                    self._private.setdefault((tag >> 16, tag & 0xFF), []).append(tag)
        return self._private

    def _text(self, tag: int) -> str:
        value = self.value(tag)
        return (value.decode("latin-1") if isinstance(value, bytes) else str(value)).strip("\0 ")


@dataclass(frozen=True, kw_only=True, slots=True)
class Parsed:
    """A header, and where the pixel data lie in the bytes it was parsed from.

    Attributes
    ----------
    pixel_tag, pixel_offset, pixel_length
        As in `Scan`.
    """

    elements: Elements
    pixel_tag: int | None = None
    pixel_offset: int = 0
    pixel_length: int | None = None


class _Level:
    """A data set or item (`target` set), or a sequence (`items` set), that is being read."""

    __slots__ = ("coding", "end", "items", "opaque", "open", "target")

    def __init__(self, end: int, coding: Coding, *, is_open: bool, target: Elements | None = None) -> None:
        self.end = end
        self.coding = coding
        # of undefined length: ends with a delimiter
        self.open = is_open
        self.target = target
        self.items: list[Elements] = []
        # fragments of bytes instead of items
        self.opaque = False


def parse(data: bytes, position: int, coding: Coding, *, complete: bool) -> Parsed:
    """Parse all elements up to the pixel data.

    Parameters
    ----------
    data
        The file's bytes from its beginning.
    position
        Offset of the first element behind the file meta group.
    complete
        Whether `data` ends where the file ends. What is cut off there is left out.

    Raises
    ------
    Short
        If `data` ends before the pixel data and is not complete.
    TooMuch
        If the header passes a limit.
    """
    return _Parser(data, position, complete=complete).run(coding)


class _Parser:
    def __init__(self, data: bytes, position: int, *, complete: bool) -> None:
        self.data = data
        self.position = position
        self.complete = complete
        self.limits = bounds.load()
        self.stack: list[_Level] = []
        self.count = 0
        self.pixels: tuple[int, int, int | None] | None = None
        self.known = known_vr()

    def run(self, coding: Coding) -> Parsed:
        top = Elements(self.data, little=coding.little)
        stack = self.stack
        stack.append(_Level(len(self.data), coding, is_open=True, target=top))
        while stack and self.pixels is None:
            level = stack[-1]
            if self.position + 8 > level.end:
                self._end(level)
            elif level.target is not None:
                if not level.coding.implicit:
                    self._ordinary(level, level.target)
                if self.position + 8 <= level.end:
                    self._element(level, level.target)
            else:
                self._item(level)
        if self.pixels is None:
            return Parsed(elements=top)
        tag, offset, length = self.pixels
        return Parsed(elements=top, pixel_tag=tag, pixel_offset=offset, pixel_length=length)

    def _end(self, level: _Level) -> None:
        """The bytes of a level are used up."""
        if level.end == len(self.data) and not self.complete:
            raise Short
        self.stack.pop()
        self.position = level.end

    def _ordinary(self, level: _Level, target: Elements) -> None:
        """Pass over elements of a short explicit representation one after the other: most of any header, in one loop."""
        data, position, end, known, stored = self.data, self.position, level.end, self.known, target.stored
        unpack = _EXPLICIT[level.coding.little]
        left = before = self.limits.max_elements - self.count
        while left and position + 8 <= end:
            group, number, vr, length = unpack(data, position)
            start = position + 8
            if vr not in SHORT_VR or group >= NO_ORDINARY_GROUP or start + length > end:
                break
            tag = group << 16 | number
            if tag in known or tag & 0x10000:
                stored[tag] = (vr, start, length)
            position, left = start + length, left - 1
        self.position = position
        self.count += before - left

    def _element(self, level: _Level, target: Elements) -> None:
        try:
            tag, vr, length, start = self._header(level.coding)
        except error:
            self.position = level.end
            return
        if tag >> 16 == 0xFFFE:
            self._delimiter(level, tag, start)
            return
        if tag in PIXELS and len(self.stack) == 1:
            self.pixels = (tag, start, None if length == UNDEFINED else length)
            return
        self._count()
        if vr == b"SQ" or length == UNDEFINED or (vr == b"UN" and self.data[start : start + 4] == ITEM_START[0]):
            self._open(target, (tag, vr, length, start))
            return
        end = start + length
        if end > level.end:
            # cut off, or a length that cannot be true: it has no value
            self.position = level.end
            return
        if tag in self.known or tag & 0x10000:
            target.stored[tag] = (vr, start, length)
        self.position = end

    def _header(self, coding: Coding) -> tuple[int, bytes, int, int]:
        """Tag, value representation, length and offset of the value."""
        data, position, little = self.data, self.position, coding.little
        if coding.implicit:
            group, number, length = _IMPLICIT[little](data, position)
            tag = group << 16 | number
            return tag, self.known.get(tag, b"UN"), length, position + 8
        group, number, vr, length = _EXPLICIT[little](data, position)
        tag = group << 16 | number
        if group == 0xFFFE or not ((vr.isalpha() and vr.isupper()) or vr in PLACEHOLDERS):
            # no representation stated where one belongs: written as implicit
            (length,) = _LENGTH[little](data, position + 4)
            return tag, self.known.get(tag, b"UN"), length, position + 8
        start = position + 8
        if vr in LONG_VR:
            (length,) = _LENGTH[little](data, start)
            start += 4
        if (vr not in SHORT_VR and vr not in LONG_VR) or vr == b"UN":
            vr = self.known.get(tag, b"UN")
        return tag, vr, length, start

    def _open(self, target: Elements, header: tuple[int, bytes, int, int]) -> None:
        """Begin a sequence, or fragments of bytes."""
        tag, vr, length, start = header
        outer = self.stack[-1]
        if len(self.stack) > 2 * self.limits.max_nesting:
            raise TooMuch(f"sequences are nested more than {self.limits.max_nesting} deep")
        end = outer.end if length == UNDEFINED else min(start + length, outer.end)
        if length != UNDEFINED and start + length > outer.end == len(self.data) and not self.complete:
            raise Short
        unknown = self.data[self.position + 4 : self.position + 6] == b"UN"
        coding = IMPLICIT_LITTLE if unknown and not outer.coding.implicit else outer.coding
        level = _Level(end, coding, is_open=length == UNDEFINED)
        level.opaque = vr in FRAGMENTED
        if not level.opaque:
            # every sequence: its values may be asked for through the functional groups, by their own keywords
            target.stored[tag] = (b"SQ", level.items, 0)
        self.stack.append(level)
        self.position = start

    def _item(self, level: _Level) -> None:
        """The next item of a sequence, or its end."""
        group, number, length = _IMPLICIT[level.coding.little](self.data, self.position)
        tag, start = group << 16 | number, self.position + 8
        if tag == ITEM and level.opaque:
            self.position = min(start + length, level.end)
        elif tag == ITEM:
            self._open_item(level, start, length)
        elif tag == ITEM_END:
            self.position = start
        else:
            # its delimiter, or an element: the delimiter is missing, or the stated length is wrong
            self.stack.pop()
            self.position = level.end if not level.open else start if tag == SEQUENCE_END else self.position

    def _open_item(self, level: _Level, start: int, length: int) -> None:
        known = length != UNDEFINED
        if known and start + length > level.end == len(self.data) and not self.complete:
            raise Short
        self._count()
        parent = self.stack[-2].target
        item = Elements(self.data, little=level.coding.little, parent=parent)
        level.items.append(item)
        end = min(start + length, level.end) if known else level.end
        self.stack.append(_Level(end, level.coding, is_open=not known, target=item))
        self.position = start

    def _count(self) -> None:
        """One more element or item."""
        self.count += 1
        if self.count > self.limits.max_elements:
            raise TooMuch(f"the header has more than {self.limits.max_elements} elements and items")

    def _delimiter(self, level: _Level, tag: int, start: int) -> None:
        """A delimiter among elements: the end of an item of undefined length, or one too many."""
        if len(self.stack) == 1 or not level.open:
            self.position = start
            return
        self.stack.pop()
        # where the item's own delimiter is missing, that of its sequence or the next item is read again there
        self.position = start if tag == ITEM_END else self.position
