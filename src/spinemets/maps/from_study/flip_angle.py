"""True flip angles of a series: the stated ones, scaled by a map of B1 where the user gives one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemets.maps.from_study.how import CannotMap, How
from spinemets.model.grid import Grid

NOT_SCALED = "no map of B1 was used: an error of the flip angle of 5 % is one of T1 of 10 %"
SCALED = "flip angles were scaled by the map of B1 that the user gave; voxels beyond it have none"


def scale_on(how: How, grid: Grid) -> NDArray[np.float32] | None:
    """True over nominal flip angle on a grid, straight between voxels, nan beyond the map; None where no map was given.

    Raises
    ------
    CannotMap
        If the map and the images have no place in common.
    """
    if how.b1 is None:
        return None
    if how.b1.grid == grid:
        return how.b1.values
    from scipy import ndimage  # lazy: heavy import

    index = how.b1.grid.inverse @ grid.affine_lps_mm
    found = ndimage.affine_transform(
        how.b1.values, index[:3, :3], index[:3, 3], output_shape=grid.shape_ijk, order=1, mode="constant", cval=np.nan
    )
    if not np.isfinite(found).any():
        raise CannotMap(
            "The map of B1 covers no voxel of these images.", "Give a map of the same patient space and region."
        )
    return np.asarray(found, np.float32)
