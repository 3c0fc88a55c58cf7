"""Connected components of a mask: which voxels are one thing, and how large it is (G-11).

Masks are boolean boxes `[i, j, k]` of one grid; lengths in mm, volumes in mL, directions in LPS.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.model.grid import Grid

Mask = NDArray[np.bool_]
ML_PER_MM3 = 1e-3


@dataclass(frozen=True, kw_only=True)
class Size:
    """Least size a component must have to be kept: volume, voxels, slices across the coarsest axis."""

    volume_ml: float
    voxels: int
    slices: int


@dataclass(frozen=True, kw_only=True)
class Diameters:
    """Longest in-plane diameter, its orthogonal in the same slice, and the craniocaudal extent, in mm."""

    longest_mm: float
    orthogonal_mm: float
    craniocaudal_mm: float


def label(mask: Mask, spacing_mm: tuple[float, float, float], merge_gap_mm: float = 0.0) -> NDArray[np.int32]:
    """Number the 26-connected components; those separated by less than `merge_gap_mm` share a number.

    Parameters
    ----------
    mask
        Boolean box.
    spacing_mm
        Voxel distance per array axis.
    merge_gap_mm
        Components whose voxel *faces* (not centres) come nearer than this are one (LES-02).

    Returns
    -------
    labels
        int32, 0 = background, 1..n by falling number of voxels (ties: order of the first voxel).
    """
    if not mask.any():
        return np.zeros(mask.shape, np.int32)
    import cc3d

    labels = np.asarray(cc3d.connected_components(np.ascontiguousarray(mask), connectivity=26)).astype(np.int32)
    n = int(labels.max())
    if n > 1 and merge_gap_mm > 0:
        labels = _joined(labels, n, _near_pairs(labels, spacing_mm, merge_gap_mm))
    return _by_size(labels)


def _near_pairs(labels: NDArray[np.int32], spacing_mm: tuple[float, float, float], gap_mm: float) -> NDArray[np.int32]:
    """Pairs of labels, (p, 2), with a pair of voxels whose boxes lie nearer than `gap_mm`."""
    reach = [int(np.ceil(gap_mm / d)) for d in spacing_mm]
    padded = np.pad(labels, [(r + 1, r + 1) for r in reach])
    voxels = np.argwhere(_shell(labels > 0)) + np.asarray(reach) + 1
    strides = np.array([padded.shape[1] * padded.shape[2], padded.shape[2], 1])
    flat, here = padded.ravel(), voxels @ strides
    mine = flat[here]
    pairs: list[NDArray[np.int32]] = []
    for offset in _offsets(reach, spacing_mm, gap_mm):
        theirs = flat[here + int(offset @ strides)]
        other = (theirs > 0) & (theirs != mine)
        if other.any():
            pairs.append(np.unique(np.stack([mine[other], theirs[other]], axis=1), axis=0))
    return np.concatenate(pairs) if pairs else np.zeros((0, 2), np.int32)


def _offsets(reach: list[int], spacing_mm: tuple[float, float, float], gap_mm: float) -> NDArray[np.intp]:
    """Half of the index offsets between voxels whose boxes are less than `gap_mm` apart (the other half mirrors it)."""
    grid = np.stack(np.meshgrid(*(np.arange(-r - 1, r + 2) for r in reach), indexing="ij"), axis=-1).reshape(-1, 3)
    gap = np.maximum(np.abs(grid) - 1, 0) * np.asarray(spacing_mm)
    near = np.linalg.norm(gap, axis=1) < gap_mm
    within = np.all(np.abs(grid) <= np.asarray(reach) + 1, axis=1)
    first_half = np.arange(len(grid)) > len(grid) // 2
    offsets: NDArray[np.intp] = grid[near & within & first_half]
    return offsets


def _shell(mask: Mask) -> Mask:
    """Voxels with a face on the background."""
    padded = np.pad(mask, 1)
    inner = mask.copy()
    for axis in range(3):
        for step in (0, 2):
            window = [slice(1, -1)] * 3
            window[axis] = slice(step, step + mask.shape[axis])
            inner &= padded[tuple(window)]
    shell: Mask = mask & ~inner
    return shell


def _joined(labels: NDArray[np.int32], n: int, pairs: NDArray[np.int32]) -> NDArray[np.int32]:
    """Give labels that are linked by `pairs`, directly or through others, one number."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(n + 1, n + 1))
    group = connected_components(links, directed=False)[1].astype(np.int32)
    group += 1
    group[0] = 0
    joined: NDArray[np.int32] = group[labels]
    return joined


def _by_size(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    numbers, first, counts = np.unique(labels, return_index=True, return_counts=True)
    order = np.lexsort((first, -counts))
    order = order[numbers[order] > 0]
    new = np.zeros(int(labels.max()) + 1, np.int32)
    new[numbers[order]] = np.arange(1, len(order) + 1)
    renumbered: NDArray[np.int32] = new[labels]
    return renumbered


def large_enough(mask: Mask, grid: Grid, least: Size) -> bool:
    """Whether one component reaches the least volume, number of voxels and number of slices (G-11)."""
    n = int(np.count_nonzero(mask))
    if n < least.voxels or n * grid.voxel_volume_mm3 * ML_PER_MM3 < least.volume_ml:
        return False
    return n_slices(mask, grid) >= least.slices


def slice_axis(grid: Grid) -> int:
    """Array axis across the slices: the coarsest one; for equal spacing the one most along the body's length."""
    spacing = np.asarray(grid.spacing_mm)
    if spacing.max() > 1.01 * spacing.min():
        return int(np.argmax(spacing))
    return grid.axis_along((0.0, 0.0, 1.0))


def n_slices(mask: Mask, grid: Grid) -> int:
    """Number of slices (across `slice_axis`) that hold a voxel of the mask."""
    axis = slice_axis(grid)
    others = tuple(a for a in range(3) if a != axis)
    return int(np.count_nonzero(mask.any(axis=others)))


def cropped(mask: Mask) -> Mask:
    """The mask on its own bounding box (an empty one stays as it is)."""
    if not mask.any():
        return mask
    ends = []
    for axis in range(3):
        line = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        ends.append(slice(int(line[0]), int(line[-1]) + 1))
    box: Mask = mask[tuple(ends)]
    return box


def volume_interval_ml(mask: Mask, grid: Grid) -> tuple[float, float]:
    """Volume by counting, less and plus half the difference between the mask dilated and eroded by half a voxel.

    The surface is moved on the Euclidean distance map in voxel units: a voxel whose centre lies at distance d from the
    nearest voxel of the other side keeps (or gains) the fraction of it that the moved surface still covers,
    clip(d - 1/2, 0, 1) inside and clip(3/2 - d, 0, 1) outside (signs.md 0.9).
    """
    import edt

    mask = cropped(mask)
    padded = np.pad(mask, 2)
    inside = edt.edt(np.ascontiguousarray(padded), parallel=1)
    outside = edt.edt(np.ascontiguousarray(~padded), parallel=1)
    lost = float(np.sum(1.0 - np.clip(inside[padded] - 0.5, 0.0, 1.0)))
    gained = float(np.sum(np.clip(1.5 - outside[~padded], 0.0, 1.0)))
    voxel_ml = grid.voxel_volume_mm3 * ML_PER_MM3
    volume = float(np.count_nonzero(mask)) * voxel_ml
    half = 0.5 * (lost + gained) * voxel_ml
    return (max(0.0, volume - half), volume + half)


def diameters(mask: Mask, grid: Grid, superior: NDArray[np.float64]) -> Diameters:
    """Diameters of one component; one voxel is added to the distance between voxel centres along each direction.

    Parameters
    ----------
    mask
        Box of the component (its place in the grid does not matter).
    superior
        Unit vector in LPS of the vertebra's long axis.
    """
    axis = slice_axis(grid)
    index = np.argwhere(mask)
    points = index @ grid.affine_lps_mm[:3, :3].T
    longest, orthogonal = 0.0, 0.0
    for k in np.unique(index[:, axis]):
        a, b = _slice_diameters(points[index[:, axis] == k], grid, axis, floor_mm=longest)
        if a > longest:
            longest, orthogonal = a, b
    craniocaudal = float(np.ptp(points @ superior)) + _voxel_width_mm(grid, superior)
    return Diameters(longest_mm=longest, orthogonal_mm=orthogonal, craniocaudal_mm=craniocaudal)


def _slice_diameters(points: NDArray[np.float64], grid: Grid, axis: int, floor_mm: float) -> tuple[float, float]:
    """Longest diameter of a slice and the width across it; (0, 0) if it cannot exceed `floor_mm`."""
    u, v = (grid.axes[:, a] for a in range(3) if a != axis)
    flat = np.stack([points @ u, points @ v], axis=1)
    widest = float(np.hypot(*np.ptp(flat, axis=0))) + max(grid.spacing_mm)
    if widest <= floor_mm:
        return 0.0, 0.0
    rim = _hull(flat)
    apart = rim[:, None, :] - rim[None, :, :]
    squared = np.einsum("abk,abk->ab", apart, apart)
    far = np.unravel_index(int(np.argmax(squared)), squared.shape)
    length = float(np.sqrt(squared[far]))
    along = apart[far] / length if length > 0 else np.array([1.0, 0.0])
    across = np.array([-along[1], along[0]])
    width = float(np.ptp(rim @ across))
    step = np.array([d for a, d in enumerate(grid.spacing_mm) if a != axis])
    return length + float(np.hypot(*(along * step))), width + float(np.hypot(*(across * step)))


def _hull(flat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corner points of the convex hull; all points where they are too few or lie on a line."""
    if len(flat) < 4 or min(np.ptp(flat, axis=0)) < 1e-9:
        return flat
    from scipy.spatial import ConvexHull, QhullError

    try:
        corners: NDArray[np.float64] = flat[ConvexHull(flat).vertices]
    except QhullError:  # all points on one oblique line: the hull has no area, the points are few
        return flat
    return corners


def _voxel_width_mm(grid: Grid, direction: NDArray[np.float64]) -> float:
    """Root of the summed squared extents of one voxel along a unit direction, in mm."""
    return float(np.linalg.norm((grid.axes.T @ direction) * np.asarray(grid.spacing_mm)))
