"""What of a stretch of header decides how it is read: the bytes between its values.

Tags, representations, lengths and delimiters. Where another stretch has the same bytes between values of the same lengths, its
values lie in the same places, and nothing has to be parsed again: one comparison instead of a walk from element to element.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct


class Skeleton:
    """The bytes between the values of a stretch that was read before.

    Parameters
    ----------
    data
        Bytes it lies in.
    start, end
        Where it begins and ends in them.
    values
        Offset and length of each value, in any order.

    Raises
    ------
    ValueError
        If values overlap, as they can in damaged files only.
    """

    __slots__ = ("_between", "_expected", "size")

    def __init__(self, data: bytes, start: int, end: int, values: Iterable[tuple[int, int]]) -> None:
        pieces, position = [], start
        for offset, length in sorted(values):
            if offset < position:
                raise ValueError("values overlap")
            if length:
                pieces.append(f"{offset - position}s{length}x")
                position = offset + length
        pieces.append(f"{end - position}s")
        self.size = end - start
        self._between = Struct("".join(pieces)).unpack_from
        self._expected = self._between(data, start)

    def fits(self, data: bytes, start: int, end: int) -> bool:
        """Whether the stretch that begins at `start`, and ends by `end`, is written in the same way."""
        if start + self.size > end:
            return False
        # the last bytes first: they lie elsewhere where any value has another length
        tail = self._expected[-1]
        if not data.startswith(tail, start + self.size - len(tail)):
            return False
        return self._between(data, start) == self._expected
