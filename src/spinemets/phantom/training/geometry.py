"""Where a sample lies in a patient's field, and the grid that its image is acquired on before the network's (PHA-90, 93)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from spinemets.phantom.training.field import Field
from spinemets.phantom.training.recipe import Draw, Recipe, between, chosen, happens, log_between

Numbers = NDArray[np.float64]
# Grid axes of each kind as columns in LPS: slabs to the left, down, back; volumes to the left, back, up.
AXES = {
    "slab": np.array([[1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]]),
    "volume": np.eye(3),
}
# Direction of the slices of each plane in LPS.
NORMAL = {"sagittal": 0, "coronal": 1, "axial": 2}


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """The network's grid in a patient.

    Attributes
    ----------
    affine
        4 x 4, voxel to LPS mm in the patient; a patient drawn larger has smaller voxels in it.
    """

    shape: tuple[int, int, int]
    affine: Numbers
    spacing_mm: tuple[float, float, float]

    def pose(self, field: Field) -> NDArray[np.float32]:
        """(3, 4), voxel to index in the field."""
        inverse = np.linalg.inv(field.affine)
        return np.ascontiguousarray((inverse @ self.affine)[:3], np.float32)


@dataclass(frozen=True, kw_only=True, eq=False)
class Scan:
    """The grid that an image is acquired on: along the axes of the network's, with voxels of its own.

    Attributes
    ----------
    shape, step
        Number of voxels, and their distance in voxels of the network's grid.
    first
        Place of the first voxel in the network's grid.
    width
        Side of a voxel over the step: below 1 where there are gaps.
    slice_axis
        Axis of the grid across the slices.
    """

    shape: tuple[int, int, int]
    step: Numbers
    first: Numbers
    width: Numbers
    slice_axis: int
    plane: str
    slice_mm: float

    def affine(self, view: View) -> Numbers:
        """4 x 4, its voxels to LPS mm."""
        own = np.diag([*self.step, 1.0])
        own[:3, 3] = self.first
        moved: Numbers = view.affine @ own
        return moved

    def places(self, view: View) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Where the voxels of the network's grid lie along each axis of this one."""
        x, y, z = (
            ((np.arange(n) - first) / step).astype(np.float32)
            for n, first, step in zip(view.shape, self.first, self.step, strict=True)
        )
        return x, y, z

    @property
    def as_view(self) -> bool:
        """Whether it is the network's grid itself."""
        return bool((self.step == 1.0).all() and (self.first == 0.0).all())


def view_of(recipe: Recipe, field: Field, draw: Draw) -> View:
    """A grid about the middle of the field: shifted, turned, the patient a little larger or smaller."""
    row, grid = recipe["pose"], recipe.grid
    shape, spacing = np.array(grid["shape"]), np.array(grid["spacing_mm"])
    low, high = row["turn_deg"]
    angles = np.radians(np.clip(draw.normal((low + high) / 2, (high - low) / 4, 3), low, high))
    stretch = np.array([between(draw, row["size"]) for _ in range(3)])
    axes = np.diag(1 / stretch) @ rotation(angles) @ AXES[recipe.kind] @ np.diag(spacing)
    shift = row["astray_mm"] if happens(draw, row["astray"]) else row["shift_mm"]
    centre = field.middle + draw.uniform(-1.0, 1.0, 3) * shift[recipe.kind]
    # What the field does not hold would be cut off: the middle moves so that the corners come as near as they can.
    reach = np.abs(axes) @ (shape / 2)
    size = np.diag(field.affine)[:3] * field.tissues.shape
    start = field.affine[:3, 3]
    least, most = start + reach, start + size - reach
    centre = np.where(least <= most, np.clip(centre, least, most), (least + most) / 2)
    affine = np.eye(4)
    affine[:3, :3] = axes
    affine[:3, 3] = centre - axes @ ((shape - 1) / 2)
    n_i, n_j, n_k = shape.tolist()
    return View(shape=(n_i, n_j, n_k), affine=affine, spacing_mm=(spacing[0], spacing[1], spacing[2]))


def rotation(angles: Numbers) -> Numbers:
    """Turn about x, then y, then z, in radians."""
    (a, b, c), (s, t, u) = np.cos(angles), np.sin(angles)
    about_x = np.array([[1, 0, 0], [0, a, -s], [0, s, a]])
    about_y = np.array([[b, 0, t], [0, 1, 0], [-t, 0, b]])
    about_z = np.array([[c, -u, 0], [u, c, 0], [0, 0, 1]])
    turned: Numbers = about_z @ about_y @ about_x
    return turned


def scan_of(recipe: Recipe, view: View, draw: Draw) -> Scan:
    """Acquired grid: slices in one of three planes, with gaps; pixels finer than the network's are averaged by it."""
    row = recipe["resolution"]
    plane = chosen(draw, recipe.grid["planes"])
    axis = int(np.argmax(np.abs(AXES[recipe.kind][NORMAL[plane]])))
    coarse = row["coarse"]
    pixel = log_between(draw, coarse["pixel_mm"] if happens(draw, coarse["share"]) else row["pixel_mm"])
    slice_mm = between(draw, row["slice_mm"][recipe.kind])
    gap = between(draw, row["gap"]) if happens(draw, 0.5) else 0.0
    spacing = np.array(view.spacing_mm)
    own = np.full(3, pixel)
    own[axis] = slice_mm
    apart = own.copy()
    apart[axis] *= 1.0 + gap
    # The network's grid samples what is finer than itself; the mean over a part of its voxel is what resampling leaves.
    finer = apart <= spacing
    step = np.where(finer, 1.0, apart / spacing)
    width = np.where(finer, draw.uniform(np.minimum(own / spacing, 1.0), 1.0), own / apart)
    shape, first = np.array(view.shape), np.zeros(3)
    for a in np.flatnonzero(~finer):
        number = math.ceil((shape[a] - 1) / step[a]) + 2
        first[a] = ((shape[a] - 1) - (number - 1) * step[a]) / 2 + draw.uniform(-0.5, 0.5) * min(step[a], 1.0)
        shape[a] = number
    n_i, n_j, n_k = shape.tolist()
    return Scan(
        shape=(n_i, n_j, n_k), step=step, first=first, width=width, slice_axis=axis, plane=plane, slice_mm=slice_mm
    )


def offsets(scan: Scan, view: View, apart_mm: float) -> NDArray[np.float32]:
    """(n, 3): sub-samples of a voxel against its middle, in voxels, no further apart than that."""
    length = scan.width * scan.step * np.array(view.spacing_mm)
    numbers = tuple(max(1, math.ceil(n / apart_mm)) for n in length.tolist())
    return np.asarray(_lattice(numbers) * scan.width, np.float32)


@lru_cache(maxsize=64)
def _lattice(numbers: tuple[int, ...]) -> Numbers:
    """Middles of equal parts of a voxel."""
    axes = [(np.arange(n) + 0.5) / n - 0.5 for n in numbers]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
