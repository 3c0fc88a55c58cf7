"""Where the spine lies, and the network's scores there; with an engine that takes bright for bone and dark for canal."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.segmentation.network import inference


def test_a_small_field_is_looked_at_whole(card, engine, image):
    array, grid = image((20, 100, 80), (4.0, 2.0, 2.0), (8, 40, 30), (13, 60, 50))
    lattice = inference.whole_lattice(grid, card)
    scores = inference.scores_of(array, lattice, (card, engine), ct=False, finer=1)
    assert scores.lattice.shape == lattice.shape
    body = scores.shares[card.number("body")] > 127
    centre = scores.lattice.grid.to_lps_mm(np.argwhere(body).mean(axis=0))
    assert np.allclose(centre, grid.to_lps_mm([10, 49.5, 39.5]), atol=1.0)
    volume = body.sum() * np.prod(scores.lattice.spacing_mm)
    assert volume == pytest.approx(5 * 20 * 20 * 16, rel=0.3)


def test_offsets_are_millimetres(card, engine, image):
    array, grid = image((20, 100, 80), (4.0, 2.0, 2.0), (8, 40, 30), (13, 60, 50))
    scores = inference.scores_of(array, inference.whole_lattice(grid, card), (card, engine), ct=False, finer=1)
    assert np.allclose(scores.offset_mm[0], 0.5 * card.offset_unit_mm)
    assert np.allclose(scores.offset_mm[1], -1.0 * card.offset_unit_mm)
    inside = scores.shares[card.number("body")] > 127
    assert scores.core[inside].min() > 200


def test_a_search_looks_at_every_third_slice(card, engine, image):
    """In a field much larger than the spine each slab is normalised by itself; the places of its slices are kept."""
    array, grid = image((100, 200, 150), (4.0, 2.0, 2.0), (45, 60, 80), (56, 110, 100))
    lattice = inference.whole_lattice(grid, card)
    coarse = inference.search(array, lattice, (card, engine), ct=False, every=3)
    assert coarse.lattice.shape == (round(lattice.shape[0] / 3), *lattice.shape[1:])
    assert sum(run[0] for run in engine.runs) == coarse.lattice.shape[0]
    at = coarse.lattice.grid.to_lps_mm(np.argwhere(coarse.shares[card.number("body")] > 127))
    assert np.allclose(at.mean(axis=0), grid.to_lps_mm([50, 84.5, 89.5]), atol=4.6)


def test_ct_is_cut_to_its_limits_first(card, engine, image):
    """Metal must not take the scale: the same scores with a bright screw as without."""
    array, grid = image((20, 100, 80), (4.0, 2.0, 2.0), (8, 40, 30), (13, 60, 50))
    lattice = inference.whole_lattice(grid, card)
    plain = inference.scores_of(array, lattice, (card, engine), ct=True, finer=1)
    array[2:4, 10:14, 10:14] = 30000
    array[2:4, 20:24, 10:14] = -3000
    metal = inference.scores_of(array, lattice, (card, engine), ct=True, finer=1)
    body = card.number("body")
    clean, marred = (s.shares[body][14:] > 127 for s in (plain, metal))
    assert clean.sum() > 1000
    assert (clean != marred).sum() < 0.02 * clean.sum()


def test_twice_as_many_slices_see_the_networks_own_neighbours(card, engine, image):
    """The slices of a slab stay 3 mm apart where every 1.5 mm one is labelled."""
    array, grid = image((80, 100, 80), (1.0, 2.0, 2.0), (30, 40, 30), (50, 60, 50))
    lattice = inference.whole_lattice(grid, card)
    one = inference.scores_of(array, lattice, (card, engine), ct=False, finer=1)
    two = inference.scores_of(array, lattice, (card, engine), ct=False, finer=2)
    assert two.lattice.spacing_mm[0] == one.lattice.spacing_mm[0] / 2
    widths = [
        (s.shares[card.number("body")] > 127).any(axis=(1, 2)).sum() * s.lattice.spacing_mm[0] for s in (one, two)
    ]
    assert widths[1] == pytest.approx(20, abs=1.6)
    assert widths[0] == pytest.approx(20, abs=3.1)


def test_slabs_are_padded_to_what_the_network_takes(card, engine, image):
    array, grid = image((8, 47, 33), (4.0, 2.0, 2.0), (2, 10, 10), (6, 30, 20))
    inference.scores_of(array, inference.whole_lattice(grid, card), (card, engine), ct=False, finer=1)
    assert all(n % card.multiple == 0 for run in engine.runs for n in run[2:])
    assert all(run[1] == card.slices for run in engine.runs)
