"""Which series a vertebra is searched in (MR-GEN-02): kinds in the order stated, then coverage, then thinnest slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spinemets.model.region import Region
from spinemets.model.series import Series
from spinemets.model.spine import Vertebra
from spinemets.model.study import Study


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Series to search, best first, for one vertebra; the first is used, the others are listed.

    Attributes
    ----------
    series
        Candidates that cover some of the vertebra.
    coverage
        Share of its body inside each of them.
    """

    series: tuple[Series, ...] = ()
    coverage: tuple[float, ...] = ()


def for_vertebra(study: Study, vertebra: Vertebra, kinds: Sequence[str]) -> Choice:
    """Measurable series of the accepted kinds in the frame of the labels that hold some of the vertebra, best first.

    Coverage counts in steps of one per cent, so that a voxel at the border never outweighs the slice thickness.
    """
    body = anchor(vertebra)
    if body is None:
        return Choice()
    rated: list[tuple[tuple[float, ...], float, Series]] = []
    for series in study.series:
        if not series.measurable or series.kind not in kinds or series.grid is None:
            continue
        if not series.grid.same_frame(body.grid):
            continue
        share = coverage(body, series)
        if share > 0:
            order = (kinds.index(series.kind), -round(share, 2), max(series.grid.spacing_mm), series.number)
            rated.append((order, share, series))
    rated.sort(key=lambda r: r[0])
    return Choice(series=tuple(r[2] for r in rated), coverage=tuple(r[1] for r in rated))


def anchor(vertebra: Vertebra) -> Region | None:
    """Region that stands for the vertebra: its body, else the largest one it has; None if it has no voxel."""
    if "body" in vertebra.regions and vertebra.regions["body"].n_voxels:
        return vertebra.regions["body"]
    regions = [r for r in vertebra.regions.values() if r.n_voxels]
    return max(regions, key=lambda r: r.volume_mm3, default=None)


def coverage(region: Region, series: Series, most_points: int = 500) -> float:
    """Share of a region's voxel centres that lie inside the grid of a series (evenly thinned to `most_points`)."""
    if series.grid is None or not region.n_voxels:
        return 0.0
    step = max(1, region.n_voxels // most_points)
    ijk = series.grid.to_ijk(region.grid.to_lps_mm(region.indices[::step]))
    inside = np.all((ijk > -0.5) & (ijk < np.asarray(series.grid.shape_ijk) - 0.5), axis=1)
    return float(inside.mean())
