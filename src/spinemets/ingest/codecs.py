"""Decoding of compressed images: which decoder reads which transfer syntax, and glue for two small ones.

`pylibjpeg-rle` and `pylibjpeg-openjpeg` are called directly: their framework package would bring nothing but a
look-up, and its libjpeg plug-in is under the GPL, which this project does not depend on.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.ingest.source_file import SourceFile
from spinemets.knowledge.catalogue import table

RLE = "1.2.840.10008.1.2.5"
JPEG12 = "1.2.840.10008.1.2.4.51"
HTJ2K = ("1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203")
DECODER_DEPENDENCIES = {
    RLE: ("pylibjpeg-rle",), JPEG12: ("python-gdcm",), **dict.fromkeys(HTJ2K, ("pylibjpeg-openjpeg",))
}  # fmt: skip
OWN = {"rle": "decode_rle", "openjpeg": "decode_htj2k", "gdcm12": "decode_jpeg12"}


def is_available(uid: str) -> bool:
    """Answer pydicom's question whether this module decodes that syntax."""
    return uid in DECODER_DEPENDENCIES


def decode_rle(source: bytes, runner: Any) -> bytearray:
    """Decode one RLE frame for pydicom (planar configuration 1)."""
    from rle.utils import decode_pixel_data

    frame = decode_pixel_data(source, version=2, **runner.options)
    runner.set_option("planar_configuration", 1)
    return bytearray(frame)


def decode_htj2k(source: bytes, runner: Any) -> bytearray:
    """Decode one high-throughput JPEG 2000 frame for pydicom."""
    from openjpeg.utils import decode_pixel_data

    frame = decode_pixel_data(source, version=2, **runner.options)
    precision = runner.get_option("j2k_precision", runner.bits_stored)
    runner.set_option("bits_allocated", 8 if precision <= 8 else 16 if precision <= 16 else 32)
    return bytearray(frame)


def decode_jpeg12(source: bytes, runner: Any) -> bytes:
    """Decode one lossy JPEG frame of 8 or 12 bits for pydicom, whose own gdcm glue refuses 12 bits."""
    import gdcm

    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(source)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((runner.columns, runner.rows, 1))
    image.SetDataElement(element)
    name = gdcm.PhotometricInterpretation.GetPIType(str(runner.photometric_interpretation))
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(name))
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(JPEG12)))
    image.SetPixelFormat(
        gdcm.PixelFormat(
            1, runner.bits_allocated, runner.bits_stored, runner.bits_stored - 1, runner.pixel_representation
        )
    )
    with _quiet():
        text = image.GetBuffer()
    # gdcm hands its char* over as str
    return bytes(text.encode("utf-8", "surrogateescape"))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the C library from writing to standard error: it first tries its 8-bit decoder and complains."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def decoder_for(syntax: str) -> tuple[Any, str]:
    """Decoder of pydicom and the name of the plug-in to use ("" for native data)."""
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.uid import UID

    plugin = table("transfer_syntaxes")[syntax]["plugin"]
    decoder = get_decoder(UID(syntax))
    own = OWN.get(plugin)
    if own is not None:
        label = f"spinemets-{plugin}"
        if label not in decoder.available_plugins:
            decoder.add_plugin(label, ("spinemets.ingest.codecs", own))
        return decoder, label
    return decoder, "" if plugin == "native" else plugin


def decode(source: SourceFile, syntax: str, indices: Sequence[int]) -> Iterator[NDArray[Any]]:
    """Stored values of the frames asked for, each (rows, columns), colour and rescale untouched."""
    from spinemets.ingest.headers import read_dataset

    dataset = read_dataset(source, stop_before_pixels=False)
    if "TransferSyntaxUID" not in dataset.file_meta:
        dataset.file_meta.TransferSyntaxUID = syntax
    decoder, plugin = decoder_for(syntax)
    for index in indices:
        array, _ = decoder.as_array(dataset, index=index, raw=True, decoding_plugin=plugin)
        yield np.asarray(array)
