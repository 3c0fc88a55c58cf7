"""Voxels in blocks."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.maps.blocks import BLOCK_BYTES, in_blocks, voxels
from spinemets.model.errors import UsageError


@pytest.mark.parametrize("threads", [1, 3, None])
@pytest.mark.parametrize("n", [0, 1, 1000, 100_001])
def test_every_voxel_once(n, threads):
    seen = np.zeros(n, int)

    def work(part):
        assert (part.stop - part.start) * 32 <= BLOCK_BYTES
        seen[part] += 1

    in_blocks(work, n, 32, threads=threads)
    assert (seen == 1).all()


def test_what_a_block_raises_is_raised():
    def work(part):
        raise ValueError(f"at {part.start}")

    with pytest.raises(ValueError, match="at 0"):
        in_blocks(work, 1_000_000, 8, threads=2)


def test_a_voxel_larger_than_a_block():
    parts = []
    in_blocks(parts.append, 3, 10 * BLOCK_BYTES, threads=1)
    assert [(p.start, p.stop) for p in parts] == [(0, 1), (1, 2), (2, 3)]


def test_rows_and_mask():
    values = np.arange(24).reshape(2, 3, 4)
    mask = np.array([[1, 0, 1], [0, 0, 1]])
    rows, where = voxels(values, mask)
    assert rows.shape == (6, 4)
    assert np.array_equal(rows[where], values[mask.astype(bool)])
    assert voxels(values, None)[1] is None


def test_a_mask_of_another_grid():
    with pytest.raises(UsageError, match=r"The mask has shape \(3, 2\), the images \(2, 3\)"):
        voxels(np.zeros((2, 3, 4)), np.ones((3, 2)))


def test_a_mask_along_the_voxels():
    from spinemets.maps.blocks import chosen

    values = np.zeros((2, 3, 4))
    mask = np.array([[True, False, False], [False, False, True]])
    assert chosen(values, None) is None
    assert chosen(values, mask).tolist() == [True, False, False, False, False, True]
    assert chosen(values, mask, turned=True).tolist() == [True, False, False, False, False, True]
    mask[0, 1] = True
    assert chosen(values, mask, turned=True).tolist() == [True, False, True, False, False, True]
    with pytest.raises(UsageError, match=r"\(3, 2\)"):
        chosen(values, mask.T)
