"""Pixels of sorted images into one array (k, rows, columns): each read or decoded once, straight into its place, then
masked, rescaled and typed there.

Slope 1 with one whole-numbered intercept keeps integers (int16 where the values fit, else int32); everything else
becomes float32 of float64(stored) * slope + intercept. VOI windows and lookup tables are for display and never applied.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.ingest.frames import Frame, Image, Layout
from spinemets.ingest.pixels.decoded import DecodedImages
from spinemets.ingest.pixels.lookup import Lookup
from spinemets.ingest.pixels.tiles import deliver

INT16 = np.dtype(np.int16)
# Stored values of at most 32 bits times a slope below this stay within single precision.
LARGEST_SLOPE = 1e20
NAMED = 5


class DoesNotFit(Exception):
    """A value is beyond the type of the array."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Values:
    """Values (k, rows, columns) or (k, rows, columns, 3), the mask of padding (None if there is none), and what was noticed."""

    array: NDArray[Any]
    padding: NDArray[np.bool_] | None
    warnings: tuple[str, ...] = ()


def stored_dtype(layout: Layout) -> np.dtype[Any]:
    """Type of the stored values."""
    kind = "f" if layout.real else "i" if layout.signed else "u"
    return np.dtype(f"<{kind}{layout.allocated // 8}")


def rescaled(frames: Sequence[Frame], store: DecodedImages, lookups: Sequence[Lookup | None] = ()) -> Values:
    """Values of the images in the given order.

    The smallest type that can hold them is tried first; images that prove it too small are read again.

    Parameters
    ----------
    frames
        Images of one layout.
    lookups
        Modality lookup table of each image, applied instead of a rescale; empty where no image has one.

    Raises
    ------
    OSError
        If a file is gone or became shorter since its header was read.
    """
    *likely, certain = types(frames)
    for dtype in likely:
        stack = Stack(frames, dtype, lookups)
        try:
            deliver(frames, store, stack)
        except DoesNotFit:
            continue
        return stack.values()
    stack = Stack(frames, certain, lookups)
    deliver(frames, store, stack)
    return stack.values()


def types(frames: Sequence[Frame]) -> list[np.dtype[Any]]:
    """Types to try, the last of which holds any value."""
    layout = frames[0].image.layout
    if layout.samples > 1:
        return [stored_dtype(layout)]
    if layout.real or whole_intercept(frames) is None:
        return [np.dtype(np.float32)]
    return [INT16, np.dtype(np.int32), np.dtype(np.float32)]


def whole_intercept(frames: Sequence[Frame]) -> int | None:
    """The one whole intercept that goes with slope 1 everywhere, None if values must become floating point."""
    slopes = {1.0 if f.slope is None else f.slope for f in frames}
    intercepts = {0.0 if f.intercept is None else f.intercept for f in frames}
    if slopes != {1.0} or len(intercepts) != 1:
        return None
    (intercept,) = intercepts
    return int(intercept) if float(intercept).is_integer() and abs(intercept) < 2**31 else None


class Stack:
    """Receiver of stored values: the array of one volume, filled image by image from several threads."""

    def __init__(self, frames: Sequence[Frame], dtype: np.dtype[Any], lookups: Sequence[Lookup | None] = ()) -> None:
        layout = frames[0].image.layout
        colour = (layout.samples,) if layout.samples > 1 else ()
        self._frames = frames
        self._lookups = lookups
        self._stored = stored_dtype(layout)
        self._intercept = whole_intercept(frames) if dtype.kind == "i" else None
        same_size = dtype.itemsize == self._stored.itemsize and dtype.kind in "iu" and dtype.itemsize <= 2
        self._in_place = same_size and not lookups
        self._array = np.empty((len(frames), frames[0].rows, frames[0].columns, *colour), dtype)
        self._padding: NDArray[np.bool_] | None = None
        self._scratch = threading.local()
        self._lock = threading.Lock()
        self._failed: dict[int, str] = {}

    def room(self, n: int) -> NDArray[Any]:
        """The place of image n where the types allow, else one image's worth of memory for this thread."""
        if self._in_place:
            place: NDArray[Any] = self._array[n].view(self._stored)
            return place
        if not hasattr(self._scratch, "image"):
            self._scratch.image = np.empty(self._array.shape[1:], self._stored)
        scratch: NDArray[Any] = self._scratch.image
        return scratch

    def done(self, n: int, stored: NDArray[Any]) -> None:
        """Stored values to physical ones.

        Raises
        ------
        DoesNotFit
            If the type of the array is too small.
        """
        frame, target = self._frames[n], self._array[n]
        layout = frame.image.layout
        if layout.samples > 1:
            if not self._in_place:
                target[...] = stored
            return
        if layout.stored < layout.allocated:
            _extract(stored, layout)
        self._mark(n, _padding(stored, frame.image))
        table = self._lookups[n] if self._lookups else None
        if table is not None:
            _look_up(stored, table, frame.image, target)
            return
        if layout.inverted and frame.image.modality != "CT":
            _turn_round(stored, layout)
        if self._intercept is None:
            self._mark(n, _scaled(stored, frame, target))
        elif self._in_place:
            _add_in_place(stored, self._intercept, layout)
        else:
            _add(stored, self._intercept, target)

    def failed(self, n: int, reason: str) -> None:
        """An image that cannot be decoded: no measurement anywhere, and its reason kept."""
        empty = 0 if self._intercept is None else self._intercept
        self._array[n] = max(empty, np.iinfo(self._array.dtype).min) if self._array.dtype.kind == "i" else empty
        self._mark(n, np.ones(self._array.shape[1:3], bool))
        with self._lock:
            self._failed[n] = reason

    def values(self) -> Values:
        """What was read."""
        lost = [self._sentence(n, self._failed[n]) for n in sorted(self._failed)]
        if len(lost) > NAMED:
            lost = [*lost[:NAMED], f"{len(lost) - NAMED} more images cannot be decoded"]
        return Values(array=self._array, padding=self._padding, warnings=tuple(lost))

    def _sentence(self, n: int, reason: str) -> str:
        frame = self._frames[n]
        which = frame.image.source.name
        which = f"frame {frame.index + 1} of {which}" if frame.image.n_frames > 1 else which
        return f"image {n + 1} of {len(self._frames)} ({which}) cannot be decoded, its place is empty: {reason}"

    def _mark(self, n: int, mask: NDArray[np.bool_] | None) -> None:
        if mask is None or not mask.any():
            return
        with self._lock:
            if self._padding is None:
                # pages of zeros cost nothing until they are written to
                self._padding = np.zeros(self._array.shape[:3], bool)
        self._padding[n] |= mask


def _padding(stored: NDArray[Any], source: Image) -> NDArray[np.bool_] | None:
    if source.padding is None:
        return None
    low, high = source.padding
    mask: NDArray[np.bool_] = stored == low if low == high else (stored >= low) & (stored <= high)
    return mask


def _look_up(stored: NDArray[Any], table: Lookup, source: Image, target: NDArray[Any]) -> None:
    """Values of the table; a scale for inverted display is turned round within the bits of the table."""
    values = table.apply(stored).astype(np.int64)
    if source.layout.inverted and source.modality != "CT":
        values = (1 << table.bits) - 1 - values
    if target.dtype.kind == "f":
        target[...] = values
    else:
        _add(values, 0, target)


def _turn_round(stored: NDArray[Any], layout: Layout) -> None:
    highest = (1 << (layout.stored - layout.signed)) - 1
    lowest = -(1 << (layout.stored - 1)) if layout.signed else 0
    np.subtract(stored.dtype.type(highest + lowest), stored, out=stored)


def _extract(stored: NDArray[Any], layout: Layout) -> None:
    """The stored bits up to the high bit; what lies beside them may be anything."""
    unused, above = layout.allocated - layout.stored, layout.allocated - 1 - layout.high_bit
    if not layout.signed and above == unused:
        np.bitwise_and(stored, stored.dtype.type((1 << layout.stored) - 1), out=stored)
        return
    np.left_shift(stored, above, out=stored)
    # the shift down of a signed type carries the sign along
    np.right_shift(stored, unused, out=stored)


def _add_in_place(stored: NDArray[Any], intercept: int, layout: Layout) -> None:
    """Intercept added where the values lie: 16-bit arithmetic wraps, and is right as long as the true values fit."""
    bounds = np.iinfo(INT16)
    bits = layout.stored - layout.signed
    if (1 << bits) - 1 + intercept > bounds.max and int(stored.max()) + intercept > bounds.max:
        raise DoesNotFit
    if (-(1 << bits) if layout.signed else 0) + intercept < bounds.min and int(stored.min()) + intercept < bounds.min:
        raise DoesNotFit
    if intercept:
        np.add(stored, _wrapped(intercept, stored.dtype), out=stored)


def _wrapped(value: int, dtype: np.dtype[Any]) -> Any:
    """A whole number modulo 2**16, as a value of a 16-bit type."""
    return dtype.type((value + 0x8000) % 0x10000 - 0x8000 if dtype.kind == "i" else value & 0xFFFF)


def _add(stored: NDArray[Any], intercept: int, target: NDArray[Any]) -> None:
    bounds = np.iinfo(target.dtype)
    if int(stored.min()) + intercept < bounds.min or int(stored.max()) + intercept > bounds.max:
        raise DoesNotFit
    np.add(stored, intercept, out=target, dtype=np.int64, casting="unsafe")


def _scaled(stored: NDArray[Any], frame: Frame, target: NDArray[Any]) -> NDArray[np.bool_] | None:
    """float32 of float64 arithmetic; where an absurd slope gives no number there is no measurement."""
    slope, intercept = 1.0 if frame.slope is None else frame.slope, frame.intercept or 0.0
    values = np.multiply(stored, slope, dtype=np.float64)
    values += intercept
    with np.errstate(over="ignore"):
        target[...] = values
    if max(abs(slope), abs(intercept)) < LARGEST_SLOPE and not frame.image.layout.real:
        return None
    beyond: NDArray[np.bool_] = ~np.isfinite(target)
    target[beyond] = 0.0
    return beyond
