"""What a CT slice says of itself: Hounsfield units or not, noise texture, head or thorax, contrast in the canal."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spinemets.series.picture.slices import Picture, largest
from spinemets.series.picture.table import Canal, Head, Hounsfield, PictureTable, Texture

Mask = NDArray[np.bool_]


def area_cm2(mask: Mask, picture: Picture) -> float:
    """Area of a mask."""
    return float(mask.sum()) * picture.spacing_mm[0] * picture.spacing_mm[1] / 100.0


def pixels(mm: float, picture: Picture) -> int:
    """Whole pixels of a length, at least one."""
    return max(1, round(mm / min(picture.spacing_mm)))


def values_wrong(picture: Picture, table: Hounsfield) -> str | None:
    """Sentence where the values of a CT are no Hounsfield units (CT-01: air -1000 +/- 50), else None."""
    values = picture.values
    content = values > table.air_range_hu[1]
    if content.mean() < table.content_share_min or values[content].std() == 0:
        return None
    air = _outside_air(values, table.air_range_hu)
    if air.size >= table.air_share_min * values.size:
        level = float(np.percentile(air, table.air_percentile))
        if abs(level - table.air_hu) > table.air_tolerance_hu:
            return f"air measures {level:.0f} HU instead of {table.air_hu:g}: the values may be no Hounsfield units"
    dense = float(np.mean(values > table.dense_hu))
    if dense > table.dense_share_max:
        return (
            f"{100 * dense:.0f} % of the values lie above {table.dense_hu:g} HU: the values may be no Hounsfield units"
        )
    low, high = table.tissue_range_hu
    share = float(np.mean((values[content] >= low) & (values[content] <= high)))
    if share < table.tissue_share_min:
        return (
            f"only {100 * share:.0f} % of the values lie where fat and muscle do: the values may be no Hounsfield units"
        )
    return None


def _outside_air(values: NDArray[np.float32], air_range_hu: tuple[float, float]) -> NDArray[np.float32]:
    """Values of the air around the patient: dark and connected to the border, a few pixels off any edge, no padding.

    Lungs and gas inside the body are darker or brighter than air by partial volume and say nothing.
    """
    from scipy import ndimage

    low, high = air_range_hu
    labels, _ = ndimage.label(ndimage.binary_erosion(values <= high, iterations=3, border_value=1))
    border = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    outside = values[np.isin(labels, border[border > 0])]
    return outside[outside >= low]


def texture(picture: Picture, table: Texture) -> float | None:
    """Ratio of fine to coarse noise in soft tissue (variances), None where too little flat tissue is there."""
    from scipy import ndimage

    values, sigma = middle(picture.values, table.side_px), np.array(picture.spacing_mm)
    fine = ndimage.gaussian_filter(values, table.fine_mm / sigma)
    coarse = ndimage.gaussian_filter(values, table.coarse_mm / sigma)
    low, high = table.tissue_hu
    flat = ndimage.binary_erosion((coarse > low) & (coarse < high), iterations=pixels(table.erode_mm, picture))
    if flat.sum() < table.pixels_min:
        return None
    slope = np.hypot(*np.gradient(coarse))
    flat &= slope <= np.median(slope[flat])
    spread = float((fine - coarse)[flat].var())
    return float((values - fine)[flat].var()) / spread if spread > 0 else None


def middle(values: NDArray[np.float32], side_px: int) -> NDArray[np.float32]:
    """Square in the middle of a slice: enough tissue to judge noise, at a fixed cost."""
    rows, columns = (max(0, (size - side_px) // 2) for size in values.shape)
    return values[rows : rows + side_px, columns : columns + side_px]


def texture_word(ratios: list[float], table: Texture) -> Literal["sharp", "smooth"] | None:
    """`sharp` or `smooth` where the median over the slices is clear."""
    if not ratios:
        return None
    ratio = float(np.median(ratios))
    return "sharp" if ratio >= table.sharp_min else "smooth" if ratio <= table.smooth_max else None


def body(picture: Picture, above_hu: float) -> Mask:
    """The body: largest part that is no air, holes filled; the table under the patient falls away."""
    from scipy import ndimage

    opened = ndimage.binary_opening(picture.values > above_hu, iterations=2)
    filled: Mask = ndimage.binary_fill_holes(largest(opened))
    return filled


def lung_cm2(picture: Picture, table: PictureTable) -> float:
    """Area inside the body that measures as lung: gas of the bowel is darker, fat is brighter."""
    rule = table.thorax
    inside = body(picture, table.body_above_hu) & (picture.values < rule.air_below_hu)
    low, high = rule.lung_hu
    part = largest(inside)
    if not part.any() or not low <= float(np.median(picture.values[part])) <= high:
        return 0.0
    return area_cm2(part, picture)


def brain_cm2(picture: Picture, rule: Head) -> float:
    """Area of soft tissue without fat that ends at bone wherever its edge is seen; 0 where there is none.

    The edge of the picture is no edge of the tissue: a field of view that cuts the skull still shows brain.
    """
    from scipy import ndimage

    sigma = np.array(picture.spacing_mm)
    smooth = ndimage.gaussian_filter(picture.values, rule.smooth_mm / sigma)
    low, high = rule.tissue_hu
    tissue = ndimage.binary_opening((smooth > low) & (smooth < high), iterations=pixels(rule.smooth_mm, picture))
    part: Mask = ndimage.binary_fill_holes(largest(tissue))
    size = area_cm2(part, picture)
    if size < rule.area_min_cm2 or not rule.median_hu[0] <= float(np.median(smooth[part])) <= rule.median_hu[1]:
        return 0.0
    edge = part & ~ndimage.binary_erosion(part, border_value=1)
    # a disc of this area has the shortest edge: an edge mostly outside the picture proves nothing
    shortest = 2 * np.sqrt(np.pi * size * 100) / min(picture.spacing_mm)
    if edge.sum() < rule.edge_seen_min * shortest:
        return 0.0
    near_bone = ndimage.binary_dilation(picture.values > rule.bone_hu, iterations=pixels(rule.bone_reach_mm, picture))
    return size if float(near_bone[edge].mean()) >= rule.bone_share_min else 0.0


def canal_hu(picture: Picture, rule: Canal) -> float | None:
    """Median inside the bony canal, None where none is closed in this slice.

    A canal is a hole of its size in the back half of the largest piece of bone; holes in its front half are marrow.
    """
    from scipy import ndimage

    if picture.plane != "axial":
        return None
    bone = picture.values > rule.bone_hu
    closed = ndimage.binary_closing(np.pad(bone, 10), iterations=pixels(rule.close_mm, picture))[10:-10, 10:-10]
    filled = ndimage.binary_fill_holes(closed)
    holes, n = ndimage.label(filled & ~closed)
    vertebra = largest(filled)
    low, high = rule.area_cm2
    found: list[tuple[float, float]] = []
    for number in range(1, n + 1):
        hole = holes == number
        size = area_cm2(hole, picture)
        behind = vertebra[hole].all() and _row(hole) > _row(vertebra)
        if behind and low <= size <= high:
            found.append((size, float(np.median(picture.values[hole]))))
    return max(found)[1] if found else None


def _row(mask: Mask) -> float:
    """Mean row of a mask."""
    return float(np.flatnonzero(mask.any(axis=1)).mean())
