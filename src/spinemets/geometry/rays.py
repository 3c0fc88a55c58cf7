"""Values and surface crossings along lines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemets.model.volume import Volume

Array = NDArray[np.float64]


def sample(volume: Volume, points_lps_mm: Array, directions: Array, distances_mm: Array) -> Array:
    """Values of a volume along rays, trilinear; nan where a sample leaves the image or meets padding.

    Parameters
    ----------
    volume
        3-D volume.
    points_lps_mm, directions
        (n, 3) start points and unit directions in LPS.
    distances_mm
        (m,) signed distances from the start points.

    Returns
    -------
    values
        (n, m) in the unit of the volume.
    """
    from scipy.ndimage import map_coordinates

    points = points_lps_mm[:, None, :] + directions[:, None, :] * distances_mm[None, :, None]
    index = np.moveaxis(volume.grid.to_ijk(points), -1, 0)
    low = np.floor(index.reshape(3, -1).min(axis=1)).astype(int) - 1
    high = np.ceil(index.reshape(3, -1).max(axis=1)).astype(int) + 2
    low = np.clip(low, 0, np.asarray(volume.grid.shape_ijk) - 1)
    high = np.clip(high, low + 1, np.asarray(volume.grid.shape_ijk))
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    values = np.asarray(volume.array[box], dtype=np.float64)
    if volume.padding is not None:
        values = np.where(volume.padding[box], np.nan, values)
    found: Array = map_coordinates(
        values, index - low[:, None, None], order=1, mode="constant", cval=np.nan, prefilter=False
    )
    return found


def last_crossing(profile: NDArray[np.float32], threshold: Array | float, axis: int) -> Array:
    """Fractional index of the outermost falling crossing along an axis, searched from its end.

    Parameters
    ----------
    profile
        Array of occupancies.
    threshold
        Level, a number or an array that fits the profile without `axis`.
    axis
        Axis along which to search.

    Returns
    -------
    position
        Index of the crossing between samples, nan where the profile never reaches the level.
    """
    moved = np.moveaxis(profile, axis, -1)
    level = np.broadcast_to(np.asarray(threshold, dtype=np.float64), moved.shape[:-1])
    above = moved >= level[..., None]
    n = moved.shape[-1]
    last = n - 1 - above[..., ::-1].argmax(axis=-1)
    inside = np.take_along_axis(moved, last[..., None], axis=-1)[..., 0].astype(np.float64)
    following = np.minimum(last + 1, n - 1)
    outside = np.take_along_axis(moved, following[..., None], axis=-1)[..., 0].astype(np.float64)
    drop = np.where(inside > outside, inside - outside, 1.0)
    fraction = np.where(following > last, (inside - level) / drop, 0.0)
    crossing: Array = np.where(above.any(axis=-1), last + fraction, np.nan)
    return crossing


def first_crossing(profile: NDArray[np.float32], threshold: Array | float, axis: int) -> Array:
    """Fractional index of the outermost rising crossing, searched from the start of the axis."""
    flipped = np.flip(profile, axis=axis)
    crossing: Array = profile.shape[axis] - 1 - last_crossing(flipped, threshold, axis)
    return crossing
