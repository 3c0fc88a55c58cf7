"""Opposed-phase ratio: definition, vectors, noise."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from spinemets.maps.opposed_phase import ratio
from spinemets.model.errors import UsageError


def test_by_definition():
    """MR-CSI-01: 300 of 400 is 0.75, a drop of 25 %; above 1 it is a rise."""
    found = ratio([[400, 400, 400]], [[300, 200, 440]])
    assert found.ratio == pytest.approx(np.array([[0.75, 0.5, 1.1]]))
    assert found.drop_percent == pytest.approx(np.array([[25.0, 50.0, -10.0]]), abs=1e-4)
    assert found.valid.all()


def test_published_vectors(shared_data):
    """Magnitudes of two echoes of six-peak fat with decay."""
    path = shared_data.parent / "reference" / "dixon" / "in_opposed_vectors.csv"
    if not path.is_file():
        pytest.skip("reference suites are not here")
    with path.open() as file:
        rows = list(csv.DictReader(file))
    columns = {key: np.array([float(row[key]) for row in rows]) for key in rows[0] if key != "id"}
    found = ratio(columns["s_in"], columns["s_opposed"])
    assert found.ratio == pytest.approx(columns["ratio_opposed_over_in"], rel=1e-6)
    assert found.drop_percent == pytest.approx(columns["drop_percent"], abs=1e-3)


def test_signs_and_phases_are_left_out():
    """Complex and negative images give their magnitudes' ratio."""
    assert ratio(np.array([4.0 + 3.0j]), np.array([-2.5])).ratio == pytest.approx([0.5])


def test_the_noise_floor_is_taken_off():
    """Power of noise in both images: pure noise in the opposed one is a ratio near 0, not 1.25 sigma."""
    draw = np.random.default_rng(2)
    sigma, n = 10.0, 200_000

    def magnitude(a):
        return np.abs(a + sigma * (draw.standard_normal(n) + 1j * draw.standard_normal(n)))

    found = ratio(magnitude(200.0), magnitude(40.0), noise_sigma=sigma)
    assert np.sqrt(np.mean(found.ratio**2)) == pytest.approx(0.2, abs=0.002)
    assert np.median(ratio(magnitude(200.0), magnitude(0.0), noise_sigma=sigma).ratio) < 0.02


def test_what_is_not_valid():
    """No in-phase signal, or one within the noise, no number, outside the mask."""
    found = ratio([0.0, 25.0, np.nan, 400.0, 400.0], [1.0] * 5, noise_sigma=10.0, mask=[1, 1, 1, 1, 0])
    assert found.valid.tolist() == [False, False, False, True, False]
    assert np.isnan(found.ratio[[0, 1, 2, 4]]).all()


def test_images_of_two_grids():
    with pytest.raises(UsageError, match="one grid"):
        ratio(np.zeros((2, 3)), np.zeros((3, 2)))
