"""Decoding of one compressed image from its bytes: which decoder reads which stream, called directly.

Every decoder here has a permissive licence; none is reached through pydicom. Which one reads which transfer syntax
stands in the table `transfer_syntaxes`, chosen by speed among those that give the exact values.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spinemets.ingest.pixels import codestream, rle_segments
from spinemets.ingest.pixels.codestream import Stated

BASELINE_BITS = 8
# Written in languages that cannot overrun memory (Rust, Python), or zlib: no damaged image can bring the process down.
# The others are C and C++: they are run in processes of their own wherever that can be had (module `workers`).
SAFE = frozenset(("rle", "raw", "deflate"))
# Any lossless and extended JPEG process: gdcm looks at the stream itself, not at the syntax it is told.
GDCM_JPEG = "1.2.840.10008.1.2.4.70"


class Undecodable(Exception):
    """The image cannot be decoded; the text says why, in a few words."""


class Coding(NamedTuple):
    """What a decoder must know of an image: the decoder's name, and how the pixels are stored."""

    plugin: str
    rows: int
    columns: int
    samples: int
    allocated: int
    signed: bool
    photometric: str
    planar: bool = False
    real: bool = False

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the stored values."""
        kind = "f" if self.real else "i" if self.signed else "u"
        return np.dtype(f"<{kind}{self.allocated // 8}")

    @property
    def shape(self) -> tuple[int, ...]:
        """(rows, columns), for colour (rows, columns, samples)."""
        return (self.rows, self.columns) if self.samples == 1 else (self.rows, self.columns, self.samples)

    @property
    def frame_bytes(self) -> int:
        """Bytes of the decoded image."""
        return self.rows * self.columns * self.samples * self.allocated // 8


def decode(data: bytes, coding: Coding) -> NDArray[Any]:
    """Stored values of one image, shape and type as `coding` says; colour is red, green, blue.

    Raises
    ------
    Undecodable
        If the bytes are no image of that kind and size.
    """
    try:
        array = DECODERS[coding.plugin](data, coding)
        array = array.reshape(coding.shape)
    except (
        ValueError,
        RuntimeError,
        OSError,
        TypeError,
        AttributeError,
        LookupError,
        ArithmeticError,
        zlib.error,
    ) as error:
        raise Undecodable(f"{coding.plugin} gives up ({type(error).__name__})") from error
    return np.ascontiguousarray(array, dtype=coding.dtype)


def seen(data: bytes) -> Stated:
    """Size the stream states.

    Raises
    ------
    ValueError
        If it states none.
    """
    try:
        found = codestream.stated(data)
    except codestream.NotYet:
        found = None
    if found is None:
        raise ValueError("no image size in the compressed data")
    return found


def coloured(flat: NDArray[Any], coding: Coding, *, planes: bool) -> NDArray[Any]:
    """Samples in the order of the stream, as the image; `planes`: all of one colour, then all of the next."""
    if not planes:
        return rgb(flat.reshape(coding.shape), coding)
    stacked = flat.reshape(coding.samples, coding.rows, coding.columns)
    return rgb(np.moveaxis(stacked, 0, -1), coding).reshape(coding.shape)


def rgb(array: NDArray[Any], coding: Coding) -> NDArray[Any]:
    """Samples as they are, or YBR_FULL of 8 bits as red, green, blue (DICOM PS3.3 C.7.6.3.1.2)."""
    if coding.samples != 3 or not coding.photometric.startswith("YBR_FULL"):
        return array
    y, b, r = (array[..., n].astype(np.float32) - (128 if n else 0) for n in range(3))
    values = np.stack([y + 1.402 * r, y - 0.344136 * b - 0.714136 * r, y + 1.772 * b], axis=-1)
    found: NDArray[Any] = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return found


def _rle(data: bytes, coding: Coding) -> NDArray[Any]:
    plane = rle_segments.decode(data, coding.rows * coding.columns, coding.samples, coding.allocated // 8)
    return coloured(plane.reshape(-1).view(coding.dtype), coding, planes=True)


def _jpeg_ls(data: bytes, coding: Coding) -> NDArray[Any]:
    from jpeg_ls import decode_buffer  # type: ignore[import-untyped]

    _require(seen(data), coding)
    buffer, info = decode_buffer(data)
    flat = np.frombuffer(buffer, f"<u{1 if info['bits_per_sample'] <= 8 else 2}")
    return coloured(flat, coding, planes=info["interleave_mode"] == 0)


def _jpeg_2000(data: bytes, coding: Coding) -> NDArray[Any]:
    from openjpeg.utils import decode_pixel_data

    size = seen(data)
    _require(size, coding)
    width = 1 if size.bits <= 8 else 2 if size.bits <= 16 else 4
    flat = np.frombuffer(decode_pixel_data(data, version=2), f"<{'i' if size.signed else 'u'}{width}")
    return coloured(flat, coding, planes=False)


def _jpeg(data: bytes, coding: Coding) -> NDArray[Any]:
    """JPEG by gdcm: lossless, and lossy of 12 bits; 8 bits lossy go to libjpeg-turbo."""
    size = seen(data)
    _require(size, coding)
    return _gdcm(data, size, coding) if size.lossless or size.bits > BASELINE_BITS else _lossy_8(data, coding)


def _lossy_8(data: bytes, coding: Coding) -> NDArray[Any]:
    from PIL import Image

    with Image.open(BytesIO(data), formats=("JPEG",)) as picture:
        marked = "jfif" in picture.info or "adobe" in picture.info
        if coding.samples == 3 and not marked and not coding.photometric.startswith("YBR"):
            # nothing in the stream says that it is luminance and colour, and the header says that it is not
            picture.draft("YCbCr", picture.size)
        return np.asarray(picture)


def _gdcm(data: bytes, size: Stated, coding: Coding) -> NDArray[Any]:
    import gdcm

    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(data)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((coding.columns, coding.rows, 1))
    image.SetDataElement(element)
    name = "RGB" if coding.samples == 3 else "MONOCHROME2"
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(gdcm.PhotometricInterpretation.GetPIType(name)))
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(GDCM_JPEG)))
    allocated = 8 if size.bits <= 8 else 16
    image.SetPixelFormat(gdcm.PixelFormat(coding.samples, allocated, size.bits, size.bits - 1, 0))
    text = image.GetBuffer()
    if text is None:
        raise ValueError("gdcm: no image")
    # gdcm hands its char* over as str
    flat = text.encode("utf-8", "surrogateescape")
    return coloured(np.frombuffer(flat, f"<u{allocated // 8}"), coding, planes=False)


def _raw(data: bytes, coding: Coding) -> NDArray[Any]:
    if len(data) < coding.frame_bytes:
        raise ValueError("too few bytes")
    flat = np.frombuffer(data[: coding.frame_bytes], coding.dtype)
    return coloured(flat, coding, planes=coding.planar)


def _deflated(data: bytes, coding: Coding) -> NDArray[Any]:
    return _raw(zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, coding.frame_bytes), coding)


def _require(size: Stated, coding: Coding) -> None:
    """No decoder writes into less room than its stream asks for."""
    if (size.rows, size.columns, size.samples) != (coding.rows, coding.columns, coding.samples):
        raise ValueError("the compressed image has another size than its header says")
    if size.bits > coding.allocated:
        raise ValueError("the compressed image has more bits than its header says")


DECODERS: dict[str, Callable[[bytes, Coding], NDArray[Any]]] = {
    "rle": _rle, "pyjpegls": _jpeg_ls, "openjpeg": _jpeg_2000, "gdcm": _jpeg, "raw": _raw,
    "deflate": _deflated,
}  # fmt: skip


@contextmanager
def quiet() -> Iterator[None]:
    """Keep C libraries from writing to standard error: gdcm tries its 8-bit decoder first, and complains."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
