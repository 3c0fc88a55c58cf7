"""Voxels of a NIfTI volume, read block by block into the smallest type that holds them without loss."""

from __future__ import annotations

from threading import Lock
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from spinemets.ingest.nifti.header import Stored, opened

# Bytes read and converted at a time: small against a volume, large against a system call.
BLOCK = 1 << 22
INTEGERS = (np.dtype(np.int16), np.dtype(np.int32))
# Beyond this a float32 no longer tells neighbouring integers apart.
EXACT = 1 << 24


class Reader:
    """The voxels of one file.

    A compressed file with several volumes stays open between them, so that reading its volumes in order unpacks it once.
    """

    def __init__(self, stored: Stored) -> None:
        self.stored = stored
        self._lock = Lock()
        self._stream: IO[bytes] | None = None

    def values(self, t: int) -> tuple[NDArray[Any], NDArray[np.bool_] | None, tuple[str, ...]]:
        """Values (i, j, k) of volume t in the scale of the file, where they are no numbers, and what to say.

        Raises
        ------
        EOFError
            If the file ends too early.
        """
        with self._lock:
            if self._whole():
                for dtype in INTEGERS:
                    found = self._integers(t, dtype)
                    if found is not None:
                        return found, None, ()
            return self._floats(t)

    def close(self) -> None:
        """Close the file."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def __del__(self) -> None:
        self.close()

    def _whole(self) -> bool:
        stored = self.stored
        return stored.dtype.kind in "iu" and stored.slope == 1.0 and stored.intercept.is_integer()

    def _integers(self, t: int, dtype: np.dtype[Any]) -> NDArray[Any] | None:
        """Volume t as that type, None where a value does not fit."""
        stored, limit = self.stored, np.iinfo(dtype)
        shift = int(stored.intercept)
        own = np.iinfo(stored.dtype)
        fits = limit.min <= own.min + shift and own.max + shift <= limit.max
        out = np.empty(int(np.prod(stored.shape)), dtype)
        if shift == 0 and stored.dtype == dtype:
            self._fill(t, out.data.cast("B"))
            return out.reshape(stored.shape, order="F")
        for start, block in self._blocks(t):
            if not fits and not limit.min <= int(block.min()) + shift <= int(block.max()) + shift <= limit.max:
                return None
            part = out[start : start + len(block)]
            if shift:
                part[:] = block.astype(np.int64) + shift
            else:
                part[:] = block
        return out.reshape(stored.shape, order="F")

    def _floats(self, t: int) -> tuple[NDArray[Any], NDArray[np.bool_] | None, tuple[str, ...]]:
        """Volume t as float32; what is not finite gets the lowest value and a mark."""
        stored = self.stored
        out = np.empty(int(np.prod(stored.shape)), np.float32)
        plain = stored.slope == 1.0 and stored.intercept == 0.0
        whole, bad_anywhere, largest = stored.dtype.kind in "iu", False, 0
        with np.errstate(over="ignore", invalid="ignore"):
            for start, block in self._blocks(t):
                part = out[start : start + len(block)]
                part[:] = block if plain else block.astype(np.float64) * stored.slope + stored.intercept
                bad_anywhere = bad_anywhere or not np.isfinite(part).all()
                if whole and plain:
                    largest = max(largest, abs(int(block.min())), abs(int(block.max())))
        said = ("whole numbers beyond 16777216 lose their last digits",) if largest > EXACT else ()
        out = out.reshape(stored.shape, order="F")
        if not bad_anywhere:
            return out, None, said
        bad = ~np.isfinite(out)
        out[bad] = out[~bad].min() if not bad.all() else 0.0
        return out, bad, said

    def _blocks(self, t: int) -> Any:
        """First index and stored values of each block of volume t."""
        stored = self.stored
        total, count = int(np.prod(stored.shape)), BLOCK // stored.dtype.itemsize
        buffer = bytearray(min(total, count) * stored.dtype.itemsize)
        self._seek(t)
        for start in range(0, total, count):
            n = min(count, total - start)
            view = memoryview(buffer)[: n * stored.dtype.itemsize]
            self._read_into(view)
            yield start, np.frombuffer(view, stored.dtype)
        self._rest(t)

    def _fill(self, t: int, view: memoryview) -> None:
        self._seek(t)
        self._read_into(view)
        self._rest(t)

    def _seek(self, t: int) -> None:
        if self._stream is None:
            self._stream = opened(self.stored.source)
        self._stream.seek(self.stored.offset + t * self.stored.volume_bytes)

    def _rest(self, t: int) -> None:
        """Nothing is kept open that can be reached directly, or that was read to its end."""
        if self.stored.source.kind != "nifti-gz" or t == self.stored.n_volumes - 1:
            self.close()

    def _read_into(self, view: memoryview) -> None:
        stream, done = self._stream, 0
        while done < len(view):
            count = stream.readinto(view[done:]) if stream is not None else 0  # type: ignore[attr-defined]
            if not count:
                self.close()
                raise EOFError("cut off")
            done += count
