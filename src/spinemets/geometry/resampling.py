"""Masks between grids, and sub-voxel samples of a mask in any direction."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from spinemets.model.grid import Grid
from spinemets.model.region import Region


def region_on_grid(region: Region, grid: Grid) -> Region:
    """Bring a region to another grid: each voxel of `grid` takes the nearest voxel of the region's grid.

    Only the bounding box is visited. A region whose grid equals `grid` is returned as it is, voxel for voxel.
    """
    if region.grid == grid:
        return region
    if not region.n_voxels:
        return Region.from_mask(region.name, np.zeros((0, 0, 0), bool), grid, source=region.source)
    low = np.asarray(region.start_ijk) - 0.5
    high = low + region.mask.shape
    corners = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)]) * (high - low) + low
    reach = grid.to_ijk(region.grid.to_lps_mm(corners))
    first = np.maximum(np.floor(reach.min(axis=0)).astype(int), 0)
    last = np.minimum(np.ceil(reach.max(axis=0)).astype(int), np.asarray(grid.shape_ijk) - 1)
    shape = np.maximum(last - first + 1, 0)
    if not shape.all():
        return Region.from_mask(region.name, np.zeros((0, 0, 0), bool), grid, source=region.source)
    matrix = region.grid.inverse[:3, :3] @ grid.affine_lps_mm[:3, :3]
    offset = region.grid.to_ijk(grid.to_lps_mm(first)) - np.asarray(region.start_ijk)
    mask = _nearest(region.mask, matrix, offset, shape)
    start = (int(first[0]), int(first[1]), int(first[2]))
    moved = Region.from_mask(region.name, mask, grid, source=region.source, start_ijk=start)
    return Region(
        name=region.name,
        mask=moved.mask,
        start_ijk=moved.start_ijk,
        grid=grid,
        source=region.source,
        flags=region.flags,
    )


def _nearest(
    mask: NDArray[np.bool_], matrix: NDArray[np.float64], offset: NDArray[np.float64], shape: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Nearest-neighbour lookup `mask[matrix @ index + offset]`, False outside; one slab at a time to stay small."""
    out = np.zeros(tuple(int(n) for n in shape), bool)
    j, k = np.meshgrid(np.arange(shape[1]), np.arange(shape[2]), indexing="ij")
    plane = [matrix[a, 1] * j + matrix[a, 2] * k + offset[a] for a in range(3)]
    for i in range(int(shape[0])):
        index = [np.floor(plane[a] + matrix[a, 0] * i + 0.5).astype(np.intp) for a in range(3)]
        inside = np.ones(j.shape, bool)
        for axis in range(3):
            inside &= (index[axis] >= 0) & (index[axis] < mask.shape[axis])
        out[i][inside] = mask[index[0][inside], index[1][inside], index[2][inside]]
    return out


def voxel_along_mm(grid: Grid, direction: NDArray[np.float64]) -> float:
    """Extent [mm] of one voxel along a unit direction in LPS: the resolution of `grid` that way.

    Along an array axis this is the spacing; obliquely |(c_i d_i)| with direction cosines c_i and spacings d_i.
    """
    cosines = grid.axes.T @ direction
    return float(np.linalg.norm(cosines * np.asarray(grid.spacing_mm)))


@dataclass(frozen=True, kw_only=True, eq=False)
class Patch:
    """Occupancy (0 to 1) of a structure sampled on a box that is aligned with three orthogonal directions.

    Attributes
    ----------
    origin_lps_mm, axes
        Local origin and 3 x 3 matrix whose columns are the directions of the three array axes.
    low_mm, step_mm
        (3,) local position of the first sample, and sample distance.
    occupancy
        float32 array; 0.5 marks the surface.
    """

    origin_lps_mm: NDArray[np.float64]
    axes: NDArray[np.float64]
    low_mm: NDArray[np.float64]
    step_mm: NDArray[np.float64]
    occupancy: NDArray[np.float32]

    def along(self, axis: int) -> NDArray[np.float64]:
        """Local positions [mm] of the samples along one axis."""
        positions: NDArray[np.float64] = self.low_mm[axis] + self.step_mm[axis] * np.arange(self.occupancy.shape[axis])
        return positions

    @cached_property
    def gradient(self) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Occupancy change per mm along the three axes."""
        parts = np.gradient(self.occupancy, *(float(s) for s in self.step_mm))
        return (parts[0], parts[1], parts[2])


@dataclass(frozen=True, kw_only=True, eq=False)
class SoftMask:
    """A mask, mildly smoothed so that its 0.5 level is the surface at sub-voxel precision.

    Attributes
    ----------
    values
        float32, padded by `PAD` voxels on each side.
    start_ijk
        Index in `grid` of the first value.
    grid
        Grid of the mask.
    """

    values: NDArray[np.float32]
    start_ijk: NDArray[np.intp]
    grid: Grid

    @classmethod
    def of(cls, region: Region, sigma_voxels: float) -> SoftMask:
        """Smooth a region by a Gaussian of `sigma_voxels` voxels along each array axis."""
        from scipy.ndimage import gaussian_filter

        padded = np.pad(region.mask, PAD).astype(np.float32)
        values = gaussian_filter(padded, sigma_voxels, truncate=3.0, mode="constant")
        return cls(values=values, start_ijk=np.asarray(region.start_ijk) - PAD, grid=region.grid)

    def patch(
        self,
        origin_lps_mm: NDArray[np.float64],
        axes: NDArray[np.float64],
        extent_mm: tuple[NDArray[np.float64], NDArray[np.float64]],
        step_mm: NDArray[np.float64],
    ) -> Patch:
        """Sample on a box from `extent_mm[0]` to `extent_mm[1]` (local coordinates), trilinear, 0 outside."""
        from scipy.ndimage import affine_transform

        low, high = extent_mm
        shape = tuple(int(n) for n in np.floor((high - low) / step_mm + 1e-6).astype(int) + 1)
        inverse = self.grid.inverse[:3, :3]
        matrix = inverse @ axes * step_mm
        offset = self.grid.to_ijk(origin_lps_mm + axes @ low) - self.start_ijk
        occupancy = affine_transform(
            self.values, matrix, offset=offset, output_shape=shape, order=1, mode="constant", prefilter=False
        )
        return Patch(origin_lps_mm=origin_lps_mm, axes=axes, low_mm=low, step_mm=step_mm, occupancy=occupancy)


PAD = 3


def local_extent(
    region: Region, origin_lps_mm: NDArray[np.float64], axes: NDArray[np.float64], margin_mm: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Smallest box in local coordinates that holds the region's voxels, plus a margin."""
    surface = _shell(region)
    local = (region.grid.to_lps_mm(surface) - origin_lps_mm) @ axes
    return local.min(axis=0) - margin_mm, local.max(axis=0) + margin_mm


def _shell(region: Region) -> NDArray[np.intp]:
    """Indices of the first and last voxel of every line along the third axis: enough for extents, far fewer points."""
    lines = region.mask.any(axis=2)
    i, j = np.nonzero(lines)
    first = region.mask.argmax(axis=2)[i, j]
    last = region.mask.shape[2] - 1 - region.mask[:, :, ::-1].argmax(axis=2)[i, j]
    ends = np.concatenate([np.stack([i, j, first], axis=1), np.stack([i, j, last], axis=1)])
    shell: NDArray[np.intp] = ends + np.asarray(region.start_ijk)
    return shell
