"""Slices for the check: few, upright, decoded alone, and never a reason to fail."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from spinemets.knowledge import catalogue
from spinemets.model.errors import CatalogueError, UnreadableInput
from spinemets.model.grid import Grid
from spinemets.series.picture.slices import Picture, coarser, largest, pictures, plane_of
from spinemets.series.picture.table import picture_table

TABLE = picture_table()


def grid(i, j, shape=(80, 90, 10), spacing=(1.0, 1.0, 4.0)) -> Grid:
    """Grid whose i and j axes point along the given LPS directions."""
    axes = np.column_stack([i, j, np.cross(i, j)]).astype(float)
    affine = np.eye(4)
    affine[:3, :3] = axes * spacing
    return Grid(shape_ijk=shape, affine_lps_mm=affine)


BACK, DOWN, LEFT = (0, 1, 0), (0, 0, -1), (1, 0, 0)


@pytest.mark.parametrize(
    ("i", "j", "plane"),
    [(LEFT, BACK, "axial"), (BACK, DOWN, "sagittal"), (LEFT, DOWN, "coronal"), (DOWN, BACK, "sagittal")],
)
def test_planes(i, j, plane):
    """The plane is that of the slices, whichever way round their rows are."""
    assert plane_of(grid(i, j), TABLE.plane_angle_deg) == plane


def test_oblique_slices_have_no_plane():
    """45 degrees between two planes: neither."""
    tilted = (0, np.sqrt(0.5), np.sqrt(0.5))
    assert plane_of(grid(LEFT, tilted), TABLE.plane_angle_deg) is None


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("flipped", [False, True])
def test_rows_run_towards_the_feet(make_series, turned, flipped):
    """A mark at the head end of a sagittal volume lies in the first rows, however the array is laid out."""
    down = (0, 0, 1) if flipped else DOWN
    where = grid(down, BACK) if turned else grid(BACK, down)
    array = np.zeros(where.shape_ijk, np.float32)
    head = slice(-10, None) if flipped else slice(0, 10)
    if turned:
        array[head] = 1
    else:
        array[:, head] = 1
    series = make_series(array)
    volume = replace(series.load(), grid=where)
    found = pictures(replace(series, grid=where, load=lambda: volume), TABLE)
    assert len(found) == len(TABLE.slices)
    for picture in found:
        assert picture.plane == "sagittal"
        assert picture.values[:10].all() and not picture.values[10:].any()


def test_only_wanted_slices_are_decoded(make_series):
    """Where the reader can decode one image alone, nothing else is decoded."""
    where, asked = grid(LEFT, BACK), []

    class Load:
        def __call__(self):
            raise AssertionError("the whole volume was decoded")

        def preview(self, k):
            asked.append(k)
            return np.zeros((80, 90), np.int16)

    series = replace(make_series(modality="CT"), grid=where, load=Load())
    assert len(pictures(series, TABLE)) == 3 and asked == [3, 5, 7]


def test_what_cannot_be_seen_gives_no_picture(make_series):
    """No grid, tiny pictures, colour, and pixels that cannot be read: nothing, and no error."""

    class Broken:
        def preview(self, k):
            raise UnreadableInput("cannot be decoded")

    class Colour:
        def preview(self, k):
            return np.zeros((80, 90, 3), np.uint8)

    plain = make_series(modality="CT")
    assert pictures(plain, TABLE) == ()
    assert pictures(replace(plain, grid=grid(LEFT, BACK, (20, 20, 5)), load=Broken()), TABLE) == ()
    assert pictures(replace(plain, grid=grid(LEFT, BACK), load=Broken()), TABLE) == ()
    assert pictures(replace(plain, grid=grid(LEFT, BACK), load=Colour()), TABLE) == ()


def test_coarser_keeps_the_mean_and_the_size():
    """Block means: the same extent in mm, the same mean."""
    values = np.random.default_rng(0).normal(size=(120, 90)).astype(np.float32)
    small = coarser(Picture(values=values, spacing_mm=(0.5, 0.5), plane="axial"), 1.5)
    assert small.values.shape == (40, 30) and small.spacing_mm == (1.5, 1.5)
    assert small.values.mean() == pytest.approx(values.mean(), abs=1e-6)


def test_largest_part():
    """The larger of two islands; nothing of nothing."""
    mask = np.zeros((10, 10), bool)
    mask[0, 0], mask[5:8, 5:8] = True, True
    assert largest(mask).sum() == 9 and not largest(np.zeros((4, 4), bool)).any()


def test_a_broken_table_does_not_load(monkeypatch):
    """An unknown figure is an error of the product."""
    broken = {**catalogue.table("picture_check"), "colour": 1}
    monkeypatch.setattr(catalogue, "table", lambda name: broken)
    picture_table.cache_clear()
    try:
        with pytest.raises(CatalogueError, match="picture_check"):
            picture_table()
    finally:
        picture_table.cache_clear()


def test_figures_leave_room_between_them():
    """Between neck and lumbar spine, sharp and smooth, contrast and none lies a gap in which nothing is said."""
    assert TABLE.repeat.neck.period_mm[1] + 5 < TABLE.repeat.lumbar.period_mm[0]
    assert TABLE.texture.smooth_max * 2 < TABLE.texture.sharp_min
    assert msgspec.to_builtins(TABLE)["hounsfield"]["air_hu"] == -1000
