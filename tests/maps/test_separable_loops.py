"""The loops themselves: projection, tables between nodes, ends of intervals, correlation of residuals."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.maps import separable_loops as loops
from spinemets.maps.separable import NODES, rates_of, table_of

AT = np.linspace(0.0, 5.0, 30)
RATES = (1e-2, 1e2)
CURVES = np.exp(-np.multiply.outer(rates_of(RATES), AT))


@pytest.fixture(scope="module")
def table():
    return table_of(CURVES, RATES)


def test_projection():
    draw = np.random.default_rng(1)
    rows, onto = draw.normal(size=(4, 30)).astype(np.float32), draw.normal(size=(30, 6))
    z = np.empty(6)
    squares = loops.project(z, rows, 2, onto)
    assert z == pytest.approx(rows[2].astype(float) @ onto)
    assert squares == pytest.approx((rows[2].astype(float) ** 2).sum())


@pytest.mark.parametrize("place", [0.0, 10.25, 511.5, NODES - 1.0])
def test_between_nodes(table, place):
    """Splines of unit curves: value, slope and second derivative, by differences."""
    rate = float(table.rate(np.array([place]))[0])
    curve = np.exp(-rate * AT)
    z = np.random.default_rng(2).normal(size=table.onto.shape[1])
    truth = float(z @ (table.onto.T @ curve) / np.linalg.norm(curve))
    assert loops.along(z, table.cubes, place, 0) == pytest.approx(truth, abs=1e-7)
    assert loops.column(table.cubes, place, table.onto.shape[1]) == pytest.approx(1 / np.linalg.norm(curve), rel=1e-7)
    value, slope = loops.along_with_slope(z, table.cubes, place, 0)
    step = 1e-3 if place < NODES - 2 else -1e-3
    beyond, other = loops.along_with_slope(z, table.cubes, place + step, 0)
    assert value == loops.along(z, table.cubes, place, 0)
    assert slope == pytest.approx((beyond - value) / step, abs=1e-6)
    assert loops.bend(z, table.cubes, place, 0) == pytest.approx((other - slope) / step, abs=1e-5)


def test_the_best_place_is_that_of_all(table):
    """Against every node: no unit curve is more alike."""
    draw = np.random.default_rng(3)
    unit = CURVES / np.linalg.norm(CURVES, axis=1, keepdims=True)
    score = np.empty(table.coarse.shape[1])
    for _ in range(40):
        y = np.exp(-draw.uniform(0.1, 10) * AT) + 0.05 * draw.normal(size=len(AT))
        z = table.onto.T @ y
        place = loops.best_place(z, table.cubes, table.coarse, score, 0)
        assert loops.along(z, table.cubes, place, 0) >= (unit @ y).max() - 1e-9


def test_where_it_falls(table):
    z = table.onto.T @ np.exp(-AT)
    top = loops.best_place(z, table.cubes, table.coarse, np.empty(table.coarse.shape[1]), 0)
    most = loops.along(z, table.cubes, top, 0)
    for to in (0, NODES - 1):
        end = loops.where_falls(z, table.cubes, (top, 0.9 * most, 20.0), to, 0)
        assert loops.along(z, table.cubes, end, 0) == pytest.approx(0.9 * most, rel=1e-3)
        assert (end < top) == (to == 0)
    assert loops.where_falls(z, table.cubes, (top, -1.0, 20.0), NODES - 1, 0) == pytest.approx(NODES - 1, abs=0.1)


def test_correlation_of_residuals():
    draw = np.random.default_rng(4)
    white = draw.normal(size=2000)
    assert loops.correlation_time(white) < 1.5
    assert loops.correlation_time(np.repeat(white, 8)) == pytest.approx(8.0, rel=0.4)
    assert loops.correlation_time(np.zeros(20)) == 1.0


def test_reach():
    """Short series: Student's; long and independent ones the same; runs of equal samples make it wider."""
    rest = np.random.default_rng(5).normal(size=400)
    rss = float(rest @ rest)
    assert loops.reach_of(rest[:20], 2.0, rss, (2, 20)) == pytest.approx(2.0 * np.sqrt(rss / 18))
    free = loops.reach_of(rest, 1.97, rss, (2, 400))
    assert free == pytest.approx(1.97 * np.sqrt(rss / 398), rel=0.3)
    assert loops.reach_of(rest, 1.97, rss, (2, 10)) > 4 * free


def test_left_over():
    draw = np.random.default_rng(6)
    rows, onto = np.repeat(draw.normal(size=(1, 10)), 3, axis=1).astype(np.float32), draw.normal(size=(30, 4))
    rest, fitted = np.empty(30), draw.normal(size=4)
    assert loops.left_over(rest, rows, 0, onto, fitted) == 10
    assert rest == pytest.approx(rows[0] - onto @ fitted)


def test_directions(table):
    """The fit, and unit directions: that of the rate stands on the curve itself, which has unit length."""
    z = table.onto.T @ np.exp(-1.3 * AT)
    place = loops.best_place(z, table.cubes, table.coarse, np.empty(table.coarse.shape[1]), 0)
    ways = np.empty((4, len(z)))
    most = loops.along(z, table.cubes, place, 0)
    loops.directions(ways, z, table.cubes, (place, most), 0)
    assert table.onto @ ways[0] == pytest.approx(np.exp(-1.3 * AT), abs=1e-6)
    assert ways[1] @ ways[1] == pytest.approx(1.0) and ways[2] @ ways[2] == pytest.approx(1.0, abs=1e-6)
    assert ways[1] @ ways[2] == pytest.approx(0.0, abs=1e-4)
    step = np.exp(-1.3001 * AT) / np.linalg.norm(np.exp(-1.3001 * AT)) - table.onto @ ways[2]
    assert abs(step @ (table.onto @ ways[1])) == pytest.approx(np.linalg.norm(step), rel=1e-2)
    assert (ways[3] == 0.0).all()


def test_hidden_by_rounding(table):
    """Against errors written out: of each stretch within a step two, one at either end, straight between them."""
    draw = np.random.default_rng(7)
    z = table.onto.T @ (3.0 * np.exp(-0.7 * AT))
    ways = np.stack([z, *(draw.normal(size=(3, len(z))))])
    steps = np.full((1, len(AT)), 0.5, np.float32)
    steps[0, 20:] = 0.4
    found = np.empty(3)
    loops.hidden_by_rounding(found, ways, steps, 0, table.onto)
    fit, errors, first = table.onto @ z, [], 0
    for t in range(1, len(AT) + 1):
        if t == len(AT) or abs(fit[t] - fit[first]) > steps[0, t]:
            late = np.arange(t - first) / max(t - first - 1, 1)
            for weights in (1.0 - late, late):
                errors.append(np.zeros(len(AT)))
                errors[-1][first:t] = weights * steps[0, first:t]
            first = t
    assert 5 < len(errors) < 2 * len(AT)
    assert found == pytest.approx(((np.array(errors) @ table.onto @ ways[1:].T) ** 2).sum(axis=0))


def test_noise_parts_the_errors_of_rounding(table):
    """One level: without noise the error is one, and its reach that of half a step; noise of half a step leaves nothing of it."""
    level = table.onto.T @ np.ones(30)
    ways = np.stack([level, *(3 * [level / np.linalg.norm(level)])])
    steps = np.ones((1, 30), np.float32)
    for noise, common in ((0.0, 1.0), (0.2, np.exp(-4 * np.pi**2 * 0.04)), (0.5, 0.0)):
        out = np.full((1, len(loops.ONE)), 0.01)
        loops.shared_errors(out, ways, noise**2 + loops.UNIFORM, (steps, table.onto), 0)
        # Two independent ends of one stretch: half the variance that one error would have.
        wanted = loops.NORMAL * np.sqrt(common / 12 * 30 / 2)
        assert out[0, 13:16] == pytest.approx(3 * [max(wanted, 0.01)], rel=0.1, abs=0.05)
