"""`Grid`: where the voxels of an array lie in the patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.model.errors import GridMismatch

# Two affines describe the same grid if no corner voxel moves by more than this.
SAME_POSITION_MM = 1e-2


@dataclass(frozen=True, kw_only=True, eq=False)
class Grid:
    """Index-to-patient mapping of an array with axes (i, j, k).

    Attributes
    ----------
    shape_ijk
        Number of voxels along each array axis.
    affine_lps_mm
        4 x 4 matrix from voxel index (voxel centre at integers) to DICOM patient LPS millimetres: +x patient left,
        +y posterior, +z superior. Read-only.
    frame_of_reference_uid
        DICOM frame of reference, None where the file states none (NIfTI).
    """

    shape_ijk: tuple[int, int, int]
    affine_lps_mm: NDArray[np.float64]
    frame_of_reference_uid: str | None = None

    def __post_init__(self) -> None:
        affine = np.array(self.affine_lps_mm, dtype=np.float64)
        if affine.shape != (4, 4) or not np.isfinite(affine).all():
            raise ValueError(f"affine must be a finite 4 x 4 matrix, got shape {affine.shape}")
        if abs(np.linalg.det(affine[:3, :3])) < 1e-12:
            raise ValueError("affine is singular: the voxel axes do not span space")
        affine.setflags(write=False)
        object.__setattr__(self, "affine_lps_mm", affine)
        object.__setattr__(self, "shape_ijk", tuple(int(n) for n in self.shape_ijk))

    @cached_property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance between neighbouring voxel centres along i, j, k."""
        lengths = np.linalg.norm(self.affine_lps_mm[:3, :3], axis=0)
        return (float(lengths[0]), float(lengths[1]), float(lengths[2]))

    @cached_property
    def axes(self) -> NDArray[np.float64]:
        """3 x 3, columns = unit vectors of the array axes in LPS."""
        return np.asarray(self.affine_lps_mm[:3, :3] / np.asarray(self.spacing_mm), dtype=np.float64)

    @cached_property
    def voxel_volume_mm3(self) -> float:
        """Volume of one voxel."""
        return float(abs(np.linalg.det(self.affine_lps_mm[:3, :3])))

    @cached_property
    def inverse(self) -> NDArray[np.float64]:
        """4 x 4, LPS mm -> voxel index."""
        return np.asarray(np.linalg.inv(self.affine_lps_mm), dtype=np.float64)

    def to_lps_mm(self, ijk: ArrayLike) -> NDArray[np.float64]:
        """Map voxel indices (..., 3) to LPS mm (..., 3)."""
        points: NDArray[np.float64] = (
            np.asarray(ijk, dtype=np.float64) @ self.affine_lps_mm[:3, :3].T + self.affine_lps_mm[:3, 3]
        )
        return points

    def to_ijk(self, lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Map LPS mm (..., 3) to fractional voxel indices (..., 3)."""
        ijk: NDArray[np.float64] = np.asarray(lps_mm, dtype=np.float64) @ self.inverse[:3, :3].T + self.inverse[:3, 3]
        return ijk

    def axis_along(self, direction_lps: ArrayLike) -> int:
        """Array axis (0, 1 or 2) most parallel to a direction in LPS."""
        return int(np.argmax(np.abs(self.axes.T @ np.asarray(direction_lps, dtype=np.float64))))

    def crop(self, start_ijk: Sequence[int], shape_ijk: Sequence[int]) -> Grid:
        """Grid of the sub-array that begins at `start_ijk`."""
        affine = np.array(self.affine_lps_mm)
        affine[:3, 3] = self.to_lps_mm(np.asarray(start_ijk))
        shape = (int(shape_ijk[0]), int(shape_ijk[1]), int(shape_ijk[2]))
        return Grid(shape_ijk=shape, affine_lps_mm=affine, frame_of_reference_uid=self.frame_of_reference_uid)

    @cached_property
    def corners_lps_mm(self) -> NDArray[np.float64]:
        """Centres of the eight corner voxels, (8, 3)."""
        last = np.asarray(self.shape_ijk) - 1
        index = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)]) * last
        return self.to_lps_mm(index)

    def same_frame(self, other: Grid) -> bool:
        """Whether both grids may be taken to lie in one patient space (unknown frames are not contradicted)."""
        mine, theirs = self.frame_of_reference_uid, other.frame_of_reference_uid
        return mine is None or theirs is None or mine == theirs

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Grid):
            return NotImplemented
        return (
            self.shape_ijk == other.shape_ijk
            and self.same_frame(other)
            and bool(np.abs(self.corners_lps_mm - other.corners_lps_mm).max() <= SAME_POSITION_MM)
        )

    __hash__ = None  # type: ignore[assignment]  # equality has a tolerance: no consistent hash exists

    def require_same(self, other: Grid, what: str) -> None:
        """Raise `GridMismatch` naming both grids unless they are equal."""
        if self != other:
            raise GridMismatch(f"{what}: grids differ: {self.describe()} and {other.describe()}.")

    def describe(self) -> str:
        """One line: shape, spacing and position of the first voxel."""
        shape = " x ".join(str(n) for n in self.shape_ijk)
        spacing = " x ".join(f"{d:.3g}" for d in self.spacing_mm)
        first = ", ".join(f"{v:.1f}" for v in self.affine_lps_mm[:3, 3])
        return f"{shape} voxels of {spacing} mm, first voxel at LPS ({first}) mm"
