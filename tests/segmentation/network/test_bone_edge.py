"""Bone beside an arch joins it: how bright, how far, whose, and what stays out."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.segmentation.network.bone_edge import BACKGROUND, POSTERIOR, to_the_edge
from spinemets.segmentation.network.painting import PARTS

CANAL, BODY = PARTS.index("canal"), PARTS.index("body")
MUSCLE, BONE, CORTEX = 43.0, 200.0, 700.0


@pytest.fixture
def arch():
    """A rod along the first axis, 3 x 3 voxels across, of a cortex around marrow; parts, numbers and HU."""
    parts, numbers = (np.zeros((20, 15, 15), np.uint8) for _ in range(2))
    hu = np.full(parts.shape, MUSCLE)
    rod = np.s_[5:15, 6:9, 6:9]
    parts[rod], numbers[rod] = POSTERIOR, 3
    hu[rod] = CORTEX
    hu[5:15, 7, 7] = BONE
    return parts, numbers, hu


def joined(arch, spacing_mm=(1.5, 1.5, 1.5)):
    """What joined, and the arch's numbers there."""
    parts, numbers, hu = (one.copy() for one in arch)
    to_the_edge(parts, numbers, hu, spacing_mm)
    new = (parts == POSTERIOR) & (arch[0] != POSTERIOR)
    assert (numbers[new] > 0).all() and (numbers[~new] == arch[1][~new]).all()
    return new, numbers


def test_half_way_between_muscle_and_cortex(arch):
    """(43 + 700)/2 = 371.5: what is brighter joins, what is darker stays muscle."""
    arch[2][10, 9, 7], arch[2][11, 9, 7] = 372.0, 371.0
    new, numbers = joined(arch)
    assert np.argwhere(new).tolist() == [[10, 9, 7]] and numbers[10, 9, 7] == 3


def test_limits(arch):
    """Of an arch as dark as muscle 100 HU, of solid cortex 600."""
    for bright, least in ((60.0, 100.0), (1900.0, 600.0)):
        parts, numbers, hu = (one.copy() for one in arch)
        hu[parts == POSTERIOR] = bright
        hu[10, 9, 7], hu[11, 9, 7] = least, least - 1.0
        new, _ = joined((parts, numbers, hu))
        assert np.argwhere(new).tolist() == [[10, 9, 7]]


def test_neither_corners_nor_second_layers(arch):
    """One voxel of 1.5 mm is as far as it goes, along an axis."""
    arch[2][:] = CORTEX
    new, _ = joined(arch)
    assert new[4, 7, 7] and new[10, 5, 7] and new[10, 7, 9]
    assert not new[10, 5, 5] and not new[10, 4, 7] and not new[3].any()


def test_reach_in_small_and_large_voxels(arch):
    """1.6 mm: two voxels of 0.8 mm; of 3 mm one; over slices of 5 mm none."""
    arch[2][:] = CORTEX
    new, _ = joined(arch, (0.8, 3.0, 5.0))
    assert new[3, 7, 7] and not new[2].any()
    assert new[10, 9, 7] and not new[10, 10, 7]
    assert not new[10, 7, 9]


def test_what_has_a_part_or_a_number_stays(arch):
    """Canal with contrast agent, a body, another vertebra's disc space; metal."""
    parts, numbers, hu = arch
    hu[:] = CORTEX
    parts[:, 9, :], parts[:, 5, :], numbers[:, 5, :] = CANAL, BODY, 2
    hu[:, :, 9] = 3000.0
    new, _ = joined(arch)
    assert not new[:, 9].any() and not new[:, 5].any() and not new[:, :, 9].any()
    assert new[4, 7, 7]


def test_each_arch_has_its_own_cut_off(arch):
    """A bright arch beside a dark one: each takes what is bone against its own cortex."""
    parts, numbers, hu = arch
    parts[5:15, 11:14, 6:9], numbers[5:15, 11:14, 6:9], hu[5:15, 11:14, 6:9] = POSTERIOR, 4, 300.0
    hu[10, 9, 7], hu[10, 10, 7] = 200.0, 200.0
    new, numbers = joined(arch)
    assert np.argwhere(new).tolist() == [[10, 10, 7]] and numbers[10, 10, 7] == 4


@pytest.mark.parametrize("turn", [(1, 2, 0), (2, 0, 1)])
def test_axes_are_alike(arch, turn):
    arch[2][:] = np.random.default_rng(1).uniform(0, 800, arch[2].shape)
    new, _ = joined(arch)
    turned, _ = joined(tuple(one.transpose(turn) for one in arch))
    assert np.array_equal(new.transpose(turn), turned)


def test_at_the_edge_of_the_image(arch):
    cut = tuple(one[5:15, 6:9, 6:9].copy() for one in arch)
    new, _ = joined(cut)
    assert not new.any()


def test_no_arch():
    parts = np.full((4, 4, 4), BACKGROUND, np.uint8)
    numbers = np.zeros_like(parts)
    to_the_edge(parts, numbers, np.full(parts.shape, CORTEX), (1.0, 1.0, 1.0))
    assert not parts.any() and not numbers.any()
