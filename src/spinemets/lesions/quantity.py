"""What a map tells of the leading focus of a vertebra, and of the rest of its marrow.

Maps are not searched: the focus comes from a series that was (T1, STIR, CT), and is measured where the map has values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spinemets.geometry.components import ML_PER_MM3
from spinemets.lesions.contrast import eroded, less
from spinemets.model.lesion import Focus
from spinemets.model.measurement import Estimate, Refused
from spinemets.model.region import Region
from spinemets.model.volume import Volume
from spinemets.statistics.intervals import Z95, around
from spinemets.statistics.robust import effective_n, median_mad, se_of_mean, se_of_median

# Slices this many times as thick as the pixels are wide are not taken off a focus at its ends.
THICK_SLICE = 2.0


@dataclass(frozen=True, kw_only=True)
class Least:
    """What a region must hold (signs.md 0.8-3): voxels, volume, independent voxels, and the share of it that has values."""

    voxels: int
    ml: float
    n_eff: float
    share: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Quantity:
    """A region of a map.

    Attributes
    ----------
    median, mean
        With intervals of 95 %, in the unit of the map.
    spread
        1.4826 MAD.
    standard_error
        Of the median.
    values
        Those that are numbers.
    region, n_voxels
        What was measured, and how many of its voxels have a value.
    caveats
        Codes.
    """

    median: Estimate
    mean: Estimate
    spread: float
    standard_error: float
    values: NDArray[np.float64]
    region: Region
    n_voxels: int
    caveats: tuple[str, ...] = ()


def of_region(volume: Volume, region: Region, least: Least, repeatability: float = 0.0) -> Quantity | Refused:
    """Median and mean of the values of a region.

    Voxels without a value are seldom those of the middle: too slow an exchange, or a signal lost in noise. The interval of the
    median holds both ends: that they all lie below it, and that they all lie above it.

    Parameters
    ----------
    repeatability
        Coefficient of variation between two measurements of one patient, added to the standard errors in quadrature
        (signs.md 0.9).
    """
    values = np.asarray(region.values(volume), dtype=np.float64)
    values = values[np.isfinite(values)]
    name = region.name.replace("_", " ")
    if values.size < least.share * region.n_voxels:
        return Refused(
            code="NA-FEW",
            missing=f"{values.size} of {region.n_voxels} voxels of the {name} have a value in the map",
        )
    n_eff = effective_n(values.size)
    if (
        values.size < least.voxels
        or values.size * region.grid.voxel_volume_mm3 * ML_PER_MM3 < least.ml
        or n_eff < least.n_eff
    ):
        return Refused(
            code="NA-FEW", missing=f"only {values.size} voxels of the {name} in the map", remedy="Needs a finer matrix."
        )
    centre, mean = median_mad(values), float(values.mean())
    error = math.hypot(
        se_of_median(centre.spread, n_eff), repeatability * centre.median, _error_of_missing(values, region.n_voxels)
    )
    mean_error = math.hypot(se_of_mean(float(values.std(ddof=1)), n_eff), repeatability * mean)
    return Quantity(
        median=Estimate(value=centre.median, ci95=around(centre.median, error)),
        mean=Estimate(value=mean, ci95=around(mean, mean_error)),
        spread=centre.spread,
        standard_error=error,
        values=values,
        region=region,
        n_voxels=int(values.size),
    )


def _error_of_missing(values: NDArray[np.float64], n: int) -> float:
    """Standard error [unit of the map] whose interval reaches the median that n values would have, the missing ones at either end."""
    missing, middle = n - values.size, (n - 1) // 2
    if missing <= 0:
        return 0.0
    order, centre = np.sort(values), float(np.median(values))
    low, high = order[max(middle - missing, 0)], order[min(middle + 1, values.size - 1)]
    return float(max(centre - low, high - centre)) / Z95


def of_focus(volume: Volume, focus: Focus, least: Least, repeatability: float = 0.0) -> Quantity | Refused | None:
    """The focus without its rim, whose voxels hold other tissue too; None where there is no focus.

    A focus too small to lose its rim is measured whole, with the caveat of partial volume.
    """
    if focus.region is None:
        return None
    named = Region.from_mask(
        f"focus {focus.lesion_id}", focus.region.mask, focus.region.grid, source=focus.region.source,
        start_ijk=focus.region.start_ijk,
    )  # fmt: skip
    inner = of_region(volume, without_rim(named), least, repeatability)
    if isinstance(inner, Quantity):
        return inner
    whole = of_region(volume, named, least, repeatability)
    return whole if isinstance(whole, Refused) else replace(whole, caveats=("CV-PV",))


def of_marrow(
    volume: Volume, marrow: Region, focus: Focus, least: Least, repeatability: float = 0.0
) -> Quantity | Refused:
    """The marrow outside the focus; all of it where the focus leaves too little."""
    if focus.region is not None:
        rest = of_region(volume, less(marrow, (focus.region,)), least, repeatability)
        if isinstance(rest, Quantity):
            return rest
    return of_region(volume, marrow, least, repeatability)


@dataclass(frozen=True, kw_only=True, eq=False)
class Look:
    """What a map tells of one vertebra.

    Attributes
    ----------
    of
        The focus, or the marrow as a whole where no series shows a focus.
    judged
        Whether `of` is a focus that a cut-off for lesions applies to.
    around
        Marrow outside the focus; None where it is too little.
    what
        Words for `of` where it is not judged.
    notes
        Which focus it is, or why there is none.
    """

    of: Quantity
    judged: bool
    around: Quantity | None
    what: str
    notes: tuple[str, ...]


def look(
    volume: Volume, marrow: Region, focus: Focus, least: Least, *, repeatability: float = 0.0, sclerosis: bool = True
) -> Look | Refused:
    """The focus and the marrow around it, or the marrow where there is no focus.

    Parameters
    ----------
    repeatability
        As for `of_region`.
    sclerosis
        Whether a focus that CT shows dense is judged all the same.
    """
    seen = of_focus(volume, focus, least, repeatability)
    around = of_marrow(volume, marrow, focus, least, repeatability)
    if isinstance(seen, Refused):
        return seen
    rest = None if isinstance(around, Refused) else around
    if seen is None:
        if isinstance(around, Refused):
            return around
        return Look(of=around, judged=False, around=rest, what="marrow as a whole", notes=(_no_focus(focus),))
    note = f"Measured in the focus {focus.lesion_id}, which another series shows."
    if "blastic" in focus.kinds and not sclerosis:
        dense = "CT shows a dense focus at this level: sclerosis changes the number, which is not judged."
        return Look(of=seen, judged=False, around=rest, what="sclerotic focus", notes=(note, dense))
    return Look(of=seen, judged=True, around=rest, what="focus", notes=(note,))


def scaled(estimate: Estimate, factor: float) -> Estimate:
    """An estimate in another unit."""
    assert estimate.ci95 is not None
    low, high = estimate.ci95
    return Estimate(value=factor * estimate.value, ci95=(factor * low, factor * high))


def _no_focus(focus: Focus) -> str:
    why = "No series shows a focus here" if focus.searched else "No series was searched for foci here"
    return f"{why}: the marrow was measured as a whole, and no cut-off for lesions is applied."


def without_rim(region: Region) -> Region:
    """A region without its outermost voxels; the ends of a stack of thick slices stay."""
    spacing = region.grid.spacing_mm
    return eroded(region, tuple(axis for axis in range(3) if spacing[axis] < THICK_SLICE * min(spacing)))
