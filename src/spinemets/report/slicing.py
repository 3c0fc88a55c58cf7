"""Slices of a volume in display orientation, whatever the order and direction of its array axes.

A volume is first looked at with its axes sorted and flipped (a view, no copy) so that they run most nearly towards the
patient's left, back and head. All further steps happen in that one orientation, so an array stored in another order
gives the same picture. Slices are planes of voxels: nothing is resampled before the picture is scaled for display.

Display convention: axial seen from the feet, the patient's right at the left edge; sagittal facing left; coronal facing
the reader. Rows run downwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.catalogue import table
from spinemets.model.grid import Grid
from spinemets.model.region import Region
from spinemets.model.volume import Volume

# Canonical axis that is cut, the one that runs to the right on the screen, the one that runs down, and its direction:
# canonical axes are 0 = towards left, 1 = towards the back, 2 = towards the head.
PLANES: dict[str, tuple[int, int, int, int]] = {
    "axial": (2, 0, 1, 1),
    "sagittal": (0, 1, 2, -1),
    "coronal": (1, 0, 2, -1),
}
LETTERS = (("L", "R"), ("P", "A"), ("S", "I"))


@dataclass(frozen=True, kw_only=True, eq=False)
class Turned:
    """How to look at an array: canonical axis c is array axis `order[c]`, reversed where `flipped[c]`."""

    order: tuple[int, int, int]
    flipped: tuple[bool, bool, bool]
    grid: Grid

    @classmethod
    def of(cls, grid: Grid) -> Turned:
        """Canonical view of a grid: the assignment of array axes to left, back, head with the greatest total cosine."""
        cosines = grid.axes  # row = patient axis, column = array axis
        order = max(permutations(range(3)), key=lambda p: round(sum(abs(cosines[c, p[c]]) for c in range(3)), 9))
        flipped = [bool(cosines[c, order[c]] < 0) for c in range(3)]
        shape = [grid.shape_ijk[a] for a in order]
        start = np.zeros(3)
        for c in range(3):
            start[order[c]] = shape[c] - 1 if flipped[c] else 0
        affine = np.eye(4)
        for c in range(3):
            affine[:3, c] = grid.affine_lps_mm[:3, order[c]] * (-1 if flipped[c] else 1)
        affine[:3, 3] = grid.to_lps_mm(start)
        turned = Grid(
            shape_ijk=(shape[0], shape[1], shape[2]),
            affine_lps_mm=affine,
            frame_of_reference_uid=grid.frame_of_reference_uid,
        )
        return cls(order=(order[0], order[1], order[2]), flipped=(flipped[0], flipped[1], flipped[2]), grid=turned)

    def view(self, array: NDArray[Any]) -> NDArray[Any]:
        """The array with canonical axes (a view)."""
        first = array if array.ndim == 3 else array[..., 0]
        return first.transpose(self.order)[tuple(slice(None, None, -1 if f else None) for f in self.flipped)]

    def region(self, region: Region) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
        """Mask of a region in canonical axes on its own box, and the canonical index of the box's first voxel."""
        mask = self.view(region.mask)
        start = np.zeros(3, dtype=np.intp)
        for c, axis in enumerate(self.order):
            low = region.start_ijk[axis]
            size = region.mask.shape[axis]
            start[c] = self.grid.shape_ijk[c] - low - size if self.flipped[c] else low
        return mask, start

    def array_index(self, canonical_axis: int, index: int) -> tuple[int, int]:
        """(array axis, index along it) of a canonical slice, so that the slice can be found in the file."""
        axis = self.order[canonical_axis]
        n = self.grid.shape_ijk[canonical_axis]
        return axis, n - 1 - index if self.flipped[canonical_axis] else index


@dataclass(frozen=True, kw_only=True, eq=False)
class Slice:
    """A cropped plane of voxels ready for display.

    Attributes
    ----------
    values
        (rows, columns): down and right on the screen.
    spacing_mm
        Of rows and columns.
    first
        Canonical (row axis, column axis) index of the top left pixel.
    index, array_axis, array_index
        Canonical index of the plane; axis and index in the stored array.
    position_lps_mm
        Patient position of the middle of the crop.
    letters
        Patient direction at the left, right, top and bottom edge.
    """

    values: NDArray[Any]
    spacing_mm: tuple[float, float]
    plane: str
    first: tuple[int, int]
    index: int
    array_axis: int
    array_index: int
    position_lps_mm: tuple[float, float, float]
    letters: tuple[str, str, str, str]


def cut(
    volume: Volume, turned: Turned, plane: str, at: tuple[float, float, float], size_mm: tuple[float, float]
) -> Slice:
    """Plane of voxels nearest to a point, cropped around it.

    Parameters
    ----------
    volume
        The image; a fourth axis is shown at its first index.
    turned
        Canonical view of its grid.
    plane
        `axial`, `sagittal` or `coronal`: the array planes nearest to it.
    at
        LPS mm; a point outside is moved to the border.
    size_mm
        Width and height of the crop; it ends where the image ends.
    """
    normal, across, down, direction = PLANES[plane]
    grid = turned.grid
    centre = np.clip(np.floor(grid.to_ijk(at) + 0.5).astype(int), 0, np.asarray(grid.shape_ijk) - 1)
    columns = _range(int(centre[across]), size_mm[0] / grid.spacing_mm[across], grid.shape_ijk[across])
    rows = _range(int(centre[down]), size_mm[1] / grid.spacing_mm[down], grid.shape_ijk[down])
    index: list[Any] = [slice(None)] * 3
    index[normal], index[across], index[down] = int(centre[normal]), slice(*columns), slice(*rows)
    values = turned.view(volume.array)[tuple(index)]
    # The axes left over are (across, down) in that order for every plane.
    values = values.T
    if direction < 0:
        values = values[::-1]
    middle = np.array(centre, dtype=float)
    middle[across], middle[down] = (columns[0] + columns[1] - 1) / 2, (rows[0] + rows[1] - 1) / 2
    x, y, z = (float(v) for v in grid.to_lps_mm(middle))
    axis, array_index = turned.array_index(normal, int(centre[normal]))
    return Slice(
        values=np.asarray(values),
        spacing_mm=(grid.spacing_mm[down], grid.spacing_mm[across]),
        plane=plane,
        first=(rows[0] if direction > 0 else rows[1] - 1, columns[0]),
        index=int(centre[normal]),
        array_axis=axis,
        array_index=array_index,
        position_lps_mm=(x, y, z),
        letters=_letters(grid, plane),
    )


def mask_on(shown: Slice, region: Region, turned: Turned) -> NDArray[np.bool_]:
    """Mask of a region on the pixels of a slice; the region lies on the grid of the volume that was cut."""
    normal, across, down, direction = PLANES[shown.plane]
    mask, start = turned.region(region)
    picture: NDArray[np.bool_] = np.zeros(shown.values.shape, bool)
    depth = shown.index - int(start[normal])
    if not region.n_voxels or not 0 <= depth < mask.shape[normal]:
        return picture
    flat: NDArray[np.bool_] = np.take(mask, depth, axis=normal).T
    rows = direction * (np.arange(flat.shape[0]) + int(start[down]) - shown.first[0])
    columns = np.arange(flat.shape[1]) + int(start[across]) - shown.first[1]
    row_ok = (rows >= 0) & (rows < picture.shape[0])
    column_ok = (columns >= 0) & (columns < picture.shape[1])
    picture[np.ix_(rows[row_ok], columns[column_ok])] = flat[np.ix_(row_ok, column_ok)]
    return picture


def fullest(region: Region, turned: Turned, plane: str) -> tuple[float, float, float]:
    """LPS point in the plane that holds most of a region, in the middle of what it holds there."""
    normal = PLANES[plane][0]
    mask, start = turned.region(region)
    counts = mask.sum(axis=tuple(a for a in range(3) if a != normal))
    # Of equally full planes the one in the middle, so that a thick lesion is not shown at its edge.
    best = np.flatnonzero(counts == counts.max())
    depth = int(best[(len(best) - 1) // 2])
    inside = np.argwhere(np.take(mask, depth, axis=normal)).mean(axis=0)
    index = np.insert(inside, normal, depth) + start
    x, y, z = (float(v) for v in turned.grid.to_lps_mm(index))
    return (x, y, z)


def _range(centre: int, n: float, size: int) -> tuple[int, int]:
    """First and one past the last of about n voxels (an odd number) centred on one, kept inside the image."""
    half = max(0, int(np.floor((n - 1) / 2 + 0.5)))
    return max(0, centre - half), min(size, centre + half + 1)


def _letters(grid: Grid, plane: str) -> tuple[str, str, str, str]:
    """Directions at the left, right, top and bottom edge; a leaning axis gets a second letter."""
    _, across, down, direction = PLANES[plane]
    rightwards = grid.axes[:, across]
    downwards = direction * grid.axes[:, down]
    return (_towards(-rightwards), _towards(rightwards), _towards(-downwards), _towards(downwards))


def _towards(vector: NDArray[np.float64]) -> str:
    """Letters of a direction, strongest first; the second only above the limit in `tables/windows.yaml`."""
    limit = table("windows")["pictures"]["oblique_share"]["value"]
    ranked = sorted(range(3), key=lambda c: -round(abs(float(vector[c])), 6))[:2]
    shown = [c for n, c in enumerate(ranked) if n == 0 or abs(float(vector[c])) > limit]
    return "".join(LETTERS[c][0] if vector[c] > 0 else LETTERS[c][1] for c in shown)
