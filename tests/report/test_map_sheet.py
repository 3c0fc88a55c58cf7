"""Picture of a map: sides and ends where they belong, scale, intervals left out."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from spinemets.model.acquisition import Acquisition
from spinemets.model.grid import Grid
from spinemets.model.parametric_map import MapResult, ParametricMap
from spinemets.model.series import Series
from spinemets.model.volume import Volume
from spinemets.report import map_sheet

AFFINE = np.array([[0.0, 0, 5, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
GRID = Grid(shape_ijk=(40, 60, 5), affine_lps_mm=AFFINE)


def made(array, sides_known=True):
    """A sagittal stack: i to the back, j to the head, k to the left."""
    volume = Volume(array=np.ones((40, 60, 5)), grid=GRID, quantity="mr_signal", unit="1")
    first = Series(
        uid="1",
        number=1,
        label="series 1",
        acquisition=Acquisition(),
        load=lambda: volume,
        grid=GRID,
        sides_known=sides_known,
    )
    maps = (
        ParametricMap(name="t1_s", title="T1", unit="s", array=array),
        ParametricMap(name="t1_s_ci95", title="Interval", unit="s", array=np.stack([array, array], -1)),
    )
    return MapResult(
        kind="t1", source="series 1", series_uids=("1",), number=1, grid=GRID, maps=maps, method="m"
    ), first


def test_the_head_is_up_and_the_back_to_the_right():
    array = np.zeros((40, 60, 5))
    array[30:, 45:] = 3.0
    picture = np.asarray(map_sheet.sheet(*made(array)).convert("L"), float)
    left = map_sheet.TILE_PX + 2 * map_sheet.GAP_PX
    tile = picture[map_sheet.GAP_PX : map_sheet.GAP_PX + map_sheet.TILE_PX, left : left + map_sheet.TILE_PX]
    half = map_sheet.TILE_PX // 2
    assert tile[30:140, half + 50 : half + 90].mean() > 100
    assert tile[half + 40 :, :].mean() < 20


def test_intervals_are_left_out():
    picture = map_sheet.sheet(*made(np.ones((40, 60, 5))))
    assert picture.width == 2 * (map_sheet.TILE_PX + map_sheet.GAP_PX) + map_sheet.GAP_PX


@pytest.mark.parametrize(
    "array",
    [np.full((40, 60, 5), np.nan), np.zeros((40, 60, 5)), -np.ones((40, 60, 5)), np.ones((40, 60, 5), np.uint8)],
)
def test_maps_without_contrast(array):
    assert map_sheet.sheet(*made(array)).height > map_sheet.TILE_PX


def test_a_hot_minority_does_not_set_the_scale():
    """An aorta of 18 /min would leave a tumour of 0.5 black."""
    tissue = np.random.default_rng(1).uniform(0, 0.6, 9_500)
    low, high = map_sheet.scale(np.append(tissue, np.full(500, 18.0)))
    assert low == 0.0 and 1.0 < high < 2.0
    assert map_sheet.scale(np.linspace(0, 1, 1001))[1] == pytest.approx(0.995, abs=0.01)


@pytest.mark.parametrize(
    ("values", "ends"),
    [([], (0, 1)), ([0.0] * 9, (0, 1)), ([-1.0] * 9, (-1, 0)), ([2.0] * 9, (0, 2)), ([0.0] * 95 + [1.0] * 5, (0, 1))],
)
def test_scales_of_little(values, ends):
    assert map_sheet.scale(np.array(values, float)) == pytest.approx(ends)


def test_unknown_sides_are_said(tmp_path):
    known, unknown = (map_sheet.sheet(*made(np.ones((40, 60, 5)), sides)) for sides in (True, False))
    assert np.asarray(known).tobytes() != np.asarray(unknown).tobytes()
    map_sheet.write_sheet(*made(np.ones((40, 60, 5))), tmp_path / "map.png")
    with Image.open(tmp_path / "map.png") as written:
        assert written.size == known.size
    assert [path.name for path in tmp_path.iterdir()] == ["map.png"]


@pytest.mark.parametrize(
    ("axes", "plane"),
    [((0, 1, 2), "axial"), ((1, 2, 0), "sagittal"), ((0, 2, 1), "coronal")],
)
def test_slices_as_they_were_acquired(axes, plane):
    """Across the axis of the largest voxels, whichever way the stack was planned."""
    affine = np.eye(4)
    affine[:3, :3] = np.diag([1.0, 1.0, 1.0])[:, list(axes)] * np.array([1.0, 1.0, 6.0])
    grid = Grid(shape_ijk=(20, 24, 5), affine_lps_mm=affine)
    one = ParametricMap(name="t1_s", title="T1", unit="s", array=np.ones((20, 24, 5)))
    result = MapResult(kind="t1", source="s", series_uids=("1",), number=1, grid=grid, maps=(one,), method="m")
    shown = map_sheet._middle(result, one)
    assert shown.plane == plane
    assert shown.values.size == 20 * 24


def test_words_say_what_it_is():
    result, _ = made(np.ones((40, 60, 5)))
    assert "Research use only" in map_sheet._words(result, True)
    assert map_sheet._words(result, False).endswith("Sides unknown.")
    assert result.source in map_sheet._words(result, True)


def test_a_volume_of_several_values():
    """Of an image with several values a voxel the first is shown."""
    array = np.ones((40, 60, 5))
    result, first = made(array)
    volume = Volume(array=np.ones((40, 60, 5, 3)), grid=GRID, quantity="mr_signal", unit="1")
    several = Series(uid="1", number=1, label="series 1", acquisition=Acquisition(), load=lambda: volume, grid=GRID)
    assert map_sheet.sheet(result, several).size == map_sheet.sheet(result, first).size
