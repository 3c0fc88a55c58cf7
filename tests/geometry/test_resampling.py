"""Masks between grids and sub-voxel samples of masks."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.geometry.resampling import SoftMask, local_extent, region_on_grid, voxel_along_mm
from spinemets.model.grid import Grid
from spinemets.model.region import Region


def ball(grid: Grid, centre: tuple[float, float, float], radius: float) -> Region:
    index = np.moveaxis(np.indices(grid.shape_ijk), 0, -1)
    inside = np.linalg.norm(grid.to_lps_mm(index) - centre, axis=-1) <= radius
    return Region.from_mask("ball", inside, grid, source="test")


def grid_of(spacing: tuple[float, float, float], shape=(40, 40, 40), origin=(0.0, 0.0, 0.0)) -> Grid:
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = origin
    return Grid(shape_ijk=shape, affine_lps_mm=affine)


def test_the_same_grid_gives_the_same_region():
    """The measured image is never resampled: on an equal grid the mask is passed on, voxel for voxel."""
    grid = grid_of((1.0, 1.0, 1.0))
    region = ball(grid, (20, 20, 20), 8)
    assert region_on_grid(region, grid) is region


def slow_nearest(region: Region, grid: Grid) -> np.ndarray:
    """Obvious reference: every voxel of the target asks for its nearest source voxel."""
    full = region.full_mask()
    out = np.zeros(grid.shape_ijk, bool)
    for index in np.ndindex(*grid.shape_ijk):
        source = np.floor(region.grid.to_ijk(grid.to_lps_mm(index)) + 0.5).astype(int)
        if (source >= 0).all() and (source < region.grid.shape_ijk).all():
            out[index] = full[tuple(source)]
    return out


@pytest.mark.parametrize("spacing", [(1.7, 1.3, 2.9), (0.9, 3.1, 1.1)])
def test_nearest_neighbour_equals_the_slow_way(spacing):
    source = grid_of((1.0, 1.0, 1.0), (24, 22, 20))
    region = ball(source, (12, 11, 10), 6)
    angle = np.radians(17.0)
    affine = np.diag([*spacing, 1.0])
    affine[:2, :2] = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * spacing[:2]
    affine[:3, 3] = [2.3, 0.7, 1.9]
    target = Grid(shape_ijk=(12, 10, 9), affine_lps_mm=affine)
    assert np.array_equal(region_on_grid(region, target).full_mask(), slow_nearest(region, target))


def test_volume_survives_a_finer_grid():
    region = ball(grid_of((2.0, 2.0, 2.0), (20, 20, 20)), (19, 19, 19), 12)
    moved = region_on_grid(region, grid_of((1.0, 1.0, 1.0)))
    assert moved.volume_mm3 == pytest.approx(region.volume_mm3, rel=0.05)
    assert np.allclose(moved.centroid_lps_mm, region.centroid_lps_mm, atol=0.6)


def test_no_overlap_gives_an_empty_region():
    region = ball(grid_of((1.0, 1.0, 1.0)), (20, 20, 20), 5)
    assert region_on_grid(region, grid_of((1.0, 1.0, 1.0), origin=(500.0, 0.0, 0.0))).n_voxels == 0


def test_an_empty_region_stays_empty():
    grid = grid_of((1.0, 1.0, 1.0))
    nothing = Region.from_mask("none", np.zeros(grid.shape_ijk, bool), grid)
    assert region_on_grid(nothing, grid_of((2.0, 2.0, 2.0))).n_voxels == 0


def test_flags_and_source_are_kept():
    grid = grid_of((1.0, 1.0, 1.0))
    plain = ball(grid, (20, 20, 20), 5)
    flagged = Region(
        name="ball", mask=plain.mask, start_ijk=plain.start_ijk, grid=grid, source="file", flags=("touched",)
    )
    moved = region_on_grid(flagged, grid_of((2.0, 2.0, 2.0), (20, 20, 20)))
    assert moved.flags == ("touched",)
    assert moved.source == "file"


@pytest.mark.parametrize(
    ("direction", "expected"), [((1, 0, 0), 1.0), ((0, 0, 1), 4.0), ((0, 0.6, 0.8), np.hypot(1.2, 3.2))]
)
def test_extent_of_a_voxel(direction, expected):
    """Along an array axis the spacing; obliquely the root of the summed squared extents."""
    assert voxel_along_mm(grid_of((1.0, 2.0, 4.0)), np.array(direction, float)) == pytest.approx(expected)


def test_soft_surface_lies_at_the_voxel_faces():
    grid = grid_of((1.0, 1.0, 1.0))
    mask = np.zeros(grid.shape_ijk, bool)
    mask[10:30, 10:30, 10:30] = True
    soft = SoftMask.of(Region.from_mask("box", mask, grid), 0.6)
    patch = soft.patch(np.array([19.5] * 3), np.eye(3), (np.full(3, -12.0), np.full(3, 12.0)), np.full(3, 0.5))
    line = patch.occupancy[24, 24]
    above = np.flatnonzero(line >= 0.5)
    positions = patch.along(2)
    assert positions[above[0]] == pytest.approx(-10.0, abs=0.5)
    assert positions[above[-1]] == pytest.approx(10.0, abs=0.5)


def test_patch_follows_its_axes():
    grid = grid_of((1.0, 1.0, 1.0))
    mask = np.zeros(grid.shape_ijk, bool)
    mask[5:35, 18:22, 18:22] = True
    soft = SoftMask.of(Region.from_mask("rod", mask, grid), 0.5)
    axes = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]).T
    patch = soft.patch(np.array([19.5] * 3), axes, (np.full(3, -16.0), np.full(3, 16.0)), np.full(3, 1.0))
    inside = patch.occupancy >= 0.5
    lengths = [int(inside.any(axis=tuple(b for b in range(3) if b != a)).sum()) for a in range(3)]
    assert int(np.argmax(lengths)) == 1


def test_gradient_points_into_the_solid():
    grid = grid_of((1.0, 1.0, 1.0))
    soft = SoftMask.of(ball(grid, (20, 20, 20), 10), 0.6)
    patch = soft.patch(np.array([20.0] * 3), np.eye(3), (np.full(3, -14.0), np.full(3, 14.0)), np.full(3, 1.0))
    assert patch.gradient[2][14, 14, 4] > 0
    assert patch.gradient[2][14, 14, 24] < 0


def test_local_extent_holds_every_voxel():
    grid = grid_of((1.0, 1.0, 2.0))
    region = ball(grid, (18, 21, 40), 9)
    origin, axes = region.centroid_lps_mm, np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    low, high = local_extent(region, origin, axes, 0.0)
    local = (grid.to_lps_mm(region.indices) - origin) @ axes
    assert np.allclose(low, local.min(axis=0))
    assert np.allclose(high, local.max(axis=0))
