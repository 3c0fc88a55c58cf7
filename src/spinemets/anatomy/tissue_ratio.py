"""Signal of a region over that of a reference tissue in the same series (signs.md 0.8 and 0.9)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spinemets.model.lesion import Lesion
from spinemets.model.measurement import Estimate, Refused
from spinemets.model.reference import Reference
from spinemets.model.region import Region
from spinemets.model.volume import Volume
from spinemets.statistics.intervals import ratio
from spinemets.statistics.robust import effective_n, median_mad, se_of_median


@dataclass(frozen=True, kw_only=True)
class Least:
    """What a median needs: voxels, volume [mL], independent voxels."""

    voxels: int
    ml: float
    effective: float


@dataclass(frozen=True, kw_only=True, eq=False)
class TissueRatio:
    """r = median(region) / median(reference), 1 = same signal, with its 95 % interval."""

    estimate: Estimate
    median: float
    n_voxels: int
    region: Region

    @property
    def category(self) -> str:
        """`hypointense`, `isointense` (the interval contains 1) or `hyperintense`."""
        assert self.estimate.ci95 is not None
        low, high = self.estimate.ci95
        return "hypointense" if high < 1 else "hyperintense" if low > 1 else "isointense"


def rounding(volume: Volume) -> float:
    """Standard error that the rounding of stored integers adds to a median: one step / sqrt(12); 0 for real numbers.

    Images kept as 0 to 255 have grey values of 30 to 60 in marrow: without this a median looks far more exact than it is.
    """
    return 1 / math.sqrt(12) if volume.array.dtype.kind in "iu" else 0.0


def tissue_ratio(volume: Volume, region: Region, reference: Reference, least: Least) -> TissueRatio | Refused:
    """Ratio of two medians of one series (unitless; independent of scaling, window and level).

    Interval r * exp(-/+ 1.96 * sqrt((se1 / m1)^2 + (se2 / m2)^2)), se = 1.2533 * 1.4826 MAD / sqrt(n_eff), with the rounding
    of stored integers added.
    """
    values = np.asarray(region.values(volume), dtype=np.float64)
    values = values[np.isfinite(values)]
    n_eff = effective_n(len(values))
    if len(values) < least.voxels or region.volume_mm3 < 1000 * least.ml or n_eff < least.effective:
        return Refused(
            code="NA-FEW",
            missing=f"{len(values)} voxels of {region.name.replace('_', ' ')}, {least.voxels} and {least.ml} mL are needed",
            remedy="Needs a series with smaller voxels, or one that covers the level.",
        )
    median, spread = median_mad(values)
    if reference.median <= 0:
        return Refused(code="NA-REFERENCE", missing=f"the {reference.tissue} has no signal here")
    if median <= 0:
        return Refused(code="NA-ARTEFACT", missing=f"the {region.name.replace('_', ' ')} has no signal here")
    error = math.hypot(se_of_median(spread, n_eff), rounding(volume))
    r, interval = ratio(median, error, reference.median, reference.standard_error)
    return TissueRatio(estimate=Estimate(value=r, ci95=interval), median=median, n_voxels=len(values), region=region)


def darkest(
    volume: Volume, marrow: Region, lesions: Sequence[Lesion], reference: Reference, least: Least
) -> TissueRatio | Refused:
    """Ratio of the darkest focus that is large enough for a median; of the whole marrow where there is none."""
    tried = [tissue_ratio(volume, lesion.region, reference, least) for lesion in lesions]
    found = [r for r in tried if isinstance(r, TissueRatio)]
    if found:
        return min(found, key=lambda r: r.estimate.value)
    return tissue_ratio(volume, marrow, reference, least)
