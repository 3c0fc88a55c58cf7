"""Two tissues a voxel, against mixtures worked out in full."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.training import layers

SHAPE = (3, 4, 5)


def empty():
    """Air everywhere."""
    return np.zeros((3, *SHAPE), np.uint8)


def shares_of(held, n):
    """(n, i, j, k) share of each code."""
    rest = held[2] / 255.0
    return np.stack([(held[0] == c) * (1 - rest) + (held[1] == c) * (held[0] != held[1]) * rest for c in range(n)])


def test_a_tissue_over_another():
    """Shares of two tissues are kept within half a step."""
    held, share = empty(), np.random.default_rng(1).uniform(0, 1, SHAPE).astype(np.float32)
    layers.lay(held, (0, 0, 0), share, 3)
    assert np.abs(shares_of(held, 4)[3] - share).max() < 0.004
    layers.lay(held, (0, 0, 0), np.ones(SHAPE, np.float32), 2)
    assert (held[:2] == 2).all()
    assert (held[2] == 0).all()


def test_of_three_the_two_of_most_weight_are_kept():
    """The least goes, the others keep their proportion."""
    held = empty()
    layers.lay(held, (0, 0, 0), np.full(SHAPE, 0.5, np.float32), 1)
    layers.lay(held, (0, 0, 0), np.full(SHAPE, 0.2, np.float32), 2)
    # 0.4 air, 0.4 of the first, 0.2 of the second.
    got = shares_of(held, 3)[:, 0, 0, 0]
    assert got[2] == 0
    assert got[:2] == pytest.approx([0.5, 0.5], abs=0.005)


def test_laid_at_its_corner_only():
    """Nothing beside the place changes."""
    held = empty()
    layers.lay(held, (1, 2, 3), np.ones((1, 2, 2), np.float32), 7)
    changed = held[0] == 7
    assert changed.sum() == 4
    assert changed[1, 2:4, 3:5].all()


def test_shell_is_the_mixture_that_images_get():
    """Codes of bone with layers weigh as `shape.mixing.shell` mixes values, where no more than two tissues meet."""
    from spinemets.phantom.shape import mixing

    draw = np.random.default_rng(2)
    outer = draw.choice([0.0, 1.0], SHAPE).astype(np.float32)
    inner = outer * draw.uniform(0, 1, SHAPE).astype(np.float32)
    of_layers = draw.choice([0.0, 1.0], (2, *SHAPE)).astype(np.float32)
    in_shell = np.array([True, False])
    held = empty()
    layers.shell(held, (0, 0, 0), (outer, inner, of_layers), (in_shell, np.array([1, 2, 3, 4])))
    values = np.array([0.0, 10.0, 20.0, 30.0, 40.0], np.float32)
    image = np.zeros((1, *SHAPE), np.float32)
    mixtures = np.stack([values[1:], np.zeros(4, np.float32)], axis=1)[:, :, None].astype(np.float32)
    texture = (np.ones((1, *SHAPE), np.float32), np.zeros(1, np.int64), np.full(1, -1))
    mixing.shell(image, (0, 0, 0), (outer, inner), texture, (of_layers, in_shell, mixtures))
    got = np.tensordot(values, shares_of(held, 5), 1)
    assert np.abs(got - image[0]).max() < 0.15


def test_exchange_takes_what_is_there():
    """One code for another where it takes more than half of it, all else stays."""
    held = empty()
    layers.lay(held, (0, 0, 0), np.full(SHAPE, 0.4, np.float32), 1)
    share = np.full(SHAPE, 0.3, np.float32)
    share[0] = 0.1
    layers.exchange(held, (0, 0, 0), share, 5, 1)
    assert (held[1, 1:] == 5).all()
    assert (held[1, 0] == 1).all()
    assert (held[0] == 0).all()


def test_mixtures_are_numbered_as_they_are_met():
    """A number for each mixture, the same in the next slab; it gives back the tissues and the share in sixteenths."""
    held = empty()
    layers.lay(held, (0, 0, 0), np.linspace(0, 1, 60, dtype=np.float32).reshape(SHAPE), 3)
    known, mixtures = np.full(2**21, -1, np.int32), np.zeros((2**15, 3), np.uint8)
    found = np.zeros(SHAPE, np.uint16)
    n = layers.compress(found, held, known, mixtures, 0)
    again = np.zeros(SHAPE, np.uint16)
    assert layers.compress(again, held, known, mixtures, n) == n
    assert np.array_equal(found, again)
    most, rest, share = mixtures[found].transpose(3, 0, 1, 2)
    back = np.where(most == 3, 1 - (rest != 3) * share / 16, (rest == 3) * share / 16)
    assert np.abs(back - np.linspace(0, 1, 60).reshape(SHAPE)).max() < 0.035


def test_marks_are_where_eight_voxels_differ():
    """Against the slow way."""
    draw = np.random.default_rng(4)
    tissues = draw.choice([1, 1, 1, 2], (6, 7, 8)).astype(np.uint16)
    where = draw.choice([0, 0, 0, 0, 5], (6, 7, 8)).astype(np.uint8)
    before = tissues.copy(), where.copy()
    n = layers.mark(tissues, where)
    for made, plain, bit in ((tissues, before[0], 15), (where, before[1], 7)):
        padded = np.pad(plain, (0, 1), mode="edge")
        cubes = np.lib.stride_tricks.sliding_window_view(padded, (2, 2, 2)).reshape(*plain.shape, 8)
        assert np.array_equal(made >> bit, cubes.min(-1) != cubes.max(-1))
        assert np.array_equal(made & (2**bit - 1), plain)
    assert n == (tissues >> 15).sum()
