"""The canal's hole in the mask's shadow along s, and the wall in front of it (G-04)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.anatomy.canal import between_pedicles, find_hole, wall_in_front
from spinemets.anatomy.settings import load
from spinemets.anatomy.shape import borrowed_canal, coarse_patch, first_canal
from spinemets.geometry.planes import angle_deg
from spinemets.geometry.resampling import SoftMask

SETTINGS = load()


def patch_of(analytic, solid=None, spacing=(1.0, 1.0, 1.0)):
    placed = analytic.column(1, solid=solid)[0]
    builder = analytic.Builder(spacing=spacing)
    region = builder.region(builder.grid([placed]), placed, placed.solid.whole, "vertebra")
    return coarse_patch(SoftMask.of(region, 0.6), region, placed.centre, placed.axes), region, placed


def test_the_hole_is_the_canal(analytic):
    patch, _, _ = patch_of(analytic)
    hole = find_hole(patch, SETTINGS.hole_min_area_mm2)
    assert hole is not None
    assert hole.centre_mm[0] == pytest.approx(0.0, abs=0.6)
    assert -31.0 < hole.centre_mm[1] < -20.0
    assert hole.bulk_mm[1] > -10.0


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (3.0, 3.0, 3.0), (4.0, 1.0, 1.0)])
def test_found_on_coarse_grids(analytic, spacing):
    patch, _, _ = patch_of(analytic, spacing=spacing)
    assert find_hole(patch, SETTINGS.hole_min_area_mm2) is not None


def test_a_body_has_no_hole(analytic):
    patch, _, _ = patch_of(analytic, analytic.Solid(arch=False))
    assert find_hole(patch, SETTINGS.hole_min_area_mm2) is None


def test_the_wall_is_where_the_body_ends(analytic):
    patch, _, _ = patch_of(analytic)
    hole = find_hole(patch, SETTINGS.hole_min_area_mm2)
    assert hole is not None
    wall = wall_in_front(patch, hole, SETTINGS.canal_width_share)
    assert wall is not None
    at = wall.anterior_mm(np.array([-30.0, 0.0, 5.0, 30.0]), np.array([0.0, 8.0, -8.0, 0.0]))
    assert at == pytest.approx(-17.0, abs=0.6)
    assert wall.spread_mm < 0.5


def test_no_wall_where_nothing_lies_in_front(analytic):
    class Empty(analytic.Solid):
        def body(self, p):
            return np.zeros(p.shape[:-1], bool)

    patch, _, _ = patch_of(analytic)
    hole = find_hole(patch, SETTINGS.hole_min_area_mm2)
    bare, _, _ = patch_of(analytic, Empty())
    assert hole is not None
    assert wall_in_front(bare, hole, SETTINGS.canal_width_share) is None


def test_an_arch_cut_off_from_its_body_has_no_wall(analytic):
    """The image's border ends the mask behind the canal's middle: no wall, and no exception."""
    patch, _, _ = patch_of(analytic)
    hole = find_hole(patch, SETTINGS.hole_min_area_mm2)
    assert hole is not None
    behind = int(np.searchsorted(patch.along(1), hole.centre_mm[1]))
    cut = replace(patch, occupancy=patch.occupancy[:, :behind, :])
    assert wall_in_front(cut, hole, SETTINGS.canal_width_share) is None


def test_pedicles_give_the_width(analytic):
    patch, _, _ = patch_of(analytic)
    hole = find_hole(patch, SETTINGS.hole_min_area_mm2)
    assert hole is not None
    wall = wall_in_front(patch, hole, SETTINGS.canal_width_share)
    assert wall is not None
    found = between_pedicles(patch, hole, wall)
    assert found.left_mm == pytest.approx((-11.0, 11.0), abs=0.8)
    assert found.centre_mm[0] == pytest.approx(0.0, abs=0.6)


@pytest.mark.parametrize("tilt", [0.0, 15.0, -25.0, 35.0])
def test_a_canal_that_leans_against_the_curve(analytic, tilt: float):
    """A single or kyphotic vertebra: directions tilted against the first guess are tried."""
    _, region, placed = patch_of(analytic)
    angle = np.radians(tilt)
    guess = np.array([0.0, np.sin(angle), np.cos(angle)])
    canal = first_canal(SoftMask.of(region, 0.6), region, guess, SETTINGS)
    assert canal is not None
    assert angle_deg(canal.axes[:, 1], placed.axes[:, 1]) < 40.0
    local = (canal.centre_lps_mm - placed.centre) @ placed.axes
    assert abs(local[0]) < 2.0


def test_anterior_is_where_the_body_is_whatever_the_patients_position(analytic):
    turn = analytic.rotation(0, 0, 120)
    placed = analytic.column(1, turn=turn)[0]
    builder = analytic.Builder()
    region = builder.region(builder.grid([placed]), placed, placed.solid.whole, "vertebra")
    canal = first_canal(SoftMask.of(region, 0.6), region, np.array([0.0, 0.0, 1.0]), SETTINGS)
    assert canal is not None
    assert angle_deg(canal.axes[:, 1], placed.axes[:, 1]) < 5.0


def test_a_borrowed_canal_moves_along_the_neighbours_axis(analytic):
    _, region, placed = patch_of(analytic)
    canal = first_canal(SoftMask.of(region, 0.6), region, np.array([0.0, 0.0, 1.0]), SETTINGS)
    assert canal is not None
    builder = analytic.Builder()
    above = analytic.Placed(placed.solid, placed.centre + np.array([0, 0, 36.0]), placed.axes)
    other = builder.region(builder.grid([placed, above]), above, above.solid.whole, "vertebra")
    moved = borrowed_canal(other, canal)
    assert moved.width_mm == canal.width_mm
    shift = moved.centre_lps_mm - canal.centre_lps_mm
    assert angle_deg(shift / np.linalg.norm(shift), canal.axes[:, 2]) < 0.1


def test_a_cut_ring_borrows_the_neighbours_canal(analytic, locate_all):
    """A vertebra whose ring is out of view is still split at its posterior wall, and says so."""

    class NoRing(analytic.Solid):
        def rest(self, p):
            back = -self.depth / 2
            return (
                (p[..., 1] < back)
                & (p[..., 1] > back - 9)
                & (np.abs(np.abs(p[..., 0]) - 15) < 4)
                & (np.abs(p[..., 2] - 4) < 7)
            )

    column = analytic.column(3)
    placed = [analytic.Placed(NoRing(), column[0].centre, column[0].axes), *column[1:]]
    spine = locate_all(analytic.Builder().segmentation(placed))
    top = spine.vertebrae[0]
    assert any("continued from its neighbour" in flag for flag in top.flags)
    local = (spine.grid.to_lps_mm(top.regions["body"].indices) - placed[0].centre) @ placed[0].axes
    assert local[:, 1].min() == pytest.approx(-17.0, abs=1.5)
