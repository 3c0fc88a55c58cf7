"""CT-03: mean and maximum of a very dense focus (bone island or blastic metastasis)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spinemets.geometry.components import slice_axis
from spinemets.model.lesion import Lesion
from spinemets.model.measurement import Estimate, Measured, Refused
from spinemets.model.region import Region
from spinemets.model.volume import Volume
from spinemets.statistics.intervals import around
from spinemets.statistics.robust import effective_n, se_of_mean


class Circle(NamedTuple):
    """Values [HU] inside the largest circle of a slice, its radius [mm], and the circle as a region."""

    values: NDArray[np.float64]
    radius_mm: float
    region: Region


def measure(
    *, ct: Volume, lesions: tuple[Lesion, ...], mean_hu: float, maximum_hu: float, dense_hu: float, least_pixels: int
) -> Measured | Refused:
    """Mean and maximum attenuation [HU] in the largest in-plane circle inside the dense voxels of the densest
    blastic candidate, unsmoothed.

    Interval of the mean: 1.96 SD / sqrt(n_eff). `absent` without a dense candidate where the level was searched.
    Valid for untreated disease. Source: Ulano2016 (126 enostoses, 153 untreated metastases; 885 / 1060 HU).
    """
    dense = [x for x in lesions if x.values.get("blastic_ml", 0.0) > 0.0]
    if not dense:
        return Measured(values={}, category="no dense focus")
    focus = max(dense, key=lambda x: x.values["peak_hu"])
    circle = largest_circle(ct, dense_part(ct, focus.region, dense_hu))
    if circle.values.size < least_pixels:
        return Refused(
            code="NA-FEW",
            missing=f"the dense focus {focus.id} holds a circle of {circle.values.size} pixels only",
            remedy="Needs thinner slices or a finer matrix.",
        )
    mean, maximum = float(circle.values.mean()), float(circle.values.max())
    interval = around(mean, se_of_mean(float(circle.values.std(ddof=1)), effective_n(circle.values.size)))
    beside = bool(focus.values["at_upper_endplate"] or focus.values["at_lower_endplate"])
    return Measured(
        values={
            "mean": Estimate(value=mean, ci95=interval),
            "maximum": Estimate(value=maximum),
            "radius_mm": Estimate(value=circle.radius_mm),
        },
        n_voxels=int(circle.values.size),
        category=_category(interval, maximum, beside, (mean_hu, maximum_hu)),
        caveats=focus.caveats,
        notes=(f"Measured in {focus.id}.", *focus.notes),
        outline=circle.region,
    )


def _category(interval: tuple[float, float], maximum: float, beside: bool, limits: tuple[float, float]) -> str:
    mean_hu, maximum_hu = limits
    if beside:
        return "beside an endplate"
    if interval[0] >= mean_hu or maximum >= maximum_hu:
        return "bone island favoured"
    return "near the limit" if interval[1] >= mean_hu else "less dense than a bone island"


def dense_part(ct: Volume, region: Region, least_hu: float) -> Region:
    """Voxels of a focus at or above an attenuation (a mixed focus holds others too)."""
    dense = region.mask & (ct.array[region.slices] >= least_hu)
    return Region.from_mask("dense part", dense, region.grid, source=region.source, start_ijk=region.start_ijk)


def largest_circle(ct: Volume, region: Region) -> Circle:
    """Pixels within the largest circle that fits into one slice of a region, over all its slices.

    The radius is the in-plane distance from the pixel deepest in the region to its edge, edge pixels left out.
    """
    import edt

    if not region.n_voxels:
        return Circle(np.zeros(0), 0.0, region)
    axis = slice_axis(region.grid)
    in_plane = tuple(d for a, d in enumerate(region.grid.spacing_mm) if a != axis)
    best: tuple[float, int, tuple[int, ...]] | None = None
    for k in range(region.mask.shape[axis]):
        plane = np.pad(np.take(region.mask, k, axis=axis), 1)
        depth = np.asarray(edt.edt(np.ascontiguousarray(plane), anisotropy=in_plane, parallel=1))
        if best is None or float(depth.max()) > best[0]:
            where = np.unravel_index(int(depth.argmax()), depth.shape)
            best = (float(depth.max()), k, tuple(int(n) - 1 for n in where))
    assert best is not None
    radius, k, centre = best
    plane = np.take(region.mask, k, axis=axis)
    rows, columns = np.indices(plane.shape)
    apart = np.hypot((rows - centre[0]) * in_plane[0], (columns - centre[1]) * in_plane[1])
    circle = np.zeros(region.mask.shape, bool)
    index: list[slice | int] = [slice(None)] * 3
    index[axis] = k
    circle[tuple(index)] = plane & (apart < radius)
    found = Region.from_mask("circle", circle, region.grid, source=region.name, start_ijk=region.start_ijk)
    return Circle(np.asarray(found.values(ct), dtype=np.float64), radius, found)
