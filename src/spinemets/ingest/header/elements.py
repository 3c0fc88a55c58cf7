"""Elements of a DICOM header, by keyword or tag, with values converted when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from spinemets.ingest.header.character_sets import codecs_of
from spinemets.ingest.header.element_values import BrokenValue, convert
from spinemets.knowledge.catalogue import table

CHARACTER_SET = 0x00080005


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

    __slots__ = ("_codecs", "_converted", "_data", "_moved", "_parent", "_private", "_sequences", "little", "stored")

    def __init__(self, data: bytes = b"", *, little: bool = True, parent: Elements | None = None) -> None:
        self._data = data
        self.little = little
        self._parent = parent
        self._codecs: tuple[str, ...] | None = None
        self._converted: dict[int, Any] = {}
        self._private: dict[tuple[int, int], list[int]] | None = None
        self._sequences: list[int] | None = None
        # bytes by which all values lie further on than `stored` says
        self._moved = 0
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
        value: Any
        if vr == b"SQ":
            value = tuple(item.moved(self._moved, self) for item in start) if self._moved else tuple(start)
        else:
            start += self._moved
            try:
                value = convert(vr, self._data[start : start + length], self.little, self.codecs)
            except BrokenValue:
                value = None
        self._converted[tag] = value
        return value

    def moved(self, by: int, parent: Elements | None) -> Elements:
        """The same elements in another item, where every value lies that many bytes further on."""
        found = Elements(self._data, little=self.little, parent=parent)
        found.stored, found._moved = self.stored, self._moved + by
        found._private, found._sequences = self._private_tags(), self._sequence_tags()
        return found

    def raw(self, tag: int) -> bytes | None:
        """Stored bytes of an element that is no sequence; None if absent."""
        found = self.stored.get(tag)
        if found is None or found[0] == b"SQ":
            return None
        start = found[1] + self._moved
        return self._data[start : start + found[2]]

    def put(self, tag: int, value: Any) -> None:
        """Set a value that another parser has converted; items as a tuple of `Elements`."""
        self._private = self._sequences = None
        self.stored[tag] = (b"SQ", value, 0) if isinstance(value, tuple) else (b"UN", 0, 0)
        self._converted[tag] = value

    @property
    def codecs(self) -> tuple[str, ...]:
        """Python codecs of its texts: its own character set, else that of the data set around it."""
        if self._codecs is None:
            stated = self.raw(CHARACTER_SET)
            self._codecs = codecs_of(stated) if stated else () if self._parent is None else self._parent.codecs
        return self._codecs

    def first_items(self) -> list[Elements]:
        """First item of every sequence that has one, by tag."""
        return [self.value(tag)[0] for tag in self._sequence_tags()]

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

    def _sequence_tags(self) -> list[int]:
        """Tags of sequences that have an item, in order."""
        if self._sequences is None:
            self._sequences = sorted(tag for tag, (vr, items, _) in self.stored.items() if vr == b"SQ" and items)
        return self._sequences

    def _private_tags(self) -> dict[tuple[int, int], list[int]]:
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
