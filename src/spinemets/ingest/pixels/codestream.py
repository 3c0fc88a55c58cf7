"""What the first bytes of a compressed image say of its size, against what the DICOM header says. Nothing is decoded.

JPEG and JPEG-LS: ISO/IEC 10918-1 B.2.2 and 14495-1 C.2.2 (frame header). JPEG 2000: ISO/IEC 15444-1 A.5.1 (SIZ).
RLE: DICOM PS3.5 annex G.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the decoding processes import this module, and little else
    from spinemets.ingest.frames import Layout

# Bytes that hold the size in nearly every file; a JPEG with long application segments needs more.
HEAD, LONG_HEAD = 512, 1 << 18
JPEG_FRAMES = frozenset((*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0), 0xF7))
JPEG_LS_FRAME, LOSSLESS_FRAME = 0xF7, 0xC3
BARE_MARKERS = frozenset((0x01, *range(0xD0, 0xD9)))
CODESTREAM, JP2 = b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP"
FAMILIES = {"jpeg": "JPEG", "jpeg-ls": "JPEG-LS", "j2k": "JPEG 2000"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Stated:
    """What a compressed image states: rows, columns, bits of a sample, samples of a pixel.

    `signed` is known of JPEG 2000 only, `lossless` of JPEG only.
    """

    rows: int
    columns: int
    bits: int
    samples: int
    signed: bool = False
    lossless: bool = False
    family: str = "jpeg"


class NotYet(Exception):
    """The bytes at hand end before the size."""


def stated(head: bytes) -> Stated | None:
    """Size stated by a JPEG, JPEG-LS or JPEG 2000 image, None if it is none of them.

    Raises
    ------
    NotYet
        If more bytes are needed.
    """
    if head[:2] == b"\xff\xd8":
        return _jpeg(head)
    if head.startswith(CODESTREAM):
        return _jpeg_2000(head, 0)
    # a whole JP2 file instead of the bare code stream is against the standard, and found in the wild
    if head.startswith(JP2):
        place = head.find(CODESTREAM)
        if place < 0:
            raise NotYet
        return _jpeg_2000(head, place)
    return None


def _jpeg(head: bytes) -> Stated | None:
    position = 2
    while position + 4 <= len(head):
        if head[position] != 0xFF:
            return None
        marker = head[position + 1]
        if marker == 0xFF or marker in BARE_MARKERS:
            position += 1 if marker == 0xFF else 2
            continue
        if marker in JPEG_FRAMES:
            if position + 10 > len(head):
                raise NotYet
            rows, columns = (int.from_bytes(head[position + n : position + n + 2]) for n in (5, 7))
            return Stated(
                rows=rows, columns=columns, bits=head[position + 4], samples=head[position + 9],
                lossless=marker == LOSSLESS_FRAME, family="jpeg-ls" if marker == JPEG_LS_FRAME else "jpeg",
            )  # fmt: skip
        position += 2 + int.from_bytes(head[position + 2 : position + 4])
    raise NotYet


def _jpeg_2000(head: bytes, place: int) -> Stated:
    if len(head) < place + 43:
        raise NotYet
    width, height, left, top = (int.from_bytes(head[place + n : place + n + 4]) for n in (8, 12, 16, 20))
    depth = head[place + 42]
    return Stated(
        rows=height - top, columns=width - left, bits=(depth & 0x7F) + 1,
        samples=int.from_bytes(head[place + 40 : place + 42]), signed=bool(depth & 0x80), family="j2k",
    )  # fmt: skip


def contradiction(seen: Stated | None, family: str, layout: Layout) -> str | None:
    """Say how a compressed image contradicts its DICOM header, None if it does not.

    Parameters
    ----------
    family
        What the transfer syntax promises: `jpeg`, `jpeg-ls` or `j2k`.
    """
    if seen is None or seen.family != family:
        return f"compressed image does not begin like {FAMILIES[family]}"
    if (seen.rows, seen.columns) != (layout.rows, layout.columns):
        size = f"{seen.rows} x {seen.columns}"
        return f"compressed image is {size}, the header says {layout.rows} x {layout.columns}"
    if seen.samples != layout.samples:
        return f"compressed image has {seen.samples} samples a pixel, the header says {layout.samples}"
    if not 1 <= seen.bits <= layout.allocated:
        return f"compressed image has {seen.bits} bits, the header allocates {layout.allocated}"
    return None


def rle_contradiction(head: bytes, length: int, layout: Layout) -> str | None:
    """Say why the header of an RLE image cannot be true.

    Parameters
    ----------
    head
        Its first 64 bytes.
    length
        Bytes of the whole image.
    """
    if len(head) < 64:
        return "RLE image without its header"
    segments = int.from_bytes(head[:4], "little")
    wanted = layout.samples * layout.allocated // 8
    if segments != wanted:
        return f"RLE image has {segments} segments, the header asks for {wanted}"
    offsets = [int.from_bytes(head[4 * n : 4 * n + 4], "little") for n in range(1, segments + 1)]
    if offsets[0] != 64 or any(a >= b for a, b in zip(offsets, [*offsets[1:], length], strict=True)):
        return "RLE image with impossible segment offsets"
    return None
