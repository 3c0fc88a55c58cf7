"""design 3: `Volume` is 'scaled once, then read-only', with its grid, quantity and unit."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from spinemets.model.grid import Grid
from spinemets.model.volume import Volume

GRID = Grid(shape_ijk=(2, 3, 4), affine_lps_mm=np.eye(4))


def volume(array: np.ndarray, **more) -> Volume:
    return Volume(array=array, grid=GRID, quantity="attenuation", unit="[hnsf'U]", **more)


def test_array_and_padding_are_read_only():
    """'Arrays that leave a room are read-only.'"""
    made = volume(np.zeros((2, 3, 4), np.int16), padding=np.zeros((2, 3, 4), bool))
    with pytest.raises(ValueError, match="read-only"):
        made.array[0, 0, 0] = 1
    assert made.padding is not None
    with pytest.raises(ValueError, match="read-only"):
        made.padding[0, 0, 0] = True


def test_a_fourth_axis_is_time():
    """'Axes (i, j, k) or (i, j, k, t)'"""
    assert volume(np.zeros((2, 3, 4, 7))).array.shape == (2, 3, 4, 7)


@pytest.mark.parametrize("shape", [(2, 3), (4, 3, 2), (2, 3, 5), (1, 2, 3, 4)])
def test_an_array_of_another_shape_names_both(shape: tuple[int, ...]):
    """'Bad call = exception': an array that does not fit its grid would put every value in the wrong place."""
    with pytest.raises(ValueError, match="does not fit grid shape") as told:
        volume(np.zeros(shape))
    assert str(shape) in str(told.value)
    assert str(GRID.shape_ijk) in str(told.value)


@pytest.mark.parametrize("kind", [np.int16, np.uint8, np.float32])
def test_numbers_keep_their_type(kind: type):
    """'Integer arrays stay integer where scaling allows': a study of 24 levels must fit into memory."""
    assert volume(np.ones((2, 3, 4), kind)).array.dtype == kind


def test_fields_cannot_be_exchanged():
    made = volume(np.zeros((2, 3, 4)))
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.unit = "1"  # type: ignore[misc]


def test_two_volumes_are_never_equal_by_value():
    """Comparing millions of voxels by accident is a fault, not a convenience."""
    array = np.zeros((2, 3, 4))
    assert volume(array) != volume(array)
