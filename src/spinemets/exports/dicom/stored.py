"""Values of an image as the 16-bit numbers a file stores, with the slope and intercept that turn them back.

value = stored x slope + intercept (modality LUT, PS3.3 C.11.1). Whole numbers that fit stay as they are; anything else
needs a slope, which is the finest one that reaches the largest value unless the caller states one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinemets.exports.dicom.text import NOISE, decimal
from spinemets.model.errors import UsageError
from spinemets.model.volume import Volume

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SIGNED, UNSIGNED = np.iinfo(np.int16), np.iinfo(np.uint16)
TWELVE_BITS = 4095
VOLUME_AXES = (3, 4)
Limits: TypeAlias = "np.iinfo[Any]"


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How values become stored numbers.

    Attributes
    ----------
    slope
        One for all images, or one an image (slices of the first volume, then of the next); None = 1 for whole numbers
        that fit, else the finest that reaches the largest value.
    intercept
        One for all images, or one an image.
    per_image
        Whether a slope that is not stated is found for each image alone (PET) or for all together.
    """

    slope: float | tuple[float, ...] | None = None
    intercept: float | tuple[float, ...] = 0.0
    per_image: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Stored:
    """Stored numbers of all images of a series.

    Attributes
    ----------
    images
        (n, rows, columns): 16 bits, little endian, signed only where a number is negative.
    slopes, intercepts
        Decimal strings, one an image.
    bits
        Bits Stored: 12 where the numbers are that small, else 16.
    padding
        Stored number of "no measurement", None if there is none.
    """

    images: NDArray[Any]
    slopes: tuple[str, ...]
    intercepts: tuple[str, ...]
    bits: int
    padding: int | None = None

    @property
    def signed(self) -> bool:
        """Pixel Representation."""
        return bool(self.images.dtype.kind == "i")

    @property
    def plain(self) -> bool:
        """Whether the stored numbers are the values."""
        return set(self.slopes) == {"1"} and set(self.intercepts) == {"0"}


def of_volume(volume: Volume, scale: Scale) -> Stored:
    """Stored numbers of a volume (i, j, k) or (i, j, k, t), image by image: k fastest.

    Raises
    ------
    UsageError
        If a value is no finite real number, or does not fit 16 bits.
    """
    array, empty = volume.array, volume.padding
    if array.ndim not in VOLUME_AXES or 0 in array.shape:
        raise UsageError(f"An array of shape {array.shape} is no volume: its axes are i, j, k and perhaps t.")
    array = array.reshape(*array.shape[:3], -1)
    if empty is not None:
        empty = by_image(np.broadcast_to(empty[..., np.newaxis], array.shape)) if empty.any() else None
    return of_images(by_image(array), scale, empty)


def of_images(values: NDArray[Any], scale: Scale, empty: NDArray[np.bool_] | None = None) -> Stored:
    """Stored numbers of images (n, rows, columns); `empty` is True where nothing was measured.

    Raises
    ------
    UsageError
        If a value is no finite real number, or does not fit 16 bits.
    """
    if values.dtype.kind not in "iuf":
        raise UsageError(f"An image of type {values.dtype} holds no real numbers.")
    low, high = _extremes(values, empty)
    if not np.isfinite((low, high)).all():
        raise UsageError("The image holds values that are no finite real numbers.")
    limits = SIGNED if empty is not None else UNSIGNED
    intercepts = _each(scale.intercept, len(values), "intercepts")
    if scale.slope is not None:
        slopes = _each(scale.slope, len(values), "slopes")
    elif not scale.per_image and _fit(values, intercepts, empty):
        slopes = (1.0,) * len(values)
    else:
        slopes = _finest(low - intercepts, high - intercepts, limits, scale)
    if min(slopes) < NOISE:
        raise UsageError("A rescale slope must be above 0.")
    # numbers are made with what the header will say, not with what was meant
    texts = tuple(map(decimal, slopes)), tuple(map(decimal, intercepts))
    m, b = (np.array([float(text) for text in part]) for part in texts)
    least, most = np.rint((low - b) / m).min(), np.rint((high - b) / m).max()
    signed = empty is not None or least < 0
    bounds = SIGNED if signed else UNSIGNED
    if least < bounds.min + (empty is not None) or most > bounds.max:
        reach = f"{low.min():g} to {high.max():g}"
        raise UsageError(f"Values of {reach} do not fit 16 bits with this slope.", "State another slope, or none.")
    images = np.empty(values.shape, "<i2" if signed else "<u2")
    for n, image in enumerate(values):
        images[n] = np.rint((image - b[n]) / m[n]) if empty is None else _padded(image, empty[n], m[n], b[n])
    return Stored(
        images=images, slopes=texts[0], intercepts=texts[1], bits=12 if not signed and most <= TWELVE_BITS else 16,
        padding=None if empty is None else int(SIGNED.min),
    )  # fmt: skip


def image_pixel(d: Dataset, stored: Stored) -> None:
    """Image pixel module (PS3.3 C.7.6.3) but for the pixels themselves, and the padding value (C.7.5.1)."""
    _, d.Rows, d.Columns = stored.images.shape
    d.SamplesPerPixel, d.PhotometricInterpretation = 1, "MONOCHROME2"
    d.BitsAllocated, d.BitsStored, d.HighBit = 16, stored.bits, stored.bits - 1
    d.PixelRepresentation = int(stored.signed)
    if stored.padding is not None:
        d.PixelPaddingValue = stored.padding


def window(d: Dataset, stored: Stored, n: int) -> Dataset:
    """VOI LUT module (PS3.3 C.11.2) that shows image n from its 1st to its 99.5th percentile; gives `d` back.

    The linear function needs a width of at least 1, which values below that do not reach: the exact one has no such limit.
    """
    slope, intercept = float(stored.slopes[n]), float(stored.intercepts[n])
    image = stored.images[n]
    shown = image if stored.padding is None else image[image != stored.padding]
    low, high = (float(v) * slope + intercept for v in np.percentile(shown, (1, 99.5))) if shown.size else (0.0, 0.0)
    width = max(high - low, slope)
    d.WindowCenter, d.WindowWidth = decimal((low + high) / 2), decimal(width)
    if width < 1:
        d.VOILUTFunction = "LINEAR_EXACT"
    return d


def by_image(array: NDArray[Any]) -> NDArray[Any]:
    """(i, j, k, t) to (images, rows, columns), k fastest."""
    columns, rows, k, t = array.shape
    return array.transpose(3, 2, 1, 0).reshape(k * t, rows, columns)


def _measured(values: NDArray[Any], empty: NDArray[np.bool_] | None) -> Iterator[NDArray[Any]]:
    """Of each image the values that were measured."""
    for n, image in enumerate(values):
        yield image if empty is None else image[~empty[n]]


def _extremes(values: NDArray[Any], empty: NDArray[np.bool_] | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Smallest and largest measured value of each image; 0 where it holds none."""
    ends = [(float(one.min()), float(one.max())) if one.size else (0.0, 0.0) for one in _measured(values, empty)]
    low, high = np.array(ends).T
    return low, high


def _each(stated: float | tuple[float, ...], n: int, what: str) -> tuple[float, ...]:
    if not isinstance(stated, tuple):
        return (float(stated),) * n
    if len(stated) != n:
        raise UsageError(f"{len(stated)} {what} are stated for {n} images.", "State one, or one an image.")
    return stated


def _fit(values: NDArray[Any], intercepts: tuple[float, ...], empty: NDArray[np.bool_] | None) -> bool:
    """Whether slope 1 leaves whole numbers of 16 bits."""
    low, high = 0.0, 0.0
    for image, intercept in zip(_measured(values, empty), intercepts, strict=True):
        shifted = image - np.float64(intercept)
        if (np.rint(shifted) != shifted).any():
            return False
        low, high = min(low, shifted.min(initial=low)), max(high, shifted.max(initial=high))
    bounds = SIGNED if low < 0 or empty is not None else UNSIGNED
    return bool(bounds.min + (empty is not None) <= low and high <= bounds.max)


def _finest(low: NDArray[np.float64], high: NDArray[np.float64], limits: Limits, scale: Scale) -> tuple[float, ...]:
    """Slopes that bring the largest value, of each image or of all, to the end of the numbers."""
    if not scale.per_image:
        low, high = np.full_like(low, low.min()), np.full_like(high, high.max())
    # one image with negative numbers makes all of them signed
    top = SIGNED.max if low.min() < 0 else limits.max
    # a share more, because the header rounds the slope
    slopes = np.maximum(high, -low) / top * (1 + 1e-9)
    return tuple(float(slope) if slope > NOISE else 1.0 for slope in slopes)


def _padded(image: NDArray[Any], empty: NDArray[np.bool_], slope: float, intercept: float) -> NDArray[np.float64]:
    return np.where(empty, float(SIGNED.min), np.rint((np.where(empty, intercept, image) - intercept) / slope))
