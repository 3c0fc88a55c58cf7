"""Images that must be decoded (compressed, big endian, deflated): checked at reading, kept until asked for."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from spinemets.ingest import codecs, damage
from spinemets.ingest import limits as bounds
from spinemets.ingest.frames import Frame, Image
from spinemets.ingest.headers import NotDicom
from spinemets.knowledge.catalogue import table
from spinemets.model.errors import UnreadableInput

Key = tuple[str, int]


class DecodedImages:
    """Decoded images by file and frame, up to a budget; what did not fit is decoded again."""

    def __init__(self) -> None:
        self._kept: dict[Key, NDArray[Any]] = {}
        self._bytes = 0

    def check(self, image: Image) -> str | None:
        """Decode all frames of a file; say why it cannot be done, None if it can."""
        if image.direct:
            return None
        try:
            arrays = _decode(image, range(image.n_frames))
        except damage.of_dicom(NotDicom) as error:
            name = table("transfer_syntaxes")[image.header.scanned.syntax]["name"]
            what = "cut off before the pixels" if isinstance(error, AttributeError) else "pixels cannot be decoded"
            return f"{what} ({name})"
        size = sum(a.nbytes for a in arrays)
        if self._bytes + size <= bounds.load().decoded_cache_mb * bounds.MB:
            self._kept |= {(str(image.source.path), index): array for index, array in enumerate(arrays)}
            self._bytes += size
        return None

    def take(self, frames: Sequence[Frame]) -> dict[Key, NDArray[Any]]:
        """Stored values of frames that are not read straight from the file; they are handed over, not kept.

        Raises
        ------
        UnreadableInput
            If a file changed since it was read.
        """
        taken: dict[Key, NDArray[Any]] = {}
        wanted: dict[Key, tuple[Image, list[int]]] = defaultdict()
        for frame in frames:
            key = (str(frame.image.source.path), frame.index)
            if frame.image.direct:
                continue
            if key in self._kept:
                taken[key] = self._kept.pop(key)
                self._bytes -= taken[key].nbytes
            else:
                wanted.setdefault((key[0], 0), (frame.image, []))[1].append(frame.index)
        for (path, _), (image, indices) in wanted.items():
            try:
                arrays = _decode(image, indices)
            except damage.of_dicom(NotDicom) as error:
                raise UnreadableInput(f"{image.source.name} changed while it was in use.", "Read it again.") from error
            taken |= {(path, index): array for index, array in zip(indices, arrays, strict=True)}
        return taken


def _decode(image: Image, indices: Sequence[int]) -> list[NDArray[Any]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        arrays = list(codecs.decode(image.source, image.header.scanned.syntax, indices))
    size = (image.layout.rows, image.layout.columns)
    if any(array.shape != size for array in arrays):
        raise ValueError("decoded size differs from the header")
    return arrays
