"""RLE images (DICOM PS3.5 annex G) of damaged files: segments that end too early are found, never run over.

`pylibjpeg-rle` is written in Rust and panics where a packet runs beyond its bytes: that is no Python exception and prints
to the terminal. Bytes put behind each segment give every packet room to end, and the length of what comes out then tells
whether the segment had come to its end by itself.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

HEADER_BYTES, MOST_SEGMENTS = 64, 15
# Each pair of guard bytes is a packet of 128 equal values; the last byte (128) stands for nothing, or ends a pair. A packet
# of the segment that lacks bytes takes them here (at most 128), and then fewer pairs are left.
PAIRS, RUN = 66, 128
GUARD = b"\x81" * (2 * PAIRS - 1) + b"\x80"


def decode(data: bytes, n_pixels: int, samples: int, bytes_per_sample: int) -> NDArray[Any]:
    """Little-endian bytes of one image, shape (samples, pixels, bytes per sample).

    Raises
    ------
    ValueError
        If the segments are not those of such an image, or end too early.
    """
    n = samples * bytes_per_sample
    if len(data) < HEADER_BYTES:
        raise ValueError("cut off inside the RLE header")
    count, *offsets = struct.unpack("<16L", data[:HEADER_BYTES])
    if count != n or count > MOST_SEGMENTS:
        raise ValueError(f"{count} RLE segments where {n} are needed")
    ends = [*offsets[1:count], len(data)]
    out = np.empty((samples, n_pixels, bytes_per_sample), np.uint8)
    for k, (start, end) in enumerate(zip(offsets[:count], ends, strict=True)):
        if not HEADER_BYTES <= start <= end <= len(data):
            raise ValueError("RLE segments lie outside the image")
        sample, byte = divmod(k, bytes_per_sample)
        # the most significant byte comes first
        out[sample, :, bytes_per_sample - 1 - byte] = segment(data[start:end], n_pixels)
    return out


def segment(data: bytes, n: int) -> NDArray[np.uint8]:
    """The first n bytes of an unpacked segment.

    Raises
    ------
    ValueError
        If it holds fewer.
    """
    found = _guarded(data)
    if len(found) < n + PAIRS * RUN and data.endswith(b"\0"):
        found = _guarded(data[:-1])  # a zero that only makes the length even is no packet
    if len(found) < n + PAIRS * RUN:
        raise ValueError("an RLE segment ends too early")
    return found[:n]


def _guarded(data: bytes) -> NDArray[np.uint8]:
    from rle.rle import decode_segment  # type: ignore[import-not-found]

    return np.frombuffer(decode_segment(data + GUARD), np.uint8)
