"""Signal of a focus against normal marrow in the same MR series, with its interval (MR-T1-03, MR-STIR-01)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spinemets.anatomy.tissue_ratio import rounding
from spinemets.geometry.components import ML_PER_MM3
from spinemets.model.lesion import Lesion
from spinemets.model.measurement import Estimate, Refused
from spinemets.model.reference import Reference
from spinemets.model.region import Region
from spinemets.model.volume import Volume
from spinemets.statistics.intervals import ratio
from spinemets.statistics.robust import effective_n, median_mad, se_of_median


@dataclass(frozen=True, kw_only=True, eq=False)
class Contrast:
    """Contrast of one region against normal marrow.

    Attributes
    ----------
    contrast
        C = S / S0 - 1 with its interval.
    difference
        S - S0 in the unit of the image.
    region, n_voxels
        What was measured.
    doubtful
        True where another cause is as likely (endplate change), or the focus is too small for a mean: the interval then
        reaches to the rest of the marrow.
    """

    contrast: Estimate
    difference: float
    region: Region
    n_voxels: int
    doubtful: bool = False


def of_region(volume: Volume, region: Region, normal: Reference) -> Contrast | Refused:
    """C = median / m0 - 1; interval from the ratio of two medians (signs.md 0.9), rounding of stored integers added."""
    values = np.asarray(region.values(volume), dtype=np.float64)
    values = values[np.isfinite(values)]
    centre = median_mad(values)
    if normal.median <= 0:
        return Refused(code="NA-REFERENCE", missing="reference marrow has no signal in this series")
    if not values.size or centre.median <= 0:
        return Refused(code="NA-FEW", missing=f"no signal in the {region.name}")
    step = rounding(volume)
    error = math.hypot(se_of_median(centre.spread, effective_n(values.size)), step)
    reference_error = math.hypot(normal.standard_error, step)
    r, (low, high) = ratio(centre.median, error, normal.median, reference_error)
    return Contrast(
        contrast=Estimate(value=r - 1, ci95=(low - 1, high - 1)),
        difference=centre.median - normal.median,
        region=region,
        n_voxels=int(values.size),
    )


def of_vertebra(
    volume: Volume, marrow: Region, normal: Reference, lesions: tuple[Lesion, ...], least: tuple[int, float]
) -> tuple[Contrast, Contrast] | Refused:
    """Contrast that is judged, and that of the marrow outside the foci (the whole marrow if the foci leave none of it).

    Parameters
    ----------
    least
        Least number of voxels and least volume [mL] of a signal that is judged.

    Notes
    -----
    The largest focus that no endplate change explains comes first; without a focus the whole marrow is judged.
    """
    rest = without(marrow, lesions)
    enough = large(rest, least)
    around = of_region(volume, rest if enough else marrow, normal)
    if isinstance(around, Refused):
        return around
    if not lesions:
        if not enough:
            return Refused(
                code="NA-FEW",
                missing=f"only {marrow.n_voxels} marrow voxels",
                remedy="Needs thinner slices or a finer matrix.",
            )
        return around, around
    focus = min(lesions, key=lambda x: (explained(x) or not large(x.region, least), -x.region.n_voxels))
    judged = of_region(volume, focus.region, normal)
    if isinstance(judged, Refused):
        return judged
    if explained(focus) or not large(focus.region, least):
        judged = _stretched(judged, around)
    return judged, around


def _stretched(judged: Contrast, around: Contrast) -> Contrast:
    """The same with an interval that also holds the contrast of the rest of the marrow."""
    assert judged.contrast.ci95 is not None
    assert around.contrast.ci95 is not None
    ends = (*judged.contrast.ci95, *around.contrast.ci95)
    contrast = Estimate(value=judged.contrast.value, ci95=(min(ends), max(ends)))
    return replace(judged, contrast=contrast, doubtful=True)


def explained(lesion: Lesion) -> bool:
    """Whether endplate change explains a focus as well as anything else."""
    return bool(lesion.values["at_upper_endplate"] or lesion.values["at_lower_endplate"])


def large(region: Region, least: tuple[int, float]) -> bool:
    """Whether a region has enough voxels and volume for a mean (signs.md 0.8-3)."""
    return region.n_voxels >= least[0] and region.volume_mm3 * ML_PER_MM3 >= least[1]


def without(region: Region, lesions: tuple[Lesion, ...]) -> Region:
    """A region less the voxels of the lesions on the same grid."""
    return less(region, tuple(x.region for x in lesions))


def less(region: Region, others: tuple[Region, ...]) -> Region:
    """A region less the voxels of others on the same grid."""
    mask = np.array(region.mask)
    start = np.asarray(region.start_ijk)
    for other in others:
        region.grid.require_same(other.grid, f"{region.name} and {other.name}")
        index = other.indices - start
        index = index[np.all((index >= 0) & (index < mask.shape), axis=1)]
        mask[tuple(index.T)] = False
    return Region.from_mask(region.name, mask, region.grid, source=region.source, start_ijk=region.start_ijk)


def eroded(region: Region, axes: tuple[int, ...] = (0, 1, 2)) -> Region:
    """The region without its outermost voxel layer (signs.md 0.9: segmentation uncertainty), or without that along some axes."""
    from scipy import ndimage

    # A voxel stays whose neighbours along these axes are all inside.
    step = np.zeros((3, 3, 3), bool)
    step[1, 1, 1] = True
    for axis in axes:
        step[tuple(slice(None) if n == axis else 1 for n in range(3))] = True
    mask: NDArray[np.bool_] = ndimage.binary_erosion(np.pad(region.mask, 1), step)[1:-1, 1:-1, 1:-1]
    return Region.from_mask(region.name, mask, region.grid, source=region.source, start_ijk=region.start_ijk)


def lines(lesions: tuple[Lesion, ...]) -> tuple[str, ...]:
    """One sentence for each focus, and what belongs to it."""
    return tuple(
        " ".join(
            (
                f"{x.id}: {x.volume_ml:.2g} mL, {x.diameters_mm['longest']:.0f} mm, signal {x.values['contrast']:+.0%}.",
                *x.notes,
            )
        )
        for x in lesions
    )


def body_only(volume: Volume, thick_slice_mm: float) -> tuple[str, ...]:
    """A line where the slices are too thick for pedicles and arch."""
    if max(volume.grid.spacing_mm) <= thick_slice_mm:
        return ()
    return (f"Slices thicker than {thick_slice_mm:g} mm: the body was searched, pedicles and arch were not.",)
