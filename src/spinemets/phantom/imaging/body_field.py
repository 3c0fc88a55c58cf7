"""The field of a scan of the whole patient: as high as there are bones, centred on the trunk."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from spinemets.model.grid import Grid
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.imaging.acquisition import Acquisition
from spinemets.phantom.imaging.paint import paint
from spinemets.phantom.imaging.signals import CtContrast
from spinemets.phantom.shape.block import Block, Box

# Beyond the uppermost and lowest bone.
MARGIN_MM = 24.0
# The trunk is looked for in steps so long, so far to each side of the spine.
STEP_MM, REACH_MM = 12.0, 420.0
# Between air and any tissue but lung.
SKIN_HU = -400.0


def body_grid(anatomy: Anatomy, a: Acquisition, frame_uid: str | None) -> Grid:
    """Axial voxel grid over the whole patient; of a planar scan one slab from front to back, k upwards."""
    bottom, top = heights_mm(anatomy)
    x, y = _middle(anatomy, bottom, top)
    step = a.slice_mm + a.gap_mm
    n_k = a.n_slices or math.ceil((top - bottom) / step)
    n_i, n_j = (round(length / a.pixel_mm) for length in a.fov_mm)
    affine = np.diag([a.pixel_mm, a.pixel_mm, step, 1.0])
    affine[:3, 3] = (x - (n_i - 1) / 2 * a.pixel_mm, y - (n_j - 1) / 2 * a.pixel_mm, bottom + step / 2)
    if a.emission is not None and a.emission.planar:
        affine[1, 1], affine[1, 3], n_j = n_j * a.pixel_mm, y, 1
    return Grid(shape_ijk=(n_i, n_j, n_k), affine_lps_mm=affine, frame_of_reference_uid=frame_uid)


def heights_mm(anatomy: Anatomy) -> tuple[float, float]:
    """Lowest and highest z of the field: what all bones of the patient take, and a margin."""
    boxes: list[Box] = [anatomy.atlas.box, anatomy.sacrum.box, anatomy.sacrum.coccyx_box]
    boxes += [vertebra.box for vertebra in anatomy.vertebrae] + [bone.box for bone in anatomy.other_bone]
    return min(low[2] for low, _ in boxes) - MARGIN_MM, max(high[2] for _, high in boxes) + MARGIN_MM


def _middle(anatomy: Anatomy, bottom: float, top: float) -> NDArray[np.float64]:
    """Middle (x, y) of the outline of the body, seen along the spine."""
    centre = np.asarray(anatomy.frames["L3"].origin)[:2]
    n, n_z = 2 * round(REACH_MM / STEP_MM) + 1, max(2, round((top - bottom) / STEP_MM))
    affine = np.diag([STEP_MM, STEP_MM, (top - bottom) / n_z, 1.0])
    affine[:3, 3] = (centre[0] - REACH_MM, centre[1] - REACH_MM, bottom)
    block = Block(affine=affine, start=(0, 0, 0), shape=(n, n, n_z), reach_mm=STEP_MM)
    inside: NDArray[np.bool_] = np.any(np.asarray(paint(anatomy, block, CtContrast())[0]) > SKIN_HU, axis=2)
    return np.array(
        [
            centre[axis] - REACH_MM + STEP_MM * np.flatnonzero(inside.any(axis=1 - axis))[[0, -1]].mean()
            for axis in (0, 1)
        ]
    )
