"""Where the images of encapsulated (compressed) pixel data lie in a file: items, offset tables, fragments.

Only item headers and the first bytes of each image are looked at, nothing is decoded. Offset tables are believed only
where they agree with the items that are really there; a wrong or missing one costs nothing as long as the fragments
themselves say which image they belong to.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

ITEM, END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
# An image cut into pieces of 32 kB or more never needs so many; a crafted file of empty fragments has millions.
MOST_FRAGMENTS = 16384
PER_IMAGE = 8
JPEG_START, J2K_START, JP2_START = b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP"

ReadAt = Callable[[int, int], bytes]
Pieces = tuple[tuple[int, int], ...]


class Malformed(Exception):
    """The items of the pixel data contradict themselves or the header; the text says how."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fragment:
    """One item of pixel data: offset of its tag, of its first byte, its length, and whether the file ends inside it."""

    item: int
    start: int
    length: int
    cut: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Items:
    """Fragments in file order, and the basic offset table (empty if there is none)."""

    fragments: tuple[Fragment, ...]
    offsets: tuple[int, ...]
    origin: int


def items(read_at: ReadAt, start: int, end: int, n_frames: int) -> Items:
    """Walk over the items of the pixel data.

    Parameters
    ----------
    read_at
        `read_at(offset, count)` gives bytes of the file (fewer at its end).
    start, end
        Offset of the first item, and the end of what may be read.
    n_frames
        Number of images the header claims; bounds the number of fragments.

    Raises
    ------
    Malformed
        If there are no items, or absurdly many.
    """
    most = MOST_FRAGMENTS + PER_IMAGE * n_frames
    found: list[Fragment] = []
    position = start
    while position + 8 <= end:
        head = read_at(position, 8)
        if head[:4] != ITEM:
            break
        length = int.from_bytes(head[4:8], "little")
        first = position + 8
        cut = first + length > end
        found.append(Fragment(item=position, start=first, length=min(length, end - first), cut=cut))
        if len(found) > most:
            raise Malformed(f"more than {most} fragments of pixel data")
        if cut:
            break
        position = first + length
    if not found:
        raise Malformed("compressed pixel data without items")
    return _split_table(read_at, found, n_frames)


def _split_table(read_at: ReadAt, found: list[Fragment], n_frames: int) -> Items:
    """The first item is the offset table, unless a writer forgot it."""
    first = found[0]
    head = read_at(first.start, min(first.length, 8))
    if first.length and starts_image(head):
        return Items(fragments=tuple(f for f in found if f.length), offsets=(), origin=first.item)
    offsets: tuple[int, ...] = ()
    if first.length == 4 * n_frames and not first.cut:
        offsets = struct.unpack(f"<{n_frames}L", read_at(first.start, first.length))
    rest = tuple(f for f in found[1:] if f.length)
    return Items(fragments=rest, offsets=offsets, origin=first.start + first.length)


def starts_image(head: bytes) -> bool:
    """Whether these first 8 bytes begin a JPEG, JPEG-LS, JPEG 2000 or RLE image."""
    if head.startswith((JPEG_START, J2K_START, JP2_START)):
        return True
    return len(head) == 8 and 1 <= int.from_bytes(head[:4], "little") <= 15 and head[4:8] == b"\x40\0\0\0"


def images(read_at: ReadAt, found: Items, n_frames: int, extended: Sequence[int] = ()) -> list[Pieces | None]:
    """Pieces (offset, length) of each image; None for an image that is not there or cut off.

    Parameters
    ----------
    extended
        Extended offset table (7FE0,0001), if the file has one.

    Raises
    ------
    Malformed
        If the fragments cannot be assigned to the images.
    """
    fragments = found.fragments
    if not fragments:
        raise Malformed("compressed pixel data without a fragment")
    if n_frames == 1:
        return [_pieces(fragments)]
    if len(fragments) == n_frames:
        return [_pieces((one,)) for one in fragments]
    starts = _starts(read_at, found, n_frames, extended)
    if starts is None and len(fragments) < n_frames:
        # a file that ends early: one fragment an image, the last ones missing
        known: list[Pieces | None] = [_pieces((one,)) for one in fragments]
        return known + [None] * (n_frames - len(fragments))
    if starts is None:
        raise Malformed(f"{len(fragments)} fragments of pixel data cannot be assigned to {n_frames} images")
    bounds = [*starts, len(fragments)]
    return [_pieces(fragments[a:b]) for a, b in pairwise(bounds)]


def _starts(read_at: ReadAt, found: Items, n_frames: int, extended: Sequence[int]) -> list[int] | None:
    """Number of the first fragment of each image: from an offset table that is true, else from how images begin."""
    by_offset = {one.item - found.origin: number for number, one in enumerate(found.fragments)}
    for table in (extended, found.offsets):
        numbers = [by_offset.get(offset, -1) for offset in table]
        if len(numbers) == n_frames and numbers[0] == 0 and all(a < b for a, b in pairwise(numbers)):
            return numbers
    heads = [number for number, one in enumerate(found.fragments) if starts_image(read_at(one.start, 8))]
    return heads if len(heads) == n_frames and heads[0] == 0 else None


def _pieces(fragments: Sequence[Fragment]) -> Pieces | None:
    """None where the file ends inside the image."""
    return None if any(one.cut for one in fragments) else tuple((one.start, one.length) for one in fragments)


def joined(read_at: ReadAt, pieces: Pieces) -> bytes:
    """Bytes of one image.

    Raises
    ------
    OSError
        If the file became shorter.
    """
    parts = [read_at(start, length) for start, length in pieces]
    data = parts[0] if len(parts) == 1 else b"".join(parts)
    if len(data) != sum(length for _, length in pieces):
        raise OSError("the file became shorter while it was read")
    return data
