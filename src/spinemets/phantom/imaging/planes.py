"""Grids of one slice through a point, for pictures of a patient."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from spinemets.model.grid import Grid

Plane = Literal["sagittal", "coronal", "axial"]
# Directions of the pixels and of the slice, LPS: as a reader sees them, the patient's right or front on the left of the picture.
DIRECTIONS: dict[str, tuple[tuple[float, float, float], ...]] = {
    "sagittal": ((0, 1, 0), (0, 0, -1), (-1, 0, 0)),
    "coronal": ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
    "axial": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
}


def one_slice(
    plane: Plane, centre_lps_mm: ArrayLike, size_mm: tuple[float, float], pixel_mm: float, slice_mm: float
) -> Grid:
    """Grid of one slice centred on a point.

    Parameters
    ----------
    size_mm
        Width and height of the picture.

    Returns
    -------
    Grid
        (columns, rows, 1).
    """
    across, down, through = (np.array(d, np.float64) for d in DIRECTIONS[plane])
    shape = (round(size_mm[0] / pixel_mm), round(size_mm[1] / pixel_mm), 1)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = across * pixel_mm, down * pixel_mm, through * slice_mm
    corner = across * (shape[0] - 1) / 2 * pixel_mm + down * (shape[1] - 1) / 2 * pixel_mm
    affine[:3, 3] = np.asarray(centre_lps_mm, np.float64) - corner
    return Grid(shape_ijk=shape, affine_lps_mm=affine)
