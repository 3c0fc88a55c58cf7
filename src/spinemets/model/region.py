"""`Region`: a boolean mask on its own bounding box; `Surface`: points of a wall with outward normals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.model.grid import Grid
from spinemets.model.volume import Volume


@dataclass(frozen=True, kw_only=True, eq=False)
class Region:
    """Voxels of one structure on one grid, stored on their bounding box only.

    Attributes
    ----------
    name
        Name of the structure (`body`, `pedicle_left`, `trabecular_core`, ...).
    mask
        Boolean, axes (i, j, k), the bounding box only. Read-only.
    start_ijk
        Index of the mask's first voxel in `grid`.
    grid
        The whole grid.
    source
        Where it comes from: file name of a label map, name of a segmenter, "drawn from body".
    flags
        Quality flags in words.
    """

    name: str
    mask: NDArray[np.bool_]
    start_ijk: tuple[int, int, int]
    grid: Grid
    source: str = ""
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.mask.dtype != np.bool_ or self.mask.ndim != 3:
            raise ValueError(f"region {self.name}: mask must be a 3-D boolean array")
        end = np.asarray(self.start_ijk) + self.mask.shape
        if np.any(np.asarray(self.start_ijk) < 0) or np.any(end > np.asarray(self.grid.shape_ijk)):
            raise ValueError(f"region {self.name}: bounding box {self.start_ijk}..{tuple(end)} leaves its grid")
        self.mask.setflags(write=False)
        object.__setattr__(self, "start_ijk", tuple(int(n) for n in self.start_ijk))

    @classmethod
    def from_mask(
        cls,
        name: str,
        mask: NDArray[np.bool_],
        grid: Grid,
        *,
        source: str = "",
        start_ijk: tuple[int, int, int] = (0, 0, 0),
    ) -> Region:
        """Crop a mask (whole grid, or a box of it that begins at `start_ijk`) to its own bounding box."""
        axes = [np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis))) for axis in range(3)]
        if any(len(a) == 0 for a in axes):
            return cls(name=name, mask=np.zeros((0, 0, 0), bool), start_ijk=(0, 0, 0), grid=grid, source=source)
        low = [int(a[0]) for a in axes]
        box = tuple(slice(int(a[0]), int(a[-1]) + 1) for a in axes)
        start = (start_ijk[0] + low[0], start_ijk[1] + low[1], start_ijk[2] + low[2])
        return cls(name=name, mask=np.array(mask[box]), start_ijk=start, grid=grid, source=source)

    @cached_property
    def n_voxels(self) -> int:
        """Number of voxels."""
        return int(np.count_nonzero(self.mask))

    @property
    def volume_mm3(self) -> float:
        """Volume by counting voxels."""
        return self.n_voxels * self.grid.voxel_volume_mm3

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """Index of the bounding box in an array on the whole grid."""
        i, j, k = (slice(s, s + n) for s, n in zip(self.start_ijk, self.mask.shape, strict=True))
        return (i, j, k)

    def values(self, volume: Volume) -> NDArray[Any]:
        """Values of `volume` inside the region, 1-D, padding left out.

        Raises
        ------
        GridMismatch
            If the volume lies on another grid.
        """
        self.grid.require_same(volume.grid, f"region {self.name}")
        inside = self.mask if volume.padding is None else self.mask & ~volume.padding[self.slices]
        values: NDArray[Any] = volume.array[self.slices][inside]
        return values

    @cached_property
    def indices(self) -> NDArray[np.intp]:
        """Voxel indices in the whole grid, (n, 3)."""
        indices: NDArray[np.intp] = np.argwhere(self.mask) + np.asarray(self.start_ijk)
        return indices

    @cached_property
    def centroid_lps_mm(self) -> NDArray[np.float64]:
        """Mean of the voxel centres, LPS mm; nan if empty."""
        if not self.n_voxels:
            return np.full(3, np.nan)
        return self.grid.to_lps_mm(self.indices.mean(axis=0))

    def full_mask(self) -> NDArray[np.bool_]:
        """Mask on the whole grid (for writing and pictures only: it costs memory)."""
        full = np.zeros(self.grid.shape_ijk, bool)
        full[self.slices] = self.mask
        return full

    def renamed(self, name: str) -> Region:
        """The same voxels under another name."""
        return replace(self, name=name)


@dataclass(frozen=True, kw_only=True, eq=False)
class Surface:
    """Points on a wall of bone with outward normals.

    Attributes
    ----------
    name
        Wall: `anterior`, `posterior`, `superior`, `inferior`, and one per side.
    points_lps_mm, normals
        (n, 3); normals are unit vectors that point out of the bone.
    areas_mm2
        (n,) area that each point stands for.
    uv_mm
        (n, 2) position on the wall in two of the vertebra's own axes, for patches and pictures.
    excluded
        (n,) True where the wall has a normal opening (basivertebral foramen).
    """

    name: str
    points_lps_mm: NDArray[np.float64]
    normals: NDArray[np.float64]
    areas_mm2: NDArray[np.float64]
    uv_mm: NDArray[np.float64]
    excluded: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class CortexProfile:
    """What rays across a wall met (CT-04).

    Attributes
    ----------
    surface
        The wall.
    peak_hu
        (n,) highest attenuation along each ray, an integrity index of a shell thinner than the resolution; nan where the
        ray leaves the image.
    second_peak
        (n,) True where another peak lies within 2 mm of the first.
    outside_hu
        (n,) median attenuation just outside the wall.
    """

    surface: Surface
    peak_hu: NDArray[np.float64]
    second_peak: NDArray[np.bool_]
    outside_hu: NDArray[np.float64]
