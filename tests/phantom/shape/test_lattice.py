"""Reading between evenly spaced samples, compiled, against scipy and numpy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from spinemets.phantom.shape.curves import Curve
from spinemets.phantom.shape.texture import LATTICE, Field


@pytest.fixture(scope="module")
def field():
    return Field.make(np.random.default_rng(3), 3.0, stretch=2.0)


def expected(field, points):
    places = np.stack([p / np.float32(s) for p, s in zip(np.broadcast_arrays(*points), field.step_mm, strict=True)])
    return map_coordinates(field.nodes, places, order=1, mode="grid-wrap", output=np.float32)


def test_periodic_lattice(field):
    """Any point of space, far beyond the lattice on both sides; a float32 holds 400 mm to 3e-5 of a node's distance."""
    points = np.random.default_rng(1).uniform(-400, 400, (3, 8, 9, 10)).astype(np.float32)
    assert field.at(*points) == pytest.approx(expected(field, points), abs=3e-4)


def test_coordinates_of_a_straight_block(field):
    """Coordinates that count for whole axes need not be repeated."""
    axes = [np.linspace(-40, 300, n, dtype=np.float32) for n in (5, 6, 7)]
    points = axes[0][:, None, None], axes[1][None, :, None], axes[2][None, None, :]
    assert field.at(*points) == pytest.approx(expected(field, points), abs=1e-4)


@pytest.mark.parametrize("turn", [-2, -1, 0, 1, 3])
def test_nodes_and_seams(field, turn):
    """On a node its own value, one period on the same again; nothing breaks a hair below a seam."""
    nodes = (np.arange(LATTICE) + turn * LATTICE) * field.step_mm[0]
    zero = np.zeros(1, np.float32)
    assert field.at(nodes.astype(np.float32), zero, zero) == pytest.approx(field.nodes[:, 0, 0], abs=2e-4)
    seam = np.nextafter(np.float32(turn * LATTICE * field.step_mm[0]), np.float32(-np.inf), dtype=np.float32)
    assert field.at(np.array([seam]), zero, zero) == pytest.approx(field.nodes[0, 0, 0], abs=2e-4)


@pytest.mark.parametrize("shape", [(), (50,), (4, 5), (3, 4, 5)])
def test_table_along_a_line(shape):
    """Between its nodes straight, beyond its ends the values there: numpy.interp."""
    curve = Curve.through([(0.0, 10.0), (40.0, 20.0), (90.0, 15.0)])
    z = np.random.default_rng(5).uniform(-300, 400, shape)
    found = curve.at(z)
    assert found.shape == shape
    assert found == pytest.approx(np.interp(z, curve.z, curve.values), abs=1e-5)
    assert curve.at(curve.z[[0, -1]]) == pytest.approx(curve.values[[0, -1]])
