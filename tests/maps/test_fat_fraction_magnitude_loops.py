"""The loop of magnitude fat fractions: against a general optimiser, a dense grid, and the whole normal matrix."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares

from spinemets.maps import fat_fraction_magnitude_loops as loops
from spinemets.maps.fat_fraction_magnitude import UNKNOWNS, _lattice
from spinemets.maps.fat_spectrum import modulation
from spinemets.maps.separable import student

TE_S = 1e-3 * np.array([1.2, 2.2, 3.2, 4.2, 5.2, 6.2])
FAT = modulation(TE_S, 3.0)
KNOWN = (FAT, TE_S)


def shape(fraction, rate):
    """Echoes of a total of 1, written down as the formula has them."""
    return np.abs(1.0 - fraction + fraction * FAT) * np.exp(-rate * TE_S)


def cost(seen, fraction, rate):
    """Residual of the best total, by a general solver of linear least squares."""
    model = shape(fraction, rate)[:, None]
    total = np.linalg.lstsq(model, seen, rcond=None)[0]
    return float(((seen - model @ total) ** 2).sum())


def noisy(n, snr, seed=1):
    draw = np.random.default_rng(seed)
    truth = [(f, r) for f, r in zip(draw.uniform(0, 1, n), draw.uniform(20, 200, n), strict=True)]
    return np.array([300 * np.abs(shape(*at) + draw.standard_normal(6) / snr) for at in truth])


def test_residual_and_its_slopes():
    (seen,) = noisy(1, 20)
    normal, against = np.empty(3), np.empty(2)
    assert loops.linearised(normal, against, seen, 0.3, 70.0, KNOWN) == pytest.approx(cost(seen, 0.3, 70.0))
    by_fraction = (cost(seen, 0.3 + 1e-5, 70.0) - cost(seen, 0.3 - 1e-5, 70.0)) / 2e-5
    by_rate = (cost(seen, 0.3, 70.0 + 1e-3) - cost(seen, 0.3, 70.0 - 1e-3)) / 2e-3
    assert -2 * against == pytest.approx([by_fraction, by_rate], rel=1e-5)


def test_no_shape_is_no_fit():
    """Water and fat that cancel in every echo leave all of the signal over."""
    normal, against = np.empty(3), np.empty(2)
    known = (np.full(6, -1.0 + 0j), TE_S)
    assert loops.linearised(normal, against, np.ones(6), 0.5, 50.0, known) == pytest.approx(6.0)
    assert not normal.any() and not against.any()


@pytest.mark.parametrize("start", [0.1, 0.4, 0.6, 0.9])
def test_refined_as_well_as_a_general_optimiser(start):
    for seen in noisy(12, 30):
        at = np.array([start, 60.0])
        found = loops.refine(at, seen, KNOWN)
        assert found == pytest.approx(cost(seen, *at), rel=1e-6, abs=1e-6)

        def left(x, seen=seen):
            return seen - x[0] * shape(x[1], 100 * x[2])

        other = least_squares(left, [seen[0], start, 0.6], bounds=([0, 0, 0], [np.inf, 1, 20]), x_scale=[300, 1, 1])
        # They may end in minima on different sides of one half: on the same side the loop is no worse.
        if abs(other.x[1] - at[0]) < 0.1:
            assert found <= 2 * other.cost * (1 + 1e-4) + 1e-6


def test_best_of_a_dense_grid():
    """No fraction and rate of a grid leave less over than the fit, but for the grid's step."""
    lattice = _lattice(TE_S, FAT)
    fractions, rates = np.linspace(0, 1, 201), np.linspace(0, 300, 151)
    shapes = np.array([shape(f, r) for f in fractions for r in rates])
    shapes /= np.linalg.norm(shapes, axis=1, keepdims=True)
    out = np.empty(loops.RESULT)
    for seen in noisy(20, 30, seed=2):
        loops.fitted(out, seen, KNOWN, lattice, student(len(TE_S) - UNKNOWNS))
        least = (seen**2).sum() - ((shapes @ seen) ** 2).max()
        assert cost(seen, out[0], out[1]) <= least * (1 + 1e-6)


def test_spread_is_that_of_the_whole_normal_matrix():
    seen = 300 * shape(0.3, 70.0)
    step = 1e-6
    columns = np.column_stack(
        [
            shape(0.3, 70.0),
            300 * (shape(0.3 + step, 70.0) - shape(0.3 - step, 70.0)) / (2 * step),
            300 * (shape(0.3, 70.0 + step) - shape(0.3, 70.0 - step)) / (2 * step),
        ]
    )
    whole = np.linalg.inv(columns.T @ columns)
    assert loops.spread(seen, 0.3, 70.0, KNOWN) == pytest.approx(whole[1, 1], rel=1e-4)


def test_what_is_not_told_has_no_spread():
    """Fat that looks like water."""
    assert loops.spread(np.ones(6), 0.5, 50.0, (np.ones(6, complex), TE_S)) == np.inf


def test_voxels_that_are_not_wanted():
    rows = noisy(3, 30)
    out = np.empty((3, loops.RESULT))
    loops.fit(out, rows, np.array([1, 0, 1], np.uint8), KNOWN, _lattice(TE_S, FAT), 3.0)
    assert np.isfinite(out[[0, 2]]).all() and np.isnan(out[1]).all()
    assert ((out[[0, 2], 3] <= out[[0, 2], 0]) & (out[[0, 2], 0] <= out[[0, 2], 4])).all()
