"""Where labels lie in the study: on the grid of a series, on part of it, or merely in the same space.

Labels whose voxels are voxels of a series, in another axis order or on fewer slices (a NIfTI made from DICOM, a SEG that
leaves out empty frames), are moved to that series' grid voxel by voxel. Nothing is interpolated here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spinemets.model.errors import LabelSchemeError
from spinemets.model.grid import SAME_POSITION_MM, Grid
from spinemets.model.region import Region
from spinemets.model.segmentation import Segmentation
from spinemets.model.series import Series
from spinemets.model.study import Study

# Labelled voxels that are looked up to see whether labels and a series overlap at all.
PROBES = 500


@dataclass(frozen=True, kw_only=True, eq=False)
class Lattice:
    """Voxel (i, j, k) of one grid is voxel `sign * (i, j, k)[axes] + offset` of another."""

    axes: tuple[int, int, int]
    sign: NDArray[np.intp]
    offset: NDArray[np.intp]

    def move(self, region: Region, grid: Grid) -> Region:
        """The same voxels on the other grid."""
        mask = region.mask.transpose(self.axes)
        start = np.asarray(region.start_ijk)[list(self.axes)]
        first = np.where(self.sign > 0, start, start + np.asarray(mask.shape) - 1) * self.sign + self.offset
        flips = tuple(slice(None, None, int(s)) for s in self.sign)
        return Region(
            name=region.name,
            mask=np.ascontiguousarray(mask[flips]),
            start_ijk=(int(first[0]), int(first[1]), int(first[2])),
            grid=grid,
            source=region.source,
            flags=region.flags,
        )


def lattice(grid: Grid, target: Grid) -> Lattice | None:
    """How the voxels of `grid` are voxels of `target`; None if they are not, or lie in another frame of reference."""
    if not grid.same_frame(target):
        return None
    matrix = target.inverse[:3, :3] @ grid.affine_lps_mm[:3, :3]
    signed = np.rint(matrix)
    if not (np.abs(signed).sum(axis=0) == 1).all() or not (np.abs(signed).sum(axis=1) == 1).all():
        return None
    axes = np.abs(signed).argmax(axis=1)
    sign = signed[np.arange(3), axes].astype(np.intp)
    offset = np.rint(target.to_ijk(grid.affine_lps_mm[:3, 3])).astype(np.intp)
    last = np.asarray(grid.shape_ijk) - 1
    index = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)]) * last
    moved = target.to_lps_mm(index[:, axes] * sign + offset)
    if np.abs(moved - grid.to_lps_mm(index)).max() > SAME_POSITION_MM:
        return None
    return Lattice(axes=(int(axes[0]), int(axes[1]), int(axes[2])), sign=sign, offset=offset)


def place(labels: Segmentation, study: Study) -> Segmentation:
    """Bind labels to the series they were drawn on.

    Returns
    -------
    Segmentation
        On the grid of the first series (measurable ones first) whose voxels are the labels' voxels, with its uid; on
        their own grid if they only overlap a series.

    Raises
    ------
    LabelSchemeError
        If they overlap no series of the study.
    """
    series = [s for s in study.series if s.grid is not None]
    if not series:
        note = f"{labels.source}: the study has no image volume to compare the labels with."
        return replace(labels, warnings=(*labels.warnings, note))
    series.sort(key=lambda s: not s.measurable)
    tries: tuple[Callable[[Series], Segmentation | None], ...] = (
        lambda s: replace(labels, series_uid=s.uid) if s.grid == labels.grid else None,
        lambda s: _moved(labels, s),
    )
    for attempt in tries:
        for one in series:
            placed = attempt(one)
            if placed is not None:
                return placed
    if any(overlaps(labels, s.grid) for s in series if s.grid is not None):
        return labels
    listed = "; ".join(f"{s.label}: {s.grid.describe()}" for s in series[:4] if s.grid is not None)
    raise LabelSchemeError(
        f"{labels.source} does not overlap any series of the study: its labels lie on {labels.grid.describe()}, {listed}.",
        "Give labels drawn on an image of this study.",
    )


def _moved(labels: Segmentation, series: Series) -> Segmentation | None:
    assert series.grid is not None
    mapping = lattice(labels.grid, series.grid)
    if mapping is None:
        return None
    try:
        parts = tuple(replace(p, region=mapping.move(p.region, series.grid)) for p in labels.parts)
    except ValueError:  # a label reaches beyond the series: it keeps its own grid
        return None
    return replace(labels, grid=series.grid, parts=parts, series_uid=series.uid)


def overlaps(labels: Segmentation, grid: Grid) -> bool:
    """Whether any labelled voxel (a sample of each part) lies inside a grid of the same space."""
    if not labels.grid.same_frame(grid):
        return False
    for part in labels.parts:
        index = part.region.indices
        ijk = grid.to_ijk(labels.grid.to_lps_mm(index[:: max(1, len(index) // PROBES)]))
        if ((ijk > -0.5) & (ijk < np.asarray(grid.shape_ijk) - 0.5)).all(axis=1).any():
            return True
    return False
