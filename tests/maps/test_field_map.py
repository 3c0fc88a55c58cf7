"""Fields over neighbours: wraps and exchanges are undone, gaps start anew, in two and three dimensions."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.maps.field_map import MOST_WEIGHT, agrees, chosen, weighed

PERIOD, ENERGY = 300.0, 1e4


def problem(shape, rise, seed=1):
    """A smooth field, wrapped; a wrong candidate 200 Hz away that some voxels like better."""
    draw = np.random.default_rng(seed)
    axes = np.meshgrid(*[np.linspace(-1, 1, n) for n in shape], indexing="ij")
    truth = (rise * sum(axes) + 30 * np.sin(3 * axes[0])).reshape(-1)

    def wrapped(hz):
        return hz - PERIOD * np.floor(hz / PERIOD + 0.5)

    right, wrong = wrapped(truth + 5 * draw.standard_normal(truth.size)), wrapped(truth + 200.0)
    better = draw.random(truth.size) < 0.15
    fields = np.where(better[:, None], np.stack([wrong, right], 1), np.stack([right, wrong], 1))
    costs = np.stack([np.ones(truth.size), np.where(better, 1.2, 4.0)], axis=1)
    return truth, fields, costs, better


def choice(fields, costs, energy, shape, period_hz):
    """Candidates weighed and chosen, as a fit of an image does."""
    return chosen(fields.astype(np.float32), *weighed(costs, energy, 7), shape, period_hz=period_hz)


def test_weights():
    """-2 ln L of least squares; what cannot be is infinite, what noise alone left over is no place to start."""
    costs = np.array([[2.0, 4.0], [2.0, np.inf], [np.inf, np.inf], [1.0, 1e9]])
    against, certain = weighed(costs, np.array([1e3, 2.0, 1.0, 1e3]), 7)
    assert against[0].tolist() == pytest.approx([0.0, 7 * np.log(2.0)])
    assert against[1].tolist() == [0.0, np.inf] and np.isinf(against[2]).all() and against[3, 1] == MOST_WEIGHT
    assert certain[1] == 0.0 and certain[2] == np.inf
    assert certain[3] < certain[0] < certain[1]
    assert against.dtype == certain.dtype == np.float32


@pytest.mark.parametrize(("shape", "rise"), [((30, 40), 400.0), ((12, 14, 10), 150.0)])
def test_wraps_and_exchanges(shape, rise):
    truth, fields, costs, better = problem(shape, rise)
    which, hz = choice(fields, costs, ENERGY * np.ones(len(costs)), shape, PERIOD)
    offset = np.round(np.median(hz - truth) / PERIOD) * PERIOD
    assert (np.abs(hz - offset - truth) < 40).mean() > 0.995
    assert ((which == 1) == better).mean() > 0.99


def test_without_a_period():
    shape = (20, 20)
    truth, _, costs, better = problem(shape, 60.0)
    right, wrong = truth, truth + 200
    fields = np.where(better[:, None], np.stack([wrong, right], 1), np.stack([right, wrong], 1))
    which, hz = choice(fields, costs, ENERGY * np.ones(len(costs)), shape, 0.0)
    assert ((which == 1) == better).mean() > 0.99
    assert set(np.unique(np.abs(hz - truth) < 1e-4)) <= {True, False}


def test_gaps():
    """Voxels without candidate stay without field; what lies beyond a gap starts from the field nearest 0."""
    _truth, fields, costs, _ = problem((20, 30), 50.0)
    costs = costs.reshape(20, 30, 2)
    costs[:, 14:17] = np.inf
    which, hz = choice(fields, costs.reshape(-1, 2), ENERGY * np.ones(600), (20, 30), PERIOD)
    image = hz.reshape(20, 30)
    assert np.isnan(image[:, 14:17]).all() and np.isfinite(image[:, :14]).all() and np.isfinite(image[:, 17:]).all()
    assert np.nanmax(np.abs(image)) < PERIOD
    assert (which >= 0).all()


def test_agreement_with_neighbours():
    image = np.full((5, 5), 10.0)
    image[2, 2] = 150.0
    image[0, 0] = np.nan
    found = agrees(image.reshape(-1).astype(np.float32), (5, 5)).reshape(5, 5)
    assert not found[2, 2] and not found[0, 0]
    assert found[4, 4] and found[0, 2]
    assert not agrees(np.array([np.nan, 5.0, np.nan], np.float32), (1, 3)).any()


def test_noise_is_no_place_to_start():
    """Voxels of noise with one candidate and a field of their own do not pull the tissue beside them along."""
    truth, fields, costs, _ = problem((20, 20), 50.0)
    energy = ENERGY * np.ones(400)
    image = np.arange(400).reshape(20, 20)
    noise = image[0, ::2]
    fields[noise], costs[noise, 0], costs[noise, 1], energy[noise] = truth[noise, None] + 200.0, 3.0, np.inf, 5.0
    _, hz = choice(fields, costs, energy, (20, 20), PERIOD)
    inside = image[2:].reshape(-1)
    assert (np.abs(hz - truth)[inside] < 40).mean() > 0.99
