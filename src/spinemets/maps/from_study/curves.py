"""Signals over time around the spine as one series of four axes: a type of curve is told from means over regions, not from voxels.

The maximum of a noisy curve lies above its end, so that single voxels seem to wash out which do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from spinemets.maps.from_study.how import How
from spinemets.maps.from_study.stack import let_go, looked_at
from spinemets.model.grid import Grid
from spinemets.model.region import Region
from spinemets.model.series import Series
from spinemets.model.volume import Volume

KIND = "dynamic_curves"
Box = tuple[slice, slice, slice]


def as_curves(map_series: Series, members: Sequence[Series], how: How) -> Series:
    """A map of a dynamic set turned into the set's signals.

    Parameters
    ----------
    map_series
        A map of the same set, where the outlines lie.
    members
        Volumes in the order of time, on one lattice.
    how
        `within` says where to look.

    Returns
    -------
    Series
        Its volume has axes (i, j, k, time), float32, of the box around what is to be looked at; it is read when it is first asked for.
    """
    grid = map_series.grid
    assert grid is not None
    box = _box(looked_at(how, grid), grid)
    cut = grid.crop([s.start for s in box], [s.stop - s.start for s in box])
    return replace(
        map_series,
        label=f"Signal over time of {members[0].label}",
        grid=cut,
        load=_Curves(tuple(members), box, cut, map_series.uid),
    )


def _box(near: NDArray[np.bool_], grid: Grid) -> Box:
    """The smallest box that holds what is to be looked at; one voxel where there is none."""
    region = Region.from_mask("near the spine", near, grid)
    return region.slices if region.n_voxels else (slice(0, 1), slice(0, 1), slice(0, 1))


class _Curves:
    """Reads the volumes one after another, keeps the box of each, and remembers it."""

    def __init__(self, members: tuple[Series, ...], box: Box, grid: Grid, uid: str) -> None:
        self._members, self._box, self._grid, self._uid = members, box, grid, uid
        self._volume: Volume | None = None

    def __call__(self) -> Volume:
        if self._volume is None:
            values = np.empty((*self._grid.shape_ijk, len(self._members)), np.float32)
            for n, one in enumerate(self._members):
                values[..., n] = self._of(one)
            self._volume = Volume(array=values, grid=self._grid, quantity=KIND, unit="1", series_uid=self._uid)
        return self._volume

    def _of(self, one: Series) -> NDArray[np.float32]:
        volume = one.pixels()
        values = np.asarray(volume.array[self._box], np.float32)
        if volume.padding is not None:
            values = np.where(volume.padding[self._box], np.float32(np.nan), values)
        let_go(one)
        return values
