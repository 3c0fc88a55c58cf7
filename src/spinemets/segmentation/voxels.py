"""Label voxels before anybody has said what they mean: counts, boxes and masks by integer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from spinemets.model.errors import LabelSchemeError
from spinemets.model.grid import Grid
from spinemets.model.region import Region

# Statistics are indexed by the integer itself up to here; a larger one is renumbered first.
DIRECT_LIMIT = 4096


class NoLabels(LabelSchemeError):
    """A label map that is background everywhere."""


class Labelled(Protocol):
    """Integer labels on one grid, however they are stored."""

    @property
    def grid(self) -> Grid:
        """Grid of all masks."""
        ...

    @property
    def source(self) -> str:
        """File name."""
        ...

    @property
    def counts(self) -> Mapping[int, int]:
        """Integer -> number of voxels, background left out."""
        ...

    @property
    def names(self) -> Mapping[int, str]:
        """Integer -> name found inside the file."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences about the file."""
        ...

    def centroid_lps_mm(self, integer: int) -> NDArray[np.float64]:
        """Mean voxel position."""
        ...

    def region(self, name: str, integers: Iterable[int]) -> Region:
        """Union of some integers on its own bounding box; empty if none is present."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelArray:
    """Labels stored as one array of integers: each voxel has one label."""

    array: NDArray[Any]
    grid: Grid
    source: str
    counts: Mapping[int, int]
    boxes: Mapping[int, tuple[slice, slice, slice]]
    centroids_ijk: Mapping[int, NDArray[np.float64]]
    names: Mapping[int, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def centroid_lps_mm(self, integer: int) -> NDArray[np.float64]:
        """Mean voxel position."""
        return self.grid.to_lps_mm(self.centroids_ijk[integer])

    def region(self, name: str, integers: Iterable[int]) -> Region:
        """Union of some integers, cut out of their common bounding box only."""
        here = [n for n in integers if n in self.counts]
        if not here:
            return Region.from_mask(name, np.zeros((0, 0, 0), bool), self.grid, source=self.source)
        starts = np.min([[s.start for s in self.boxes[n]] for n in here], axis=0)
        stops = np.max([[s.stop for s in self.boxes[n]] for n in here], axis=0)
        box = self.array[tuple(slice(int(a), int(b)) for a, b in zip(starts, stops, strict=True))]
        mask = box == here[0]
        for n in here[1:]:
            mask |= box == n
        start = (int(starts[0]), int(starts[1]), int(starts[2]))
        # C order whatever the file's order: later steps walk the mask along its last axis.
        return Region(name=name, mask=np.ascontiguousarray(mask), start_ijk=start, grid=self.grid, source=self.source)


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelRegions:
    """Labels stored as one mask each, which may overlap (DICOM SEG)."""

    regions: Mapping[int, Region]
    grid: Grid
    source: str
    names: Mapping[int, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def counts(self) -> Mapping[int, int]:
        """Integer -> voxels."""
        return {n: r.n_voxels for n, r in self.regions.items() if r.n_voxels}

    def centroid_lps_mm(self, integer: int) -> NDArray[np.float64]:
        """Mean voxel position."""
        return self.regions[integer].centroid_lps_mm

    def region(self, name: str, integers: Iterable[int]) -> Region:
        """Union of some segments."""
        here = [self.regions[n] for n in integers if n in self.counts]
        if not here:
            return Region.from_mask(name, np.zeros((0, 0, 0), bool), self.grid, source=self.source)
        if len(here) == 1:
            return here[0].renamed(name)
        low = np.min([r.start_ijk for r in here], axis=0)
        high = np.max([np.asarray(r.start_ijk) + r.mask.shape for r in here], axis=0)
        mask = np.zeros(tuple(high - low), bool)
        for r in here:
            first = np.asarray(r.start_ijk) - low
            mask[tuple(slice(int(a), int(a) + n) for a, n in zip(first, r.mask.shape, strict=True))] |= r.mask
        start = (int(low[0]), int(low[1]), int(low[2]))
        return Region(name=name, mask=mask, start_ijk=start, grid=self.grid, source=self.source)


def label_array(
    array: NDArray[Any], grid: Grid, source: str, names: Mapping[int, str], warnings: tuple[str, ...] = ()
) -> LabelArray:
    """Count, box and centre every label in one pass.

    Parameters
    ----------
    array
        Unsigned integers, axes (i, j, k).

    Raises
    ------
    NoLabels
        If there is no label at all.
    """
    import cc3d  # lazy: only label maps need it

    counted, values = _compact(array)
    statistics = cc3d.statistics(counted)
    counts = np.asarray(statistics["voxel_counts"])
    here = [n for n in np.flatnonzero(counts).tolist() if values[n] > 0]
    if not here:
        raise NoLabels(f"{source} holds no label: every voxel is background.", "Check the file.")
    boxes = statistics["bounding_boxes"]
    centroids = np.asarray(statistics["centroids"], np.float64)
    return LabelArray(
        array=array,
        grid=grid,
        source=source,
        counts={int(values[n]): int(counts[n]) for n in here},
        boxes={int(values[n]): boxes[n] for n in here},
        centroids_ijk={int(values[n]): centroids[n] for n in here},
        names=names,
        warnings=warnings,
    )


def _compact(array: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Array whose integers are small enough to index statistics, and the integer that each of them stands for."""
    top = int(array.max(initial=0))
    if top < min(DIRECT_LIMIT, array.size):  # the counter refuses integers beyond the number of voxels
        return array, np.arange(top + 1)
    values, inverse = np.unique(array, return_inverse=True)
    if len(values) > DIRECT_LIMIT:
        raise LabelSchemeError(
            f"a label map holds {len(values)} different integers: this looks like an image, not like labels."
        )
    return inverse.reshape(array.shape).astype(np.uint16), values.astype(np.int64)
