"""The loops of two rates: the search over pairs, derivatives, steps that end at the truth."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.maps import separable_pair_loops as loops
from spinemets.maps.separable import rates_of, table_of

AT = np.linspace(0.0, 5.0, 30)
RATES = (1e-2, 1e2)
CURVES = np.exp(-np.multiply.outer(rates_of(RATES), AT))


def place(rate):
    """Place of a rate in the table."""
    return 1024 * np.log(rate / RATES[0]) / np.log(RATES[1] / RATES[0])


def worked(table, y):
    """Working rows with a voxel in the last one."""
    work = np.zeros((6, table.onto.shape[1]))
    work[5] = table.onto.T @ y
    return work


def test_curve_and_derivative():
    table = table_of(CURVES, RATES, two=True)
    a, derivative, beyond, _ = (np.empty(table.onto.shape[1]) for _ in range(4))
    loops.curve(a, derivative, table.cubes, place(0.8))
    assert a == pytest.approx(table.onto.T @ np.exp(-0.8 * AT), abs=1e-6)
    loops.curve(beyond, _, table.cubes, place(0.8) + 1e-3)
    assert derivative == pytest.approx((beyond - a) / 1e-3, abs=1e-5)


def test_amplitudes_at_given_rates():
    """A linear problem: what `lstsq` finds."""
    table = table_of(CURVES, RATES, two=True)
    y = np.random.default_rng(1).normal(size=len(AT))
    work, x = worked(table, y), np.empty(2)
    left = loops.residual(x, work, table.cubes, np.array([place(5.0), place(0.4)]))
    curves = np.stack([np.exp(-5.0 * AT), np.exp(-0.4 * AT)], axis=1)
    inside = table.onto @ (table.onto.T @ y)
    found, rest, *_ = np.linalg.lstsq(curves, inside, rcond=None)
    assert x == pytest.approx(found, abs=1e-5)
    assert left == pytest.approx(float(rest[0]), rel=1e-5)
    assert np.isinf(loops.residual(x, work, table.cubes, np.array([300.0, 300.0])))


def test_descent_ends_at_the_truth():
    table = table_of(CURVES, RATES, two=True)
    work, x = worked(table, 0.7 * np.exp(-6.0 * AT) + 0.3 * np.exp(-0.3 * AT)), np.empty(2)
    places = np.array([place(3.0), place(0.5)])
    left = loops.descend(x, places, work, table.cubes)
    assert left < 1e-12
    assert places == pytest.approx([place(6.0), place(0.3)], abs=0.1)
    assert x == pytest.approx([0.7, 0.3], abs=1e-3)


def test_jacobian():
    work, x = np.arange(12.0).reshape(6, 2), np.array([2.0, 3.0])
    assert [loops.jacobian(work, x, k, 1) for k in range(4)] == [1.0, 5.0, 2 * 3.0, 3 * 7.0]
    assert loops.dot(work[0], work[1]) == 3.0


def test_pairs_have_positive_amplitudes():
    table = table_of(CURVES, RATES, two=True)
    z = table.onto.T @ (np.exp(-20 * AT) + np.exp(-0.5 * AT))
    along = np.empty(table.coarse.shape[1])
    fast, slow = loops.best_pair(z, table.coarse, along, table.pairs)
    assert fast > slow
    z = table.onto.T @ -np.exp(-AT)
    assert loops.best_pair(z, table.coarse, along, table.pairs) == (0, 0)
