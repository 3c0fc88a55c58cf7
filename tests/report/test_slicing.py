"""Slices in display orientation, whatever the order and direction of the array axes."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.model.grid import Grid
from spinemets.model.region import Region
from spinemets.model.volume import Volume
from spinemets.report.slicing import PLANES, Turned, cut, fullest, mask_on

SPACING = (0.8, 1.1, 2.5)  # along left, back, head
SHAPE = (24, 20, 14)
CENTRE = (3.1, -2.2, 7.3)
FLIPS = list(product((False, True), repeat=3))
ORDERS = list(permutations(range(3)))


def canonical() -> tuple[np.ndarray, Grid]:
    """A volume whose axes run to left, back and head; every voxel is different."""
    array = np.arange(np.prod(SHAPE), dtype=np.float32).reshape(SHAPE)
    affine = np.diag([*SPACING, 1.0])
    affine[:3, 3] = (-9.0, -11.0, -10.0)
    return array, Grid(shape_ijk=SHAPE, affine_lps_mm=affine)


def stored(array: np.ndarray, grid: Grid, order, flips) -> tuple[np.ndarray, Grid]:
    """The same volume with its axes in another order and direction."""
    affine = np.array(grid.affine_lps_mm)
    for axis, flip in enumerate(flips):
        if flip:
            array = np.flip(array, axis)
            affine[:3, 3] += affine[:3, axis] * (array.shape[axis] - 1)
            affine[:3, axis] *= -1
    affine[:3, :3] = affine[:3, list(order)]
    array = np.ascontiguousarray(array.transpose(order))
    return array, Grid(shape_ijk=array.shape, affine_lps_mm=affine)


def volume(array: np.ndarray, grid: Grid) -> Volume:
    return Volume(array=array, grid=grid, quantity="attenuation", unit="[hnsf'U]")


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("flips", FLIPS)
@pytest.mark.parametrize("plane", list(PLANES))
def test_any_axis_order_and_flip_gives_the_same_slice(order, flips, plane):
    """Task: "Must be correct for any array axis order/flip"."""
    array, grid = canonical()
    wanted = cut(volume(array, grid), Turned.of(grid), plane, CENTRE, (9.0, 12.0))
    other, other_grid = stored(array, grid, order, flips)
    got = cut(volume(other, other_grid), Turned.of(other_grid), plane, CENTRE, (9.0, 12.0))
    assert np.array_equal(got.values, wanted.values)
    assert got.letters == wanted.letters
    assert got.position_lps_mm == pytest.approx(wanted.position_lps_mm)
    assert got.spacing_mm == pytest.approx(wanted.spacing_mm)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("flips", FLIPS)
def test_slice_number_is_that_of_the_stored_array(order, flips):
    """ "series/slice/LPS position printed": the number finds the plane in the file."""
    array, grid = canonical()
    other, other_grid = stored(array, grid, order, flips)
    got = cut(volume(other, other_grid), Turned.of(other_grid), "axial", CENTRE, (1e3, 1e3))
    plane = np.take(other, got.array_index, axis=got.array_axis)
    assert set(plane.ravel()) == set(got.values.ravel())


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("flips", FLIPS)
@pytest.mark.parametrize("plane", list(PLANES))
def test_mask_lies_on_the_same_voxels_as_in_the_volume(order, flips, plane):
    array, grid = canonical()
    other, other_grid = stored(array, grid, order, flips)
    mask = (other % 7 == 0) & (other > 500) & (other < 5500)
    region = Region.from_mask("x", mask, other_grid)
    turned = Turned.of(other_grid)
    shown = cut(volume(other, other_grid), turned, plane, CENTRE, (14.0, 14.0))
    values = shown.values
    assert np.array_equal(mask_on(shown, region, turned), (values % 7 == 0) & (values > 500) & (values < 5500))


def test_mask_of_a_region_on_another_plane_is_empty():
    array, grid = canonical()
    mask = np.zeros(SHAPE, bool)
    mask[5:8, 5:8, 2:4] = True
    region = Region.from_mask("x", mask, grid)
    shown = cut(volume(array, grid), Turned.of(grid), "axial", CENTRE, (99.0, 99.0))
    assert not mask_on(shown, region, Turned.of(grid)).any()
    nothing = Region.from_mask("x", np.zeros(SHAPE, bool), grid)
    assert not mask_on(shown, nothing, Turned.of(grid)).any()


def test_a_marker_on_the_patient_s_left_is_on_the_right_of_an_axial_picture():
    """ "radiological convention: patient right at left edge, axial seen from feet"."""
    array, grid = canonical()
    array = np.zeros(SHAPE, np.float32)
    left = grid.to_ijk((6.0, 0.0, 7.0)).round().astype(int)
    array[tuple(left)] = 1.0
    shown = cut(volume(array, grid), Turned.of(grid), "axial", (0.0, 0.0, 7.0), (99.0, 99.0))
    _, column = np.unravel_index(shown.values.argmax(), shown.values.shape)
    assert column > shown.values.shape[1] / 2
    assert shown.letters == ("R", "L", "A", "P")


def test_front_is_up_on_axial_and_left_on_sagittal():
    """ "sagittal facing left"."""
    _, grid = canonical()
    array = np.zeros(SHAPE, np.float32)
    array[:, :4, :] = 1.0  # anterior: small y in LPS
    axial = cut(volume(array, grid), Turned.of(grid), "axial", CENTRE, (99.0, 99.0)).values
    sagittal = cut(volume(array, grid), Turned.of(grid), "sagittal", CENTRE, (99.0, 99.0)).values
    assert axial[:4].all()
    assert not axial[4:].any()
    assert sagittal[:, :4].all()
    assert not sagittal[:, 4:].any()


def test_head_is_up_on_sagittal_and_coronal():
    _, grid = canonical()
    array = np.zeros(SHAPE, np.float32)
    array[:, :, -3:] = 1.0
    for plane in ("sagittal", "coronal"):
        shown = cut(volume(array, grid), Turned.of(grid), plane, CENTRE, (99.0, 99.0))
        assert shown.values[:3].all()
        assert not shown.values[3:].any()
    assert shown.letters == ("R", "L", "S", "I")


def test_crop_is_centred_has_its_size_and_ends_where_the_image_ends():
    array, grid = canonical()
    shown = cut(volume(array, grid), Turned.of(grid), "axial", CENTRE, (8.0, 8.0))
    height_mm = shown.values.shape[0] * shown.spacing_mm[0]
    width_mm = shown.values.shape[1] * shown.spacing_mm[1]
    assert height_mm == pytest.approx(8.0, abs=1.5 * SPACING[1])
    assert width_mm == pytest.approx(8.0, abs=1.5 * SPACING[0])
    corner = cut(volume(array, grid), Turned.of(grid), "axial", (-9.0, -11.0, 0.0), (8.0, 8.0))
    assert corner.values.shape[0] < shown.values.shape[0]


def test_a_point_outside_is_moved_to_the_border():
    array, grid = canonical()
    shown = cut(volume(array, grid), Turned.of(grid), "axial", (0.0, 0.0, 999.0), (9.0, 9.0))
    assert shown.array_index == SHAPE[2] - 1


def test_the_plane_is_the_one_nearest_to_the_point():
    array, grid = canonical()
    for k in range(SHAPE[2]):
        z = -10.0 + 2.5 * k + 1.2
        assert cut(volume(array, grid), Turned.of(grid), "axial", (0.0, 0.0, z), (9.0, 9.0)).array_index == k


def test_a_fourth_axis_is_shown_at_its_first_index():
    array, grid = canonical()
    four = np.stack([array, array + 1e6], axis=-1)
    shown = cut(volume(four, grid), Turned.of(grid), "axial", CENTRE, (9.0, 9.0))
    assert shown.values.max() < 1e6


def test_leaning_axes_get_a_second_letter():
    """An oblique plane must not claim to be straight."""
    turn = np.deg2rad(30)
    affine = np.eye(4)
    affine[:3, :3] = [[1, 0, 0], [0, np.cos(turn), -np.sin(turn)], [0, np.sin(turn), np.cos(turn)]]
    grid = Grid(shape_ijk=SHAPE, affine_lps_mm=affine)
    array = np.zeros(SHAPE, np.float32)
    shown = cut(volume(array, grid), Turned.of(grid), "axial", (5.0, 0.0, 9.0), (9.0, 9.0))
    assert shown.letters == ("R", "L", "AI", "PS")
    small = np.deg2rad(10)
    affine[:3, :3] = [[1, 0, 0], [0, np.cos(small), -np.sin(small)], [0, np.sin(small), np.cos(small)]]
    slightly = Grid(shape_ijk=SHAPE, affine_lps_mm=affine)
    assert cut(volume(array, slightly), Turned.of(slightly), "axial", CENTRE, (9.0, 9.0)).letters == (
        "R",
        "L",
        "A",
        "P",
    )


@given(st.lists(st.floats(-np.pi, np.pi), min_size=3, max_size=3))
def test_every_rotation_has_three_different_axes_and_right_letters(angles):
    """No two screen directions may be the same array axis, however the stack lies."""
    a, b, c = angles
    rz = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    ry = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    rx = np.array([[1, 0, 0], [0, np.cos(c), -np.sin(c)], [0, np.sin(c), np.cos(c)]])
    affine = np.eye(4)
    affine[:3, :3] = rz @ ry @ rx
    turned = Turned.of(Grid(shape_ijk=(4, 5, 6), affine_lps_mm=affine))
    assert sorted(turned.order) == [0, 1, 2]
    assert sorted(turned.grid.shape_ijk) == [4, 5, 6]
    for axis in range(3):
        assert turned.grid.axes[axis, axis] >= 0


@pytest.mark.parametrize("plane", list(PLANES))
def test_fullest_plane_holds_most_of_the_region(plane):
    _, grid = canonical()
    mask = np.zeros(SHAPE, bool)
    mask[4:12, 5:11, 3:6] = True
    mask[6, 7, 3:12] = True
    region = Region.from_mask("x", mask, grid)
    at = fullest(region, Turned.of(grid), plane)
    index = grid.to_ijk(at)
    normal = PLANES[plane][0]
    counts = mask.sum(axis=tuple(a for a in range(3) if a != normal))
    assert counts[round(index[normal])] == counts.max()


def test_of_equally_full_planes_the_middle_one_is_shown():
    _, grid = canonical()
    mask = np.zeros(SHAPE, bool)
    mask[4:9, 4:9, 2:9] = True
    at = fullest(Region.from_mask("x", mask, grid), Turned.of(grid), "axial")
    assert grid.to_ijk(at)[2] == pytest.approx(5)
