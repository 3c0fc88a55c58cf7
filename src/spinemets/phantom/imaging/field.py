"""Where a series lies: over a region of the spine, along a disc, or as one station of several.

Which levels a region shows, and how far it reaches beyond them, is data (table `phantom_protocols`, block `regions`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.model.errors import UsageError
from spinemets.model.grid import Grid
from spinemets.phantom.anatomy.disc import Disc
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.imaging.acquisition import Acquisition
from spinemets.phantom.imaging.body_field import body_grid
from spinemets.phantom.imaging.planes import DIRECTIONS

# An axial picture is centred so far behind the bodies: the arch and the muscles of the back belong to it.
AXIAL_BEHIND_MM = 14.0
# Air behind the skin of the back in a sagittal picture.
AIR_MM = 8.0
SAGITTAL_SLICES = 17
# The region that is no part of the spine.
BODY = "body"


def grid_of(anatomy: Anatomy, acquisition: Acquisition, frame_uid: str | None) -> Grid:
    """Voxel grid of a series.

    Raises
    ------
    UsageError
        If it follows a disc that the patient does not have.
    """
    a = acquisition
    if a.region == BODY:
        return body_grid(anatomy, a, frame_uid)
    if a.disc:
        affine, n_slices = _along_disc(_disc(anatomy, a), a)
    elif a.plane == "axial":
        affine, n_slices = _axial(anatomy, a)
    else:
        affine, n_slices = _upright(anatomy, a)
    n_i, n_j = (round(length / a.pixel_mm) for length in a.fov_mm)
    return Grid(shape_ijk=(n_i, n_j, n_slices), affine_lps_mm=affine, frame_of_reference_uid=frame_uid)


def _region(a: Acquisition) -> dict[str, Any]:
    row: dict[str, Any] = table("phantom_protocols")["regions"][a.region]
    return row


def _heights(anatomy: Anatomy, a: Acquisition) -> tuple[float, float]:
    """Lowest and highest z that a region shows; of a station, its own share."""
    row, z_of = _region(a), anatomy.column.z_of
    return z_of[row["bottom"]["level"]] - row["bottom"]["below_mm"], z_of[row["top"]["level"]] + row["top"]["above_mm"]


def _station_below_mm(a: Acquisition, length_mm: float) -> float:
    """How far the top of a station lies below the top of the first."""
    return sum(length_mm - seam_mm for seam_mm in a.seams_mm[: a.station - 1]) if a.station else 0.0


def _seen(anatomy: Anatomy, a: Acquisition) -> NDArray[np.float64]:
    """Centres (n, 3) of the levels that a region is centred on."""
    names = _region(a)["centred_on"]
    return np.array([anatomy.frames[name].origin for name in names if name in anatomy.frames], np.float64)


def _axial(anatomy: Anatomy, a: Acquisition) -> tuple[NDArray[np.float64], int]:
    """Affine and slices of an axial stack, its pictures tilted about the left axis where the gantry is."""
    step = a.slice_mm + a.gap_mm
    bottom, top = _heights(anatomy, a)
    n_k = a.n_slices or math.ceil((top - bottom) / step)
    if a.station:
        bottom = top - _station_below_mm(a, n_k * step) - (n_k - 0.5) * step
    seen, half = _seen(anatomy, a), [(round(length / a.pixel_mm) - 1) / 2 * a.pixel_mm for length in a.fov_mm]
    middle = (seen[:, 1].min() + seen[:, 1].max()) / 2 + AXIAL_BEHIND_MM
    lean = np.radians(a.tilt_deg)
    down = np.array([0.0, np.cos(lean), np.sin(lean)])
    affine = np.diag([a.pixel_mm, a.pixel_mm, step, 1.0])
    affine[:3, 1] = a.pixel_mm * down
    affine[:3, 3] = (seen[:, 0].mean() - half[0], middle, bottom)
    affine[:3, 3] -= half[1] * down
    return affine, n_k


def _upright(anatomy: Anatomy, a: Acquisition) -> tuple[NDArray[np.float64], int]:
    """Affine and slices of a sagittal or coronal stack that hangs from the top of its region."""
    bottom, top = _heights(anatomy, a)
    high = top + _region(a)["upright_above_mm"]
    n_i, n_k = round(a.fov_mm[0] / a.pixel_mm), a.n_slices or SAGITTAL_SLICES
    step = a.slice_mm + a.gap_mm
    seen = _seen(anatomy, a)
    back = float(anatomy.column.back.at(np.arange(bottom, high)).max()) + AIR_MM
    affine = np.eye(4)
    for axis, (direction, side) in enumerate(zip(DIRECTIONS[a.plane], (a.pixel_mm, a.pixel_mm, step), strict=True)):
        affine[:3, axis] = side * np.array(direction, np.float64)
    x, high = seen[:, 0].mean(), high - _station_below_mm(a, a.fov_mm[1])
    if a.plane == "sagittal":
        affine[:3, 3] = (x + (n_k - 1) / 2 * step, back - (n_i - 1) * a.pixel_mm, high)
    else:
        affine[:3, 3] = (x - (n_i - 1) / 2 * a.pixel_mm, back - (n_k - 1) * step, high)
    return affine, n_k


def _disc(anatomy: Anatomy, a: Acquisition) -> Disc:
    found = next((disc for disc in anatomy.discs if disc.level == a.disc), None)
    if found is None:
        names = ", ".join(disc.level for disc in anatomy.discs)
        raise UsageError(f"{a.sequence}: the patient has no disc below {a.disc}.", f"Choose one of {names}.")
    return found


def _along_disc(disc: Disc, a: Acquisition) -> tuple[NDArray[np.float64], int]:
    """Affine and slices of an axial stack along a disc: its slices halve the angle between the endplates."""
    above, below = disc.upper_frame, disc.lower_frame
    up = above.superior + below.superior
    up /= np.linalg.norm(up)
    left = above.left + below.left
    left -= (left @ up) * up
    left /= np.linalg.norm(left)
    back = np.cross(up, left)
    middle = disc.centre_lps_mm + AXIAL_BEHIND_MM * back
    n_k, step = a.n_slices or 1, a.slice_mm + a.gap_mm
    half = [(round(length / a.pixel_mm) - 1) / 2 * a.pixel_mm for length in a.fov_mm]
    affine = np.eye(4)
    affine[:3, :3] = np.stack([left * a.pixel_mm, back * a.pixel_mm, up * step], axis=1)
    affine[:3, 3] = middle - half[0] * left - half[1] * back - (n_k - 1) / 2 * step * up
    return affine, n_k
