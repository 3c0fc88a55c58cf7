import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from spinemets.geometry.components import (
    Size,
    diameters,
    label,
    large_enough,
    n_slices,
    slice_axis,
    volume_interval_ml,
)
from spinemets.model.grid import Grid

UP = np.array([0.0, 0.0, 1.0])


def grid_of(shape, spacing=(1.0, 1.0, 1.0)):
    return Grid(shape_ijk=shape, affine_lps_mm=np.diag([*spacing, 1.0]))


def sphere(diameter_mm, spacing, size_mm=16.0, shift=(0.0, 0.0, 0.0)):
    n = [int(size_mm / s) for s in spacing]
    axes = [(np.arange(m) - (m - 1) / 2) * s - d for m, s, d in zip(n, spacing, shift, strict=True)]
    x, y, z = np.meshgrid(*axes, indexing="ij")
    return x**2 + y**2 + z**2 <= (diameter_mm / 2) ** 2


def two_cubes(gap_mm, spacing=0.5):
    mask = np.zeros((40, 20, 20), bool)
    start = 10 + round(gap_mm / spacing)
    mask[4:10, 5:10, 5:10] = True
    mask[start : start + 4, 5:10, 5:10] = True
    return mask


@pytest.mark.parametrize(("gap_mm", "count"), [(1.5, 1), (4.0, 2), (2.0, 2), (0.5, 1)])
def test_two_foci(gap_mm, count):
    """LES-02: "two foci 1.5 mm apart in L2 -> one lesion; 4 mm apart -> two"; G-11 "gaps < 2 mm merged"."""
    assert label(two_cubes(gap_mm), (0.5, 0.5, 0.5), 2.0).max() == count
    assert label(two_cubes(gap_mm), (0.5, 0.5, 0.5)).max() == 2


def test_coarse_voxels_with_a_blank_one_between_stay_apart():
    mask = np.zeros((7, 3, 3), bool)
    mask[1:3, 1, 1] = mask[4:6, 1, 1] = True
    assert label(mask, (3.0, 3.0, 3.0), 2.0).max() == 2
    assert label(mask, (1.5, 3.0, 3.0), 2.0).max() == 1


def test_chain_of_three_is_one():
    mask = np.zeros((30, 5, 5), bool)
    for start in (2, 9, 16):
        mask[start : start + 4, 2, 2] = True
    assert label(mask, (0.5, 0.5, 0.5), 2.0).max() == 1


def test_corners_touch_and_the_largest_comes_first():
    """G-11: "26-connected"."""
    mask = np.zeros((10, 10, 10), bool)
    mask[1, 1, 1] = mask[2, 2, 2] = True
    mask[5:8, 5:8, 5:8] = True
    labels = label(mask, (1, 1, 1))
    assert labels[1, 1, 1] == labels[2, 2, 2] == 2
    assert labels[6, 6, 6] == 1
    assert label(np.zeros((3, 3, 3), bool), (1, 1, 1)).max() == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([(1.0, 1.0, 1.0), (0.7, 0.7, 1.5), (1.0, 2.0, 4.0)]))
def test_merging_agrees_with_a_slow_reference(seed, spacing):
    """All pairs of voxels compared one by one give the same groups."""
    mask = np.random.default_rng(seed).random((7, 6, 5)) < 0.06
    labels = label(mask, spacing, 2.0)
    voxels = np.argwhere(mask)
    gap = np.maximum(np.abs(voxels[:, None] - voxels[None]) - 1, 0) * spacing
    near = np.linalg.norm(gap, axis=-1) < 2.0
    reach = np.linalg.matrix_power(near.astype(int), 1).astype(bool)
    for _ in range(len(voxels)):
        grown = (reach.astype(int) @ reach.astype(int)) > 0
        if (grown == reach).all():
            break
        reach = grown
    of = labels[tuple(voxels.T)]
    assert ((of[:, None] == of[None]) == reach).all()


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_flipping_and_turning_changes_no_component(seed):
    mask = np.random.default_rng(seed).random((9, 8, 7)) < 0.1
    sizes = np.sort(np.bincount(label(mask, (1.0, 1.0, 2.0), 2.0).ravel())[1:])
    flipped = np.sort(np.bincount(label(mask[::-1, :, ::-1], (1.0, 1.0, 2.0), 2.0).ravel())[1:])
    turned = np.sort(np.bincount(label(mask.transpose(2, 0, 1), (2.0, 1.0, 1.0), 2.0).ravel())[1:])
    assert (sizes == flipped).all()
    assert (sizes == turned).all()


def test_sphere_vector():
    """G-11: "10 mm sphere at 0.5 mm -> 0.524 mL +/- 1 %, 10 +/- 0.5 mm"."""
    spacing = (0.5, 0.5, 0.5)
    mask = sphere(10.0, spacing)
    grid = grid_of(mask.shape, spacing)
    low, high = volume_interval_ml(mask, grid)
    assert mask.sum() * grid.voxel_volume_mm3 / 1000 == pytest.approx(0.524, rel=0.01)
    found = diameters(mask, grid, UP)
    for value in (found.longest_mm, found.orthogonal_mm, found.craniocaudal_mm):
        assert value == pytest.approx(10, abs=0.5)
    # a surface of pi d^2 moved by a quarter of a millimetre to either side
    assert (high - low) / 2 == pytest.approx(np.pi * 100 * 0.25 / 1000, rel=0.25)


def test_volume_interval_shrinks_with_the_voxel_and_never_goes_below_zero():
    fine, coarse = sphere(8.0, (0.5,) * 3), sphere(8.0, (2.0,) * 3)
    low_f, high_f = volume_interval_ml(fine, grid_of(fine.shape, (0.5,) * 3))
    low_c, high_c = volume_interval_ml(coarse, grid_of(coarse.shape, (2.0,) * 3))
    assert high_f - low_f < high_c - low_c
    single = np.zeros((3, 3, 3), bool)
    single[1, 1, 1] = True
    assert volume_interval_ml(single, grid_of((3, 3, 3)))[0] == 0


def test_volume_interval_of_a_block_by_hand():
    """A 4 x 4 x 4 block loses half of each of its 56 outer voxels and gains half of 96 face neighbours, and a little at the edges."""
    mask = np.zeros((8, 8, 8), bool)
    mask[2:6, 2:6, 2:6] = True
    low, high = volume_interval_ml(mask, grid_of((8, 8, 8)))
    edge = 1.5 - np.sqrt(2)
    assert (low + high) / 2 == pytest.approx(0.064)
    assert (high - low) / 2 == pytest.approx(0.5 * (56 * 0.5 + 96 * 0.5 + 48 * edge) / 1000, rel=1e-5)


def test_diameters_of_an_oblique_rod_and_of_a_line():
    mask = np.zeros((20, 20, 5), bool)
    for n in range(3, 15):
        mask[n, n, 2] = True
    found = diameters(mask, grid_of((20, 20, 5)), UP)
    assert found.longest_mm == pytest.approx(11 * np.sqrt(2) + 1)
    assert found.orthogonal_mm == pytest.approx(1)
    assert found.craniocaudal_mm == 1


def test_diameters_follow_the_vertebra_axis_and_the_voxel_size():
    mask = np.zeros((10, 10, 10), bool)
    mask[2:8, 4:6, 3:7] = True
    found = diameters(mask, grid_of((10, 10, 10), (1.0, 1.0, 2.0)), UP)
    assert found.craniocaudal_mm == pytest.approx(8)
    assert found.longest_mm == pytest.approx(np.hypot(5, 1) + 1)
    assert diameters(mask, grid_of((10, 10, 10), (1.0, 1.0, 2.0)), np.array([1.0, 0, 0])).craniocaudal_mm == 6


def test_slices_are_counted_across_the_coarsest_axis():
    sagittal = grid_of((5, 30, 30), (4.0, 1.0, 1.0))
    assert slice_axis(sagittal) == 0
    assert slice_axis(grid_of((5, 5, 5))) == 2
    mask = np.zeros((5, 30, 30), bool)
    mask[2, 3:9, 3:9] = True
    assert n_slices(mask, sagittal) == 1


def test_least_size():
    """G-11: "keep >= 0.05 mL, >= 10 voxels and >= 2 slices"."""
    least = Size(volume_ml=0.05, voxels=10, slices=2)
    grid = grid_of((12, 12, 12))
    mask = np.zeros((12, 12, 12), bool)
    mask[2:7, 2:7, 2:4] = True
    assert large_enough(mask, grid, least)
    mask[:, :, 3] = False
    assert not large_enough(mask, grid, least)  # 0.025 mL, one slice
    flat = np.zeros((12, 12, 12), bool)
    flat[1:9, 1:9, 2] = True
    assert not large_enough(flat, grid, least)  # 0.064 mL, but one slice
    few = np.zeros((12, 12, 12), bool)
    few[1:3, 1:3, 1:3] = True
    assert not large_enough(few, grid_of((12, 12, 12), (3.0,) * 3), least)  # 0.216 mL, but 8 voxels


def test_inputs_stay_untouched():
    mask = ndimage.binary_dilation(two_cubes(1.5))
    copy = mask.copy()
    label(mask, (0.5, 0.5, 0.5), 2.0)
    volume_interval_ml(mask, grid_of(mask.shape))
    assert (mask == copy).all()
