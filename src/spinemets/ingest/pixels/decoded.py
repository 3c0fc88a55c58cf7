"""Where the images of each file lie: looked for and checked at reading, without decoding anything.

What is checked: the items of the pixel data, that each image is there to its end, and that the size its first bytes
state is that of the header. What only a decoder can find is found when the volume is asked for.
"""

from __future__ import annotations

import struct
from functools import partial
from typing import IO, Any

from spinemets.ingest.frames import Frame, Image
from spinemets.ingest.header import headers as h
from spinemets.ingest.pixels import codestream, encapsulated
from spinemets.ingest.pixels.codecs import Coding
from spinemets.ingest.pixels.encapsulated import Malformed, Pieces, ReadAt
from spinemets.ingest.pixels.workers import Task
from spinemets.knowledge.catalogue import table

CUT = "cut off"
STREAMS = frozenset(codestream.FAMILIES)


def encoded(image: Image) -> bool:
    """Whether its images must be decoded: encapsulated, of whatever kind."""
    return not image.direct and bool(table("transfer_syntaxes")[image.header.scanned.syntax]["plugin"] != "native")


def coding(image: Image) -> Coding:
    """What a decoder must know of the images of a file."""
    layout, row = image.layout, table("transfer_syntaxes")[image.header.scanned.syntax]
    plugin = "raw" if row["plugin"] == "native" else row["plugin"]
    return Coding(
        plugin=plugin, rows=layout.rows, columns=layout.columns, samples=layout.samples, allocated=layout.allocated,
        signed=layout.signed, photometric=image.header.text(h.PHOTOMETRIC) or "",
        planar=image.header.integer(h.PLANAR) == 1, real=layout.real,
    )  # fmt: skip


def reader(stream: IO[bytes]) -> ReadAt:
    """Reading at an offset of an open file."""

    def read_at(start: int, count: int) -> bytes:
        stream.seek(start)
        return stream.read(count)

    return read_at


class DecodedImages:
    """Places of the images in the files of one study."""

    def __init__(self) -> None:
        self._places: dict[str, list[Pieces | str]] = {}

    def check(self, image: Image) -> str | None:
        """Look for the images of a file; say why none of them can be decoded, None if at least one may be."""
        if not encoded(image):
            return None
        name = table("transfer_syntaxes")[image.header.scanned.syntax]["name"]
        try:
            with image.source.path.open("rb", buffering=0) as stream:
                places = _places(image, reader(stream))
        except (Malformed, OSError) as error:
            reason = str(error) if isinstance(error, Malformed) else "cannot be read"
            return f"pixels cannot be decoded: {reason} ({name})"
        if all(isinstance(place, str) for place in places):
            return f"pixels cannot be decoded: {places[0]} ({name})"
        self._places[str(image.source.path)] = places
        return None

    def task(self, n: int, frame: Frame) -> Task | str:
        """What it takes to decode an image as number n of a series, or why it cannot be."""
        source = frame.image.source
        place = self._places[str(source.path)][frame.index]
        if isinstance(place, str):
            return place
        return Task(n=n, path=str(source.path), name=source.name, pieces=place, coding=coding(frame.image))


def _places(image: Image, read_at: ReadAt) -> list[Pieces | str]:
    scanned = image.header.scanned
    end = image.source.size
    if scanned.pixel_length is not None:
        end = min(end, scanned.pixel_offset + scanned.pixel_length)
    found = encapsulated.items(read_at, scanned.pixel_offset, end, image.n_frames)
    extended = scanned.values.get(h.EXTENDED_OFFSETS, b"")
    table_8 = struct.unpack(f"<{len(extended) // 8}Q", extended[: len(extended) // 8 * 8])
    pieces = encapsulated.images(read_at, found, image.n_frames, table_8)
    look = partial(_contradiction, read_at, image, table("transfer_syntaxes")[scanned.syntax])
    return [CUT if one is None else look(one) or one for one in pieces]


def _contradiction(read_at: ReadAt, image: Image, row: dict[str, Any], pieces: Pieces) -> str | None:
    """Why an image cannot be what its header says, None if it may be."""
    length = sum(count for _, count in pieces)
    stream = row["stream"]
    if stream == "raw":
        return CUT if length < image.layout.frame_bytes else None
    if stream not in STREAMS and stream != "rle":
        return None
    head = _head(read_at, pieces, codestream.HEAD)
    if stream == "rle":
        return codestream.rle_contradiction(head, length, image.layout)
    try:
        seen = codestream.stated(head)
    except codestream.NotYet:
        try:
            seen = codestream.stated(_head(read_at, pieces, codestream.LONG_HEAD))
        except codestream.NotYet:
            seen = None
    return codestream.contradiction(seen, stream, image.layout)


def _head(read_at: ReadAt, pieces: Pieces, count: int) -> bytes:
    """The first bytes of an image, over as many pieces as they take."""
    head = b""
    for start, length in pieces:
        head += read_at(start, min(length, count - len(head)))
        if len(head) >= count:
            break
    return head
