"""Where the pictures of a volume lie: image plane attributes (PS3.3 C.7.6.2) from a grid.

Columns of a picture run along i, rows along j: pixel [r, c] of picture k is array[c, r, k].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinemets.exports.dicom.text import decimal
from spinemets.model.errors import UsageError
from spinemets.model.grid import Grid

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

# Directions that differ by less are the same: about 0.06 degrees, 0.1 mm over the widest stack.
SAME_DIRECTION = 1e-3
STEEPEST_TILT_DEG = 40.0


def check(grid: Grid, *, tilted: bool = False) -> None:
    """Refuse a grid whose pictures cannot be written as they are.

    Parameters
    ----------
    tilted
        Whether the stack may be sheared along the columns of its pictures, as a tilted gantry makes it.

    Raises
    ------
    UsageError
        If rows and columns are not at right angles, or slices do not follow rows x columns, straight or tilted.
    """
    i, j, k = grid.axes.T
    if abs(float(i @ j)) > SAME_DIRECTION:
        raise UsageError("Rows and columns of the grid are not at right angles.", "Resample the volume.")
    if float(np.cross(i, j) @ k) <= 0:
        raise UsageError("The grid is not right-handed: slices must follow rows x columns.", "Flip the k axis.")
    if abs(float(i @ k)) > SAME_DIRECTION or (abs(float(j @ k)) > SAME_DIRECTION and not tilted):
        raise UsageError(
            "The grid is sheared: its slices do not lie straight above each other.", "Resample the volume."
        )
    if abs(tilt_deg(grid)) > STEEPEST_TILT_DEG:
        raise UsageError(f"A gantry tilt of {tilt_deg(grid):.0f} degrees cannot be.", "Resample the volume.")


def tilt_deg(grid: Grid) -> float:
    """Angle between the stack and the normal of its pictures.

    It is positive where the stack leans to higher rows, which is the sign of Gantry/Detector Tilt for a supine patient
    whose head enters first: the top of the gantry then leans to the table's side.
    """
    return float(np.degrees(np.arcsin(np.clip(grid.axes[:, 1] @ grid.axes[:, 2], -1.0, 1.0))))


def orientation(grid: Grid) -> list[str]:
    """Image Orientation (Patient): direction of a row, then of a column."""
    return [decimal(v) for v in (*grid.axes[:, 0], *grid.axes[:, 1])]


def position(grid: Grid, k: int) -> list[str]:
    """Image Position (Patient): centre of the first pixel of picture k, LPS mm."""
    return [decimal(v) for v in grid.to_lps_mm((0.0, 0.0, float(k)))]


def pixel_spacing(grid: Grid) -> list[str]:
    """Pixel Spacing: distance between rows, then between columns [mm]."""
    return [decimal(grid.spacing_mm[1]), decimal(grid.spacing_mm[0])]


def step_mm(grid: Grid) -> float:
    """Distance between neighbouring pictures along their normal."""
    normal = np.cross(grid.axes[:, 0], grid.axes[:, 1])
    return float(normal @ grid.affine_lps_mm[:3, 2])


def plane(d: Dataset, grid: Grid, thickness_mm: float) -> None:
    """What all pictures of a stack have alike."""
    d.PixelSpacing, d.ImageOrientationPatient = pixel_spacing(grid), orientation(grid)
    d.SliceThickness = decimal(thickness_mm)


def place(d: Dataset, grid: Grid, k: int) -> None:
    """Position of picture k; Slice Location follows the normal, so readers that sort by it get the same order."""
    d.ImagePositionPatient = position(grid, k)
    normal = np.cross(grid.axes[:, 0], grid.axes[:, 1])
    d.SliceLocation = decimal(round(float(grid.to_lps_mm((0.0, 0.0, float(k))) @ normal), 9))
