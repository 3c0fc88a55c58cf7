"""Items written like one that was parsed before, as the frames of an enhanced object repeat them by the hundred."""

from __future__ import annotations

from collections.abc import Iterator

from spinemets.ingest.header.elements import Elements
from spinemets.ingest.header.skeleton import Skeleton

ITEM_START = b"\xfe\xff\x00\xe0"
# Tag and length of an item.
ITEM_BYTES = 8


class ItemLayout:
    """Where the values of one item lie.

    Parameters
    ----------
    data
        The file's bytes.
    item
        The item as parsed.
    start, end
        Where its first element begins, and where it ends, its own delimiter included.
    length
        Its stated length.
    count
        Elements and items in it.

    Raises
    ------
    ValueError
        If its values overlap, as they can in damaged files only.
    """

    def __init__(self, data: bytes, item: Elements, start: int, end: int, *, length: int, count: int) -> None:
        self.length, self.count, self.size = length, count, end - start
        self._data, self._item, self._start = data, item, start
        values = list(_values(item))
        self._skeleton = Skeleton(data, start, end, [(offset, size) for offset, size, _ in values])
        # what these begin with decides whether they are sequences
        self._unknown = [(offset - start, size) for offset, size, vr in values if vr == b"UN"]

    def matched(self, start: int, end: int, parent: Elements | None) -> Elements | None:
        """The item that begins there, if it is written alike and ends by `end`; else None."""
        if not self._skeleton.fits(self._data, start, end):
            return None
        if any(begins_with_item(self._data, start + offset, size) for offset, size in self._unknown):
            return None
        return self._item.moved(start - self._start, parent)


def begins_with_item(data: bytes, start: int, length: int) -> bool:
    """Whether a value of unknown representation is a sequence: it begins with the tag of an item."""
    return length >= ITEM_BYTES and data.startswith(ITEM_START, start)


def _values(item: Elements) -> Iterator[tuple[int, int, bytes]]:
    """Offset, length and representation of every value in it, nested ones included."""
    for vr, place, length in item.stored.values():
        if vr == b"SQ":
            for nested in place:
                yield from _values(nested)
        else:
            yield place, length, vr
