"""What an MR slice says of itself: whether fat under the skin is bright."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemets.series.picture.slices import Picture, coarser, largest
from spinemets.series.picture.table import Fat


def fat_ratio(picture: Picture, rule: Fat) -> float | None:
    """Median just under the skin against the median below it; None where no skin against air is in the picture.

    The border of the picture is no skin, and the coil makes the surface brighter than the depth: only a large ratio means
    anything.
    """
    from scipy import ndimage

    coarse = coarser(picture, 1.0)
    small, spacing = coarse.values, coarse.spacing_mm
    smooth = ndimage.uniform_filter(small, 3)
    bright = float(np.percentile(smooth, 99))
    low = smooth[smooth < rule.air_below_share * bright]
    if low.size < rule.air_share_min * smooth.size:
        return None
    air = float(np.median(low))
    spread = 1.4826 * float(np.median(np.abs(low - air)))
    inside = ndimage.binary_opening(smooth > max(air + 4 * spread, 0.03 * bright), iterations=2)
    inside = ndimage.binary_fill_holes(largest(inside))
    depth = ndimage.distance_transform_edt(inside, sampling=spacing)
    free = _from_border(small.shape, spacing) > rule.border_mm
    skin = free & (depth > rule.skin_mm[0]) & (depth <= rule.skin_mm[1])
    below = free & (depth > rule.below_mm[0]) & (depth <= rule.below_mm[1])
    if inside.all() or skin.sum() < rule.pixels_min or below.sum() < rule.pixels_min:
        return None
    reference = float(np.median(small[below]))
    return float(np.median(small[skin])) / reference if reference > 0 else None


def _from_border(shape: tuple[int, ...], spacing: tuple[float, float]) -> NDArray[np.float64]:
    rows = np.minimum(np.arange(shape[0]), np.arange(shape[0])[::-1]) * spacing[0]
    columns = np.minimum(np.arange(shape[1]), np.arange(shape[1])[::-1]) * spacing[1]
    nearest: NDArray[np.float64] = np.minimum(rows[:, None], columns[None, :])
    return nearest
