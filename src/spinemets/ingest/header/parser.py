"""Header of a DICOM file into elements: what spinemets reads of it, and nothing of the pixels.

`parse` follows nesting with a stack of its own, so that no file can overflow it; bounds on depth and number of elements
come from the table `reading_limits`. What is wrong but harmless is passed over: missing delimiters, lengths beyond their
sequence, elements without a value representation.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from struct import Struct, error
from typing import NamedTuple

from spinemets.ingest.files import limits as bounds
from spinemets.ingest.header.elements import Elements, known_vr
from spinemets.ingest.header.item_layout import ItemLayout, begins_with_item
from spinemets.ingest.header.scan import ITEM, LONG_VR, PIXELS, SEQUENCE_END, SHORT_VR, UNDEFINED, Short

ITEM_END = 0xFFFEE00D
# Levels open while an item of a sequence of the data set itself is read: the data set and the sequence.
REPEATING = 2
# So many layouts of items are kept in a sequence.
MOST_LAYOUTS = 16
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

    __slots__ = ("before", "coding", "end", "items", "last", "layouts", "length", "opaque", "open", "start", "target")

    def __init__(self, start: int, length: int, end: int, coding: Coding, *, target: Elements | None = None) -> None:
        self.start = start
        self.length = length
        self.end = end
        self.coding = coding
        # of undefined length: ends with a delimiter
        self.open = length == UNDEFINED
        self.target = target
        self.items: list[Elements] = []
        # fragments of bytes instead of items
        self.opaque = False
        # of an item: elements counted before it
        self.before = 0
        # of a sequence: the item parsed last and where it ended, and how earlier ones were written
        self.last: tuple[_Level, int] | None = None
        self.layouts: list[ItemLayout] = []


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
        stack.append(_Level(self.position, UNDEFINED, len(self.data), coding, target=top))
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
        self._finished(level)

    def _finished(self, level: _Level) -> None:
        """An item ended: others of its sequence may be written alike."""
        if level.target is not None and len(self.stack) == REPEATING:
            self.stack[-1].last = (level, self.position)

    def _ordinary(self, level: _Level, target: Elements) -> None:
        """Pass over elements of a short explicit representation one after the other: most of any header, in one loop."""
        data, position, end, stored = self.data, self.position, level.end, target.stored
        unpack = _EXPLICIT[level.coding.little]
        left = before = self.limits.max_elements - self.count
        while left and position + 8 <= end:
            group, number, vr, length = unpack(data, position)
            start = position + 8
            if vr not in SHORT_VR or group >= NO_ORDINARY_GROUP or start + length > end:
                break
            stored[group << 16 | number] = (vr, start, length)
            position, left = start + length, left - 1
        self.position = position
        self.count += before - left

    def _element(self, level: _Level, target: Elements) -> None:
        try:
            tag, vr, length, start = self._header(level.coding)
        except error:
            self.position = level.end
            return
        if start > level.end:
            # its length would lie outside: what follows an item never decides what is in it
            self.position = level.end
            return
        if tag >> 16 == 0xFFFE:
            self._delimiter(level, tag, start)
            return
        if tag in PIXELS and len(self.stack) == 1:
            self.pixels = (tag, start, None if length == UNDEFINED else length)
            return
        self._count()
        if vr == b"SQ" or length == UNDEFINED or (vr == b"UN" and begins_with_item(self.data, start, length)):
            self._open(target, (tag, vr, length, start))
            return
        end = start + length
        if end > level.end:
            # cut off, or a length that cannot be true: it has no value
            self.position = level.end
            return
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
        level = _Level(start, length, end, coding)
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
        if level.items and len(self.stack) == REPEATING and self._repeated(level, start, length):
            return
        self._count()
        item = Elements(self.data, little=level.coding.little, parent=self.stack[-2].target)
        level.items.append(item)
        end = min(start + length, level.end) if known else level.end
        inner = _Level(start, length, end, level.coding, target=item)
        inner.before = self.count
        self.stack.append(inner)
        self.position = start

    def _repeated(self, level: _Level, start: int, length: int) -> bool:
        """Whether an item is written like an earlier one of its sequence; it is then taken as a whole."""
        if level.last is not None and len(level.layouts) < MOST_LAYOUTS:
            self._remember(level, *level.last)
        level.last = None
        for n, layout in enumerate(level.layouts):
            item = layout.matched(start, level.end, self.stack[-2].target) if layout.length == length else None
            if item is not None:
                self._count(1 + layout.count)
                level.items.append(item)
                self.position = start + layout.size
                level.layouts.insert(0, level.layouts.pop(n))
                return True
        return False

    def _remember(self, level: _Level, item: _Level, end: int) -> None:
        if item.target is not None:
            count = self.count - item.before
            with suppress(ValueError):
                layout = ItemLayout(self.data, item.target, item.start, end, length=item.length, count=count)
                level.layouts.insert(0, layout)

    def _count(self, more: int = 1) -> None:
        """So many more elements and items."""
        self.count += more
        if self.count > self.limits.max_elements:
            raise TooMuch(f"the header has more than {self.limits.max_elements} elements and items")

    def _delimiter(self, level: _Level, tag: int, start: int) -> None:
        """A delimiter among elements: the end of an item of undefined length, or one too many."""
        if len(self.stack) == 1 or not level.open:
            self.position = start
            return
        self.stack.pop()
        # where the item's own delimiter is missing, that of its sequence or the next item is read again there
        if tag == ITEM_END:
            self.position = start
            self._finished(level)
