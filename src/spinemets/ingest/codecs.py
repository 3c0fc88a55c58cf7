"""Decoding of compressed images: which decoder reads which transfer syntax, and glue for two small ones.

`pylibjpeg-rle` and `pylibjpeg-openjpeg` are called directly: their framework package would bring nothing but a
look-up, and its libjpeg plug-in is under the GPL, which this project does not depend on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.ingest.sources import SourceFile
from spinemets.knowledge.catalogue import table

RLE = "1.2.840.10008.1.2.5"
HTJ2K = ("1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203")
DECODER_DEPENDENCIES = {RLE: ("pylibjpeg-rle",), **dict.fromkeys(HTJ2K, ("pylibjpeg-openjpeg",))}


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


def decoder_for(syntax: str) -> tuple[Any, str]:
    """Decoder of pydicom and the name of the plug-in to use ("" for native data)."""
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.uid import UID

    plugin = table("transfer_syntaxes")[syntax]["plugin"]
    decoder = get_decoder(UID(syntax))
    own = {"rle": "decode_rle", "openjpeg": "decode_htj2k"}.get(plugin)
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
