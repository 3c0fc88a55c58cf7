"""`Picture`: one slice of a series, upright, with its pixel size and the plane it lies in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from spinemets.model.errors import SpinemetsError
from spinemets.model.grid import Grid
from spinemets.model.series import Series
from spinemets.series.picture.table import PictureTable

Plane = Literal["axial", "sagittal", "coronal"]
# Patient axis (0 left, 1 posterior, 2 superior) a plane's normal lies along, and the axis its rows follow each other along.
NORMAL: dict[int, Plane] = {0: "sagittal", 1: "coronal", 2: "axial"}
DOWN = {"sagittal": 2, "coronal": 2, "axial": 1}


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """Values (down, across): down = towards the feet in sagittal and coronal slices, towards the back in axial ones.

    Attributes
    ----------
    values
        Float32; across is either side (nothing here asks for left or right).
    spacing_mm
        Pixel size down and across.
    """

    values: NDArray[np.float32]
    spacing_mm: tuple[float, float]
    plane: Plane


def pictures(series: Series, table: PictureTable) -> tuple[Picture, ...]:
    """A few slices; none where the plane is oblique, the picture is tiny, or the pixels cannot be read."""
    grid = series.grid
    plane = None if grid is None else plane_of(grid, table.plane_angle_deg)
    if grid is None or plane is None or min(grid.shape_ijk[:2]) < table.side_min_px:
        return ()
    n = grid.shape_ijk[2]
    try:
        found = [_picture(_slice(series, k), grid, plane) for k in sorted({int(n * share) for share in table.slices})]
    except (SpinemetsError, IndexError):
        return ()  # what cannot be read is reported where it is read for measuring
    return tuple(p for p in found if p is not None)


def plane_of(grid: Grid, angle_deg: float) -> Plane | None:
    """Plane of the slices (k axis), None where it lies too far from all three."""
    along = np.abs(grid.axes[:, 2])
    axis = int(np.argmax(along))
    return NORMAL[axis] if along[axis] >= math.cos(math.radians(angle_deg)) else None


def _slice(series: Series, k: int) -> NDArray[Any]:
    """Values (i, j) of one slice, decoded alone where the reader can do that."""
    preview = getattr(series.load, "preview", None)
    if preview is not None:
        values: NDArray[Any] = preview(k)
        return values
    array = series.pixels().array
    return array[:, :, k] if array.ndim == 3 else array[:, :, k, 0]


def _picture(values: NDArray[Any], grid: Grid, plane: Plane) -> Picture | None:
    """Turn (i, j) so that the wanted patient axis runs down; colour and odd shapes give nothing."""
    if values.ndim != 2:
        return None
    down = DOWN[plane]
    i_down = abs(grid.axes[down, 0]) > abs(grid.axes[down, 1])
    upright = values if i_down else values.T
    spacing = grid.spacing_mm[:2] if i_down else grid.spacing_mm[1::-1]
    towards = grid.axes[down, 0 if i_down else 1]
    if (towards > 0) == (down == 2):  # rows run up the body or to the front: turn them
        upright = upright[::-1]
    return Picture(
        values=np.nan_to_num(np.asarray(upright, np.float32)), spacing_mm=(spacing[0], spacing[1]), plane=plane
    )


def coarser(picture: Picture, pixel_mm: float) -> Picture:
    """Block means of about `pixel_mm`: less noise, and the same work for every matrix."""
    n = max(1, round(pixel_mm / min(picture.spacing_mm)))
    rows, columns = (size // n for size in picture.values.shape)
    values = picture.values[: rows * n, : columns * n].reshape(rows, n, columns, n).mean(axis=(1, 3))
    down, across = picture.spacing_mm
    return Picture(values=values, spacing_mm=(down * n, across * n), plane=picture.plane)


def largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Largest connected part of a mask, all False where it is empty."""
    from scipy import ndimage

    labels, n = ndimage.label(mask)
    if n == 0:
        return np.zeros_like(mask)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    part: NDArray[np.bool_] = labels == int(np.argmax(sizes))
    return part
