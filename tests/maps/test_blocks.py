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


@pytest.mark.parametrize("n", [0, 1, 5, 7])
def test_one_result_of_many_pieces(monkeypatch, n):
    """Arrays, mappings of arrays and plain values; in the shape of the leading axes."""
    from dataclasses import dataclass
    from typing import Any

    from spinemets.maps import blocks

    @dataclass(frozen=True)
    class Result:
        value: Any
        intervals: Any
        name: str

    monkeypatch.setattr(blocks, "PIECE", 3)
    asked = []

    def fit(part):
        asked.append((part.start, part.stop))
        numbers = np.arange(part.start, part.stop)
        return Result(value=numbers, intervals={"a": np.stack([numbers, numbers + 1], axis=1)}, name="kept")

    found = blocks.in_pieces(fit, n, (n, 1))
    assert found.value.shape == (n, 1) and found.intervals["a"].shape == (n, 1, 2)
    assert found.value.reshape(-1).tolist() == list(range(n)) and found.name == "kept"
    assert asked == ([(0, 0)] if n == 0 else [(k, min(k + 3, n)) for k in range(0, n, 3)])


@pytest.mark.parametrize(
    ("n", "size", "expected"), [(0, 4, [(0, 0)]), (4, 4, [(0, 4)]), (9, 4, [(0, 4), (4, 8), (8, 9)])]
)
def test_pieces_cover_everything_once(n, size, expected):
    """One after the other, none twice, none left out."""
    from spinemets.maps.blocks import pieces

    found = [(piece.start, piece.stop) for piece in pieces(n, size)]
    assert found == expected
    assert sum(stop - start for start, stop in found) == n


def test_large_pieces_give_the_same():
    """The size of a piece is no part of the answer."""
    from spinemets.maps import blocks
    from spinemets.maps.t1 import fit_vfa

    flips = np.array([3.0, 8.0, 15.0])
    signal = 1000 * np.random.default_rng(1).uniform(0.2, 1.0, (500, 3))
    whole = fit_vfa(signal, flips, 0.005)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("spinemets.maps.t1.PIECE", 37)
        cut = fit_vfa(signal, flips, 0.005)
    assert np.array_equal(whole.t1_s, cut.t1_s, equal_nan=True)
    assert np.array_equal(whole.valid, cut.valid)
    assert blocks.PIECE > 37
