"""The loop of fat fractions: energies against a projection, derivatives, the list of candidates."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.maps import fat_fraction_loops as loops
from spinemets.maps.fat_spectrum import modulation

TE_S = 1e-3 * np.array([1.2, 3.2, 5.2, 7.2, 9.2, 11.2])
FAT = modulation(TE_S, 1.5)


def signal(at):
    water, fat, phase, hz, rate = at
    return (water + fat * FAT) * np.exp(1j * phase + (2j * np.pi * hz - rate) * TE_S)


AT = np.array([60.0, 40.0, 0.7, 25.0, 60.0])


def inverse(decay):
    shapes = np.stack([decay + 0j, decay * FAT], axis=1)
    normal = (shapes.conj().T @ shapes).real
    full = np.linalg.inv(normal)
    return np.array([full[0, 0], full[0, 1], full[1, 1]])


def test_energy_of_the_truth_is_all():
    decay = np.exp(-60.0 * TE_S)
    turned = signal(AT) * np.exp(-2j * np.pi * 25.0 * TE_S)
    energy, water, fat, cosine, sine = loops.explained(turned, FAT, decay, inverse(decay))
    assert energy == pytest.approx((np.abs(signal(AT)) ** 2).sum())
    assert (water, fat) == pytest.approx((60.0, 40.0))
    assert np.arctan2(sine, cosine) == pytest.approx(0.7)


def test_energy_against_a_search_over_phases():
    draw = np.random.default_rng(1)
    turned, decay = draw.standard_normal(6) + 1j * draw.standard_normal(6), np.exp(-90.0 * TE_S)
    energy, *_ = loops.explained(turned, FAT, decay, inverse(decay))
    shapes = np.stack([decay + 0j, decay * FAT], axis=1)
    best = 0.0
    for phase in np.linspace(0, np.pi, 2001):
        real = np.concatenate([shapes.real, shapes.imag])
        y = np.concatenate([(turned * np.exp(-1j * phase)).real, (turned * np.exp(-1j * phase)).imag])
        fitted = real @ np.linalg.lstsq(real, y, rcond=None)[0]
        best = max(best, float(fitted @ fitted))
    assert energy == pytest.approx(best, rel=1e-5)


def test_derivatives():
    """Gradient of the residual by differences."""
    echoes = signal(AT) + 0.5
    normal, gradient = np.zeros((5, 5)), np.empty(5)
    start = AT * 1.01
    loops.linearised(normal, gradient, start, echoes, (FAT, TE_S))
    for k in range(5):
        step = np.zeros(5)
        step[k] = 1e-5 * max(1.0, abs(start[k]))
        above, below = ((np.abs(echoes - signal(start + d)) ** 2).sum() for d in (step, -step))
        assert gradient[k] == pytest.approx(-(above - below) / (4 * step[k]), rel=1e-4, abs=1e-4)


def test_refining_ends_at_the_truth():
    at = AT * np.array([1.2, 0.7, 1.1, 0.8, 1.3])
    left = loops.refine(at, signal(AT), (FAT, TE_S), False)
    assert left < 1e-9 and at == pytest.approx(AT, rel=1e-5)
    at = AT * np.array([1.1, 0.9, 1.0, 1.0, 1.0])
    loops.refine(at, signal(AT), (FAT, TE_S), True)
    assert at[4] == AT[4]


def test_solving():
    draw = np.random.default_rng(2)
    half = draw.standard_normal((9, 5))
    normal, gradient = half.T @ half, draw.standard_normal(5)
    lower, step = np.zeros((5, 5)), np.empty(5)
    assert loops.solved(lower, step, normal, gradient, 0.0)
    assert step == pytest.approx(np.linalg.solve(normal, gradient))
    assert not loops.solved(lower, step, np.ones((5, 5)), gradient, 0.0)


def test_spread_is_the_bound():
    """Standard deviation of the fraction for noise of 1 in each channel, by its covariance."""
    normal, gradient = np.zeros((5, 5)), np.empty(5)
    loops.linearised(normal, gradient, AT, signal(AT), (FAT, TE_S))
    full = normal + np.tril(normal, -1).T
    slope = np.array([-40.0, 60.0, 0, 0, 0]) / 100.0**2
    assert loops.spread_of(AT.copy(), signal(AT), (FAT, TE_S), False) == pytest.approx(
        np.sqrt(slope @ np.linalg.inv(full) @ slope)
    )


def test_highest_maxima():
    energy = np.array([1.0, 5, 2, 3, 1, 9, 1, 4, 0, 2])
    found = np.zeros(loops.TRIED + 1, np.int64)
    assert loops.peaks(energy, False, found) == loops.TRIED
    assert found[:3].tolist() == [5, 1, 7]
    assert loops.peaks(np.array([3.0, 1, 0.5, 2]), True, found) == 1 and found[0] == 0


def test_the_list_of_candidates():
    """Least cost first; the same field a period away is the same candidate."""
    out = np.full((loops.KEPT, len(loops.CANDIDATE)), np.inf)
    for hz, cost in ((10.0, 5.0), (200.0, 3.0), (510.5, 4.0), (-60.0, 9.0), (90.0, 1.0)):
        loops.keep(out, np.array([1.0, 2.0, 0.0, hz, 30.0]), cost, 500.0)
    assert out[:, 4].tolist() == [1.0, 3.0]
    assert out[:, 0].tolist() == [90.0, 200.0]
