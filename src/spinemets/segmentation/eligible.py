"""Which series of a study a back end is run on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spinemets.model.grid import Grid
from spinemets.model.series import Series
from spinemets.model.study import Study

# Kinds of series (knowledge table `series_kinds`), the ones that show a vertebra best first.
CT = ("ct_bone", "ct", "ct_soft")
T2 = ("t2",)
T1 = ("t1",)
MR = ("t2", "t1", "stir", "t2_fs", "t1_fs", "pd", "t1_gd", "t1_gd_fs", "t1_flair")
# Fewer slices are no stack in which a vertebra could be told from its neighbour.
LEAST_SLICES = 5
# A series is left out if this share of it lies inside series that are taken already: one vertebra is outlined once.
COVERED = 0.9
PROBES = 9


def series_for(study: Study, kinds: Sequence[str]) -> tuple[Series, ...]:
    """Volumes of these kinds with a trusted grid, each part of the patient once.

    Parameters
    ----------
    study
        Recognised study.
    kinds
        Kinds that the back end was made for, best first. Of two series of one place the better kind is taken, then the
        one with the smaller voxels.
    """
    usable = [s for s in study.series if s.kind in kinds and s.measurable and s.planar is None and s.grid is not None]
    stacks = [s for s in usable if s.grid is not None and min(s.grid.shape_ijk) >= LEAST_SLICES]
    stacks.sort(key=lambda s: (kinds.index(s.kind), s.grid.voxel_volume_mm3 if s.grid is not None else 0.0, s.number))
    taken: list[Series] = []
    for one in stacks:
        if one.grid is not None and _covered(one.grid, [s.grid for s in taken if s.grid is not None]) < COVERED:
            taken.append(one)
    return tuple(sorted(taken, key=lambda s: s.number))


def _covered(grid: Grid, others: Sequence[Grid]) -> float:
    """Share of a grid's volume that lies inside other grids of the same patient space."""
    points = _probes(grid)
    inside = np.zeros(len(points), bool)
    for other in others:
        if grid.same_frame(other):
            ijk = other.to_ijk(points)
            inside |= ((ijk > -0.5) & (ijk < np.asarray(other.shape_ijk) - 0.5)).all(axis=1)
    return float(inside.mean())


def _probes(grid: Grid) -> NDArray[np.float64]:
    lines = [np.linspace(0, n - 1, PROBES) for n in grid.shape_ijk]
    return grid.to_lps_mm(np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1).reshape(-1, 3))
