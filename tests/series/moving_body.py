"""A body of ellipsoids that can be scanned at any place in any contrast: motion with an exact truth."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from spinemets.model.acquisition import Acquisition
from spinemets.model.grid import Grid
from spinemets.model.series import Recognition, Series
from spinemets.model.volume import Volume

# Signal of air, outer tissue and four organs: no monotone relation between the two.
FIRST = np.array([0.0, 60.0, 20.0, 90.0, 45.0, 75.0])
SECOND = np.array([0.0, 25.0, 80.0, 40.0, 95.0, 10.0])


# The tissues are painted once on a lattice this fine, then looked up.
FINE_MM = 0.75
LOW = np.array([-70.0, -100.0, -110.0])


@cache
def painted(seed: int) -> np.ndarray:
    """Tissue (0 air, 1 to 5) on the fine lattice: an elliptic trunk with sixty ellipsoids in it."""
    rng = np.random.default_rng(seed)
    axes = [np.arange(low, -low, FINE_MM) for low in LOW]
    x, y, _ = np.meshgrid(*axes, indexing="ij", sparse=True)
    found = np.broadcast_to(((x / 90) ** 2 + (y / 75) ** 2 < 1), [len(a) for a in axes]).astype(np.int8)
    for centre, radius in zip(
        rng.uniform([-35, -60, -80], [35, 60, 80], (60, 3)), rng.uniform(6, 18, (60, 3)), strict=True
    ):
        near = [np.flatnonzero(np.abs(a - c) < r) for a, c, r in zip(axes, centre, radius, strict=True)]
        parts = [((a[n] - c) / r) ** 2 for a, n, c, r in zip(axes, near, centre, radius, strict=True)]
        inside = parts[0][:, None, None] + parts[1][:, None] + parts[2] < 1
        box = tuple(slice(n[0], n[-1] + 1) for n in near)
        found[box][inside] = rng.integers(2, 6)
    return found


def body(seed: int = 4) -> Callable[[np.ndarray], np.ndarray]:
    """Tissue at LPS points."""
    lattice = painted(seed)

    def tissue(points: np.ndarray) -> np.ndarray:
        index = np.clip(np.rint((points - LOW) / FINE_MM).astype(int), 0, np.array(lattice.shape) - 1)
        return lattice[index[..., 0], index[..., 1], index[..., 2]]

    return tissue


def turn(degrees: tuple[float, float, float]) -> np.ndarray:
    """Rotation about x, then y, then z."""
    result = np.eye(3)
    for axis, angle in enumerate(np.radians(degrees)):
        a, b = (axis + 1) % 3, (axis + 2) % 3
        one = np.eye(3)
        one[a, a] = one[b, b] = np.cos(angle)
        one[a, b], one[b, a] = -np.sin(angle), np.sin(angle)
        result = one @ result
    return result


def scan(
    tissue: Callable[[np.ndarray], np.ndarray],
    signal: np.ndarray,
    grid: Grid,
    *,
    shift_mm: tuple[float, float, float] = (0.0, 0.0, 0.0),
    rotation_deg: tuple[float, float, float] = (0.0, 0.0, 0.0),
    noise: float = 2.0,
) -> np.ndarray:
    """Slices of a body that moved: each voxel is the mean of four points through the slice, plus noise."""
    index = np.stack(np.meshgrid(*(np.arange(n) for n in grid.shape_ijk), indexing="ij"), axis=-1).astype(float)
    centre = grid.corners_lps_mm.mean(axis=0)
    back = turn(rotation_deg).T
    total = np.zeros(grid.shape_ijk)
    for offset in (-0.375, -0.125, 0.125, 0.375):
        points = grid.to_lps_mm(index + np.array([0, 0, offset]))
        total += signal[tissue((points - centre - np.array(shift_mm)) @ back.T + centre)]
    return total / 4 + np.random.default_rng(9).normal(0, noise, grid.shape_ijk)


def sagittal(frame: str | None = "1.9") -> Grid:
    """Sixteen sagittal slices 4 mm apart, 1.5 mm in the plane."""
    affine = np.eye(4)
    affine[:3, :3] = np.array([[0, 0, -4.0], [1.5, 0, 0], [0, -1.5, 0]])
    affine[:3, 3] = (30, -63, 79)
    return Grid(shape_ijk=(84, 106, 16), affine_lps_mm=affine, frame_of_reference_uid=frame)


def axial(frame: str | None = "1.9") -> Grid:
    """Axial slices 3 mm apart."""
    affine = np.diag([1.5, 1.5, 3.0, 1.0])
    affine[:3, 3] = (-50, -70, -60)
    return Grid(shape_ijk=(68, 94, 40), affine_lps_mm=affine, frame_of_reference_uid=frame)


def series_of(array: np.ndarray, grid: Grid, number: int, kind: str = "t1", **facts) -> Series:
    """A series that shows an array."""
    volume = Volume(array=array.astype(np.float32), grid=grid, quantity="mr_signal", unit="1")
    stated = {"modality": "MR", "tr_s": 0.5, "te_s": 0.01, **facts}
    return Series(
        uid=f"1.2.{number}", number=number, label=f"series {number}", acquisition=Acquisition(**stated), grid=grid,
        load=lambda: volume, recognition=Recognition(kind=kind, confidence=1.0),
    )  # fmt: skip
