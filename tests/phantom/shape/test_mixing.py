"""Mixing by shares, compiled, against numpy, for one channel and for many."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.shape import mixing
from tests.phantom.shape import twins

PLACE = (slice(1, 5), slice(2, 6), slice(3, 14))
SHAPE, CORNER = (4, 4, 11), (1, 2, 3)


def images(channels: int) -> np.ndarray:
    return np.random.default_rng(channels).normal(size=(channels, 7, 8, 16)).astype(np.float32)


def shares(seed: int) -> np.ndarray:
    """Shares of 0 at both ends of rows and between, of 1, and of all between; one row holds nothing."""
    found = np.clip(np.random.default_rng(seed).normal(0.4, 0.5, SHAPE), 0, 1).astype(np.float32)
    found[:, :, :2] = 0
    found[2, 1] = 0
    return found


@pytest.mark.parametrize("channels", [1, 2, 9])
def test_fill_equals_its_twin(channels):
    found, share = images(channels), shares(1)
    values = np.linspace(-5, 5, channels).astype(np.float32)
    expected = found.copy()
    twins.fill(expected, PLACE, values, share)
    mixing.fill(found, CORNER, share, values)
    assert found == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("channels", [1, 2, 9])
@pytest.mark.parametrize("layers", [0, 1, 3])
def test_shell_equals_its_twin(channels, layers):
    """Shell around marrow with layers over both or over the marrow alone, each channel with its own texture and density."""
    found, draw = images(channels), np.random.default_rng(8)
    outer = shares(2)
    inner = outer * shares(3)
    fields = draw.uniform(0.5, 1.5, (2, *SHAPE)).astype(np.float32)
    field_of, density_of = np.arange(channels) % 2, np.arange(channels) % 3 - 1
    densities = [np.ones(SHAPE) if n < 0 else fields[n] for n in density_of]
    over = np.stack([shares(10 + n) for n in range(layers)]) if layers else np.empty((0, *SHAPE), np.float32)
    in_shell = np.arange(layers) % 2 == 0
    mixtures = draw.normal(size=(layers + 2, 2, channels)).astype(np.float32)
    mixtures[0, 1] = 0
    expected = found.copy()
    by_channel = [
        (m[0, 0], m[1], [(over[n], in_shell[n], *m[n + 2]) for n in range(layers)])
        for m in np.moveaxis(mixtures, -1, 0)
    ]
    twins.bone(expected, PLACE, (outer, inner), (fields[field_of], densities), by_channel)
    mixing.shell(found, CORNER, (outer, inner), (fields, field_of, density_of), (over, in_shell, mixtures))
    assert found == pytest.approx(expected, abs=1e-5)


def test_nothing_outside_the_place_is_touched():
    found = images(2)
    before = found.copy()
    mixing.fill(found, CORNER, np.ones(SHAPE, np.float32), np.zeros(2, np.float32))
    outside = np.ones(before.shape, bool)
    outside[(slice(None), *PLACE)] = False
    assert np.array_equal(found[outside], before[outside])
    assert not found[~outside].any()
