"""Arrays between grids: an upright copy of a series for a method, and its labels back.

Linear for images. Labels take the nearest voxel: a label is a name, and names have no mean. Interpolated scores would give
smoother borders, but hold one array per class at the size of the image.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.model.grid import Grid

# Unit vectors in LPS of the letters of an orientation code: the axis runs towards that side.
TOWARDS = {"L": (0, 1), "R": (0, -1), "P": (1, 1), "A": (1, -1), "S": (2, 1), "I": (2, -1)}


def is_orientation(code: str) -> bool:
    """Whether a code such as `LPS` or `PIR` names each of the patient's three axes once."""
    return len(code) == 3 and {TOWARDS[c][0] for c in code if c in TOWARDS} == {0, 1, 2}


def aligned(grid: Grid, spacing_mm: tuple[float, float, float], code: str = "LPS") -> Grid:
    """Grid along the patient's axes that covers all voxel centres of another grid.

    Parameters
    ----------
    grid
        Grid to be covered.
    spacing_mm
        Voxel distances along the new axes.
    code
        Side that each new axis runs towards.
    """
    axes = np.zeros((3, 3))
    for axis, letter in enumerate(code):
        direction, sign = TOWARDS[letter]
        axes[direction, axis] = sign
    local = grid.corners_lps_mm @ axes
    low, high = local.min(axis=0), local.max(axis=0)
    shape = np.ceil((high - low) / np.asarray(spacing_mm) - 1e-6).astype(int) + 1
    affine = np.eye(4)
    affine[:3, :3] = axes * np.asarray(spacing_mm)
    affine[:3, 3] = axes @ low
    return Grid(
        shape_ijk=(int(shape[0]), int(shape[1]), int(shape[2])),
        affine_lps_mm=affine,
        frame_of_reference_uid=grid.frame_of_reference_uid,
    )


def image_on(array: NDArray[Any], grid: Grid, target: Grid, outside: float) -> NDArray[np.float32]:
    """Image values at the voxels of another grid, linear between voxels; `outside` beyond the image."""
    return _sampled(array, grid, target, (1, outside, np.dtype(np.float32)))


def labels_on(array: NDArray[Any], grid: Grid, target: Grid) -> NDArray[Any]:
    """Labels at the voxels of another grid, each from the nearest voxel; 0 beyond."""
    return _sampled(array, grid, target, (0, 0.0, array.dtype))


def _sampled(array: NDArray[Any], grid: Grid, target: Grid, how: tuple[int, float, np.dtype[Any]]) -> NDArray[Any]:
    from scipy.ndimage import affine_transform

    order, outside, dtype = how
    matrix = grid.inverse[:3, :3] @ target.affine_lps_mm[:3, :3]
    offset = grid.to_ijk(target.affine_lps_mm[:3, 3])
    sampled: NDArray[Any] = affine_transform(
        array, matrix, offset, output_shape=target.shape_ijk, order=order, cval=outside, output=dtype, prefilter=False
    )
    return sampled
