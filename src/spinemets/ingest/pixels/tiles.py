"""Tiles of pictures that hold several images: each picture read or decoded once, its tiles handed on one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.ingest.frames import Frame
from spinemets.ingest.pixels import stored
from spinemets.ingest.pixels.decoded import DecodedImages, coding
from spinemets.ingest.pixels.workers import Receiver


def deliver(frames: Sequence[Frame], store: DecodedImages, receiver: Receiver) -> None:
    """Bring the stored values of all images to the receiver, those that are tiles cut out of their picture.

    Raises
    ------
    OSError
        If a file is gone or became shorter since its header was read.
    """
    if all(frame.tile is None for frame in frames):
        stored.deliver(frames, store, receiver)
        return
    pictures: dict[tuple[str, int], list[int]] = {}
    for n, frame in enumerate(frames):
        pictures.setdefault((str(frame.image.source.path), frame.index), []).append(n)
    parts = list(pictures.values())
    whole = [replace(frames[numbers[0]], tile=None) for numbers in parts]
    stored.deliver(whole, store, _Cutter(frames, parts, receiver))


class _Cutter:
    """Receiver of whole pictures."""

    def __init__(self, frames: Sequence[Frame], parts: Sequence[Sequence[int]], receiver: Receiver) -> None:
        self._frames = frames
        self._parts = parts
        self._receiver = receiver

    def room(self, n: int) -> NDArray[Any]:
        """Memory for picture n."""
        how = coding(self._frames[self._parts[n][0]].image)
        return np.empty(how.shape, how.dtype)

    def done(self, n: int, picture: NDArray[Any]) -> None:
        """Hand on the tiles of picture n."""
        for number in self._parts[n]:
            frame = self._frames[number]
            row, column, rows, columns = frame.tile or (0, 0, frame.rows, frame.columns)
            stored.receiver_takes(self._receiver, number, picture[row : row + rows, column : column + columns])

    def failed(self, n: int, reason: str) -> None:
        """None of the tiles of picture n can be had."""
        for number in self._parts[n]:
            self._receiver.failed(number, reason)
