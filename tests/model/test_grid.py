"""design 3: 'Grid: index -> voxel centre, LPS. Two grids meet only if equal, else GridMismatch names both'."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.model.errors import GridMismatch
from spinemets.model.grid import Grid


def rotation(rng: np.random.Generator) -> np.ndarray:
    q, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    return q if np.linalg.det(q) > 0 else -q


def oblique(seed: int) -> Grid:
    rng = np.random.default_rng(seed)
    affine = np.eye(4)
    affine[:3, :3] = rotation(rng) * rng.uniform(0.3, 5, 3)
    affine[:3, 3] = rng.uniform(-300, 300, 3)
    return Grid(shape_ijk=(7, 9, 11), affine_lps_mm=affine)


@given(st.integers(0, 10_000))
def test_index_to_world_and_back(seed: int) -> None:
    grid = oblique(seed)
    ijk = np.random.default_rng(seed).uniform(-5, 15, (20, 3))
    assert np.allclose(grid.to_ijk(grid.to_lps_mm(ijk)), ijk, atol=1e-8)


def test_voxel_centre_convention() -> None:
    affine = np.diag([2.0, 3.0, 4.0, 1.0])
    affine[:3, 3] = (10, 20, 30)
    grid = Grid(shape_ijk=(4, 4, 4), affine_lps_mm=affine)
    assert np.allclose(grid.to_lps_mm([0, 0, 0]), [10, 20, 30])
    assert np.allclose(grid.to_lps_mm([1, 1, 1]), [12, 23, 34])
    assert grid.spacing_mm == (2, 3, 4)
    assert grid.voxel_volume_mm3 == pytest.approx(24)


def test_crop_keeps_world_positions() -> None:
    grid = oblique(3)
    part = grid.crop((2, 3, 4), (3, 3, 3))
    assert np.allclose(part.to_lps_mm([1, 1, 1]), grid.to_lps_mm([3, 4, 5]))


def test_equality_has_a_tolerance_and_minds_the_frame() -> None:
    grid = oblique(1)
    moved = np.array(grid.affine_lps_mm)
    moved[0, 3] += 5e-3
    near = Grid(shape_ijk=grid.shape_ijk, affine_lps_mm=moved)
    moved = np.array(grid.affine_lps_mm)
    moved[0, 3] += 0.05
    far = Grid(shape_ijk=grid.shape_ijk, affine_lps_mm=moved)
    assert grid == near
    assert grid != far
    one, two = (Grid(shape_ijk=(2, 2, 2), affine_lps_mm=np.eye(4), frame_of_reference_uid=u) for u in ("1.2", "1.3"))
    assert one != two
    assert one == Grid(shape_ijk=(2, 2, 2), affine_lps_mm=np.eye(4))
    assert grid != "grid"


def test_mismatch_names_both_grids() -> None:
    with pytest.raises(GridMismatch, match=r"7 x 9 x 11 .* and 2 x 2 x 2"):
        oblique(1).require_same(Grid(shape_ijk=(2, 2, 2), affine_lps_mm=np.eye(4)), "region body")
    oblique(1).require_same(oblique(1), "same")


def test_affine_is_read_only_and_checked() -> None:
    grid = oblique(2)
    with pytest.raises(ValueError, match="read-only"):
        grid.affine_lps_mm[0, 0] = 1
    with pytest.raises(ValueError, match="singular"):
        Grid(shape_ijk=(2, 2, 2), affine_lps_mm=np.diag([1.0, 0, 1, 1]))
    with pytest.raises(ValueError, match="finite"):
        Grid(shape_ijk=(2, 2, 2), affine_lps_mm=np.full((4, 4), np.nan))


def test_axis_along_finds_the_nearest_array_axis() -> None:
    affine = np.eye(4)[:, [2, 0, 1, 3]]
    grid = Grid(shape_ijk=(5, 6, 7), affine_lps_mm=affine)
    assert [grid.axis_along(v) for v in ((1, 0, 0), (0, 1, 0), (0, 0, -1))] == [1, 2, 0]
    assert grid.axes.shape == (3, 3)
