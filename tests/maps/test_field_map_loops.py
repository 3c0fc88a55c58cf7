"""The loops of the field: mean of neighbours, the choice of one voxel, growth that reaches all."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.maps import field_map_loops as loops

GRID = (1, 3, 3)


def test_mean_of_neighbours():
    """Those across a face count twice."""
    field = np.full(9, np.nan, np.float32)
    field[1], field[0] = 30.0, 90.0
    mean, weight = loops.around((np.zeros(9, np.int8), field), 4, GRID)
    assert weight == 3.0 and mean == pytest.approx((2 * 30 + 90) / 3)
    assert loops.around((np.zeros(9, np.int8), np.full(9, np.nan, np.float32)), 4, GRID) == (0.0, 0.0)


def test_choice_of_a_voxel():
    """The neighbours win over a small advantage, not over a large one; periods are added to be near."""
    fields = np.array([[-100.0, 20.0]], np.float32)
    out = (np.full(1, -1, np.int8), np.full(1, np.nan, np.float32))
    loops.decide(out, fields, np.array([[0.0, 2.0]], np.float32), (0, 25.0, 4.0), (300.0, 40.0))
    assert out[0][0] == 1 and out[1][0] == 20.0
    loops.decide(out, fields, np.array([[0.0, 20.0]], np.float32), (0, 25.0, 1.0), (300.0, 40.0))
    assert out[0][0] == 0 and out[1][0] == -100.0
    loops.decide(out, fields, np.array([[0.0, 20.0]], np.float32), (0, 580.0, 4.0), (300.0, 40.0))
    assert out[1][0] == pytest.approx(500.0)
    loops.decide(out, fields, np.array([[np.inf, 1.0]], np.float32), (0, 0.0, 0.0), (0.0, 40.0))
    assert out[0][0] == 1


def test_growth_reaches_all_with_a_candidate():
    draw = np.random.default_rng(1)
    fields = np.ascontiguousarray(draw.uniform(-5, 5, (27, 2)), np.float32)
    against = np.zeros((27, 2), np.float32)
    against[13] = np.inf
    out = (np.full(27, -1, np.int8), np.full(27, np.nan, np.float32))
    loops.grow(out, fields, against, (np.zeros(27, np.float32), 3, 3, 3), (0.0, 40.0))
    assert np.isnan(out[1]).tolist() == [n == 13 for n in range(27)]
    before = out[1].copy()
    loops.sweep(out, fields, against, (3, 3, 3), (0.0, 40.0))
    assert np.isnan(out[1][13]) and np.isfinite(before[:13]).all()
