"""Pixels of sorted images into one array (k, rows, columns): read once, masked, rescaled per image, typed.

Slope 1 with one whole-numbered intercept keeps integers (int16 where the values fit, else int32); everything else
becomes float32 of float64(stored) * slope + intercept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.ingest.frames import Frame, Image, Layout

Stored = Mapping[tuple[str, int], NDArray[Any]]
INT16 = np.iinfo(np.int16)


def stored_dtype(layout: Layout) -> np.dtype[Any]:
    """Type of the stored values."""
    return np.dtype(f"<{'i' if layout.signed else 'u'}{layout.allocated // 8}")


def rescaled(frames: Sequence[Frame], decoded: Stored) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """Values of the images in the given order, and the mask of padding (None if there is none).

    Parameters
    ----------
    frames
        Images of one layout.
    decoded
        Stored values of images that are not read straight from the file, by (file path, frame index).
    """
    intercept = _whole_intercept(frames)
    out, padding = _integers(frames, decoded, intercept) if intercept is not None else _floats(frames, decoded)
    return out, padding if padding is not None and padding.any() else None


def _whole_intercept(frames: Sequence[Frame]) -> int | None:
    """The one whole intercept that goes with slope 1 everywhere, None if values must become floating point."""
    slopes = {1.0 if f.slope is None else f.slope for f in frames}
    intercepts = {0.0 if f.intercept is None else f.intercept for f in frames}
    if slopes != {1.0} or len(intercepts) != 1:
        return None
    (intercept,) = intercepts
    return int(intercept) if float(intercept).is_integer() and abs(intercept) < 2**31 else None


def _integers(
    frames: Sequence[Frame], decoded: Stored, intercept: int
) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    layout = frames[0].image.layout
    stack = np.empty((len(frames), layout.rows, layout.columns), stored_dtype(layout))
    padding = _padding_array(frames, stack.shape)
    low, high = 0, 0
    fits = layout.allocated == 16
    for k, image in enumerate(_slices(frames, decoded, stack)):
        _clean(image, frames[k].image, None if padding is None else padding[k])
        low, high = min(low, int(image.min())), max(high, int(image.max()))
        if fits and intercept:
            # 16-bit arithmetic wraps: right in the int16 view as long as the true values fit, checked below
            np.add(image, _wrapped(intercept, image.dtype), out=image)
    return _narrowed(stack, (low + intercept, high + intercept), intercept, wrapped=fits), padding


def _wrapped(value: int, dtype: np.dtype[Any]) -> Any:
    """A whole number modulo 2**16, as a value of a 16-bit type."""
    return dtype.type((value + 0x8000) % 0x10000 - 0x8000 if dtype.kind == "i" else value & 0xFFFF)


def _narrowed(stack: NDArray[Any], bounds: tuple[int, int], intercept: int, *, wrapped: bool) -> NDArray[Any]:
    narrow = INT16.min <= bounds[0] and bounds[1] <= INT16.max
    if wrapped and narrow:
        return stack.view(np.int16)
    if wrapped:
        np.subtract(stack, _wrapped(intercept, stack.dtype), out=stack)
    wide: NDArray[Any] = stack.astype(np.int64) + intercept
    return wide.astype(np.int16 if narrow else np.int32)


def _floats(frames: Sequence[Frame], decoded: Stored) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    layout = frames[0].image.layout
    out = np.empty((len(frames), layout.rows, layout.columns), np.float32)
    padding = _padding_array(frames, out.shape)
    buffer = np.empty((1, layout.rows, layout.columns), stored_dtype(layout))
    for k, frame in enumerate(frames):
        (image,) = _slices([frame], decoded, buffer)
        _clean(image, frame.image, None if padding is None else padding[k])
        slope = 1.0 if frame.slope is None else frame.slope
        with np.errstate(over="ignore"):
            out[k] = image.astype(np.float64) * slope + (frame.intercept or 0.0)
        beyond = ~np.isfinite(out[k])
        if beyond.any():  # an absurd slope: no number, so no measurement
            padding = np.zeros(out.shape, bool) if padding is None else padding
            padding[k] |= beyond
            out[k][beyond] = 0.0
    return out, padding


def _padding_array(frames: Sequence[Frame], shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
    return np.zeros(shape, bool) if any(f.image.padding for f in frames) else None


def _slices(frames: Sequence[Frame], decoded: Stored, stack: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Fill the stack image by image: straight from the file where it can be, else from what was decoded."""
    for k, frame in enumerate(frames):
        image = frame.image
        if image.direct:
            _read_into(stack[k], image, frame.index)
        else:
            stack[k] = decoded[str(image.source.path), frame.index].astype(stack.dtype, copy=False)
        yield stack[k]


def _read_into(target: NDArray[Any], image: Image, index: int) -> None:
    offset = image.header.scanned.pixel_offset + index * target.nbytes
    view, done = memoryview(target.data).cast("B"), 0
    with image.source.path.open("rb", buffering=0) as stream:
        stream.seek(offset)
        while done < len(view):
            count = stream.readinto(view[done:])
            if not count:
                raise OSError(f"{image.source.name}: the file became shorter while it was read")
            done += count


def _clean(image: NDArray[Any], source: Image, padding: NDArray[np.bool_] | None) -> None:
    """Mask dirty bits, sign-extend, mark padding, and turn an inverted scale round; in place."""
    layout = source.layout
    if layout.stored < layout.allocated:
        _extract(image, layout)
    if padding is not None and source.padding is not None:
        low, high = source.padding
        np.equal(image, low, out=padding) if low == high else np.logical_and(image >= low, image <= high, out=padding)
    if layout.inverted and source.modality != "CT":
        highest = (1 << (layout.stored - layout.signed)) - 1
        lowest = -(1 << (layout.stored - 1)) if layout.signed else 0
        np.subtract(image.dtype.type(highest + lowest), image, out=image)


def _extract(image: NDArray[Any], layout: Layout) -> None:
    """The stored bits up to the high bit; what lies beside them may be anything."""
    unused, above = layout.allocated - layout.stored, layout.allocated - 1 - layout.high_bit
    if not layout.signed and above == unused:
        np.bitwise_and(image, image.dtype.type((1 << layout.stored) - 1), out=image)
        return
    np.left_shift(image, above, out=image)
    # the shift down of a signed type carries the sign along
    np.right_shift(image, unused, out=image)
