"""Rays through a raster and back: a disc's chords, moments, and reconstruction."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.imaging import rays

N, PIXEL, BIN, BINS = 121, 1.5, 1.5, 171


def disc(radius, centre=(0.0, 0.0), value=1.0):
    """A disc with soft borders, as a scanner's raster has them."""
    a, b = (np.indices((N, N)) - (N - 1) / 2) * PIXEL
    distance = np.hypot(a - centre[0], b - centre[1]) - radius
    return np.asarray(value * np.clip(0.5 - distance / PIXEL, 0.0, 1.0), np.float32)


def projected(image, n_angles=60, centre=(0.0, 0.0)):
    """Line integrals of a raster."""
    lengths = np.zeros((n_angles, BINS), np.float32)
    rays.project(lengths, image, rays.angles(n_angles), (PIXEL, BIN, *centre))
    return lengths


def places():
    """Of the bins."""
    return (np.arange(BINS) - (BINS - 1) / 2) * BIN


@pytest.mark.parametrize("centre", [(0.0, 0.0), (21.0, -13.0)])
def test_lengths_through_a_disc_are_its_chords(centre):
    """``2 sqrt(r^2 - s^2)`` for every angle, s from the disc's centre."""
    found, angles = projected(disc(40.0, centre)), rays.angles(60)[:, None]
    s = places()[None] - centre[0] * np.cos(angles) - centre[1] * np.sin(angles)
    chord = 2 * np.sqrt(np.maximum(40.0**2 - s**2, 0.0))
    inner = np.abs(s) < 37.0
    assert found[inner] == pytest.approx(chord[inner], abs=1.0)
    assert not found[np.abs(s) > 43.0].any()


def test_a_raster_that_lies_elsewhere():
    """The same disc in a smaller raster off the centre gives the same rays."""
    whole = disc(20.0, (30.0, 15.0))
    part = np.ascontiguousarray(whole[60:110, 50:100])
    centre = ((60 + 49 / 2 - 60) * PIXEL, (50 + 49 / 2 - 60) * PIXEL)
    assert projected(part, centre=centre) == pytest.approx(projected(whole), abs=0.75)


def test_every_angle_sees_all_of_it():
    """The sum over the bins is the raster's area times its value, to a thousandth or two."""
    sums = projected(disc(35.0, (5.0, 9.0), 2.0)).sum(axis=1) * BIN
    assert sums == pytest.approx(disc(35.0, (5.0, 9.0), 2.0).sum() * PIXEL**2, rel=2e-3)


def test_a_disc_comes_back():
    """Filtered back-projection gives the value inside, and nothing outside."""
    angles = rays.angles(180)
    image = disc(40.0, (10.0, -6.0), 3.0)
    back = np.zeros((N, N), np.float32)
    rays.back_project(back, rays.filtered(projected(image, 180), BIN), angles, (PIXEL, BIN, 0.0, 0.0))
    a, b = (np.indices((N, N)) - (N - 1) / 2) * PIXEL
    from_it = np.hypot(a - 10.0, b + 6.0)
    assert back[from_it < 34].mean() == pytest.approx(3.0, rel=0.01)
    assert np.abs(back[from_it < 30] - 3.0).max() < 0.15
    assert abs(back[(from_it > 46) & (np.hypot(a, b) < 85)].mean()) < 0.03


def test_back_projection_is_the_mean_over_the_angles():
    """One ray of each angle holds 1: the point they all meet has 1, others what the angles give them."""
    found = np.zeros((N, N), np.float32)
    lengths = np.ones((7, BINS), np.float32)
    lengths[3] = 8.0
    rays.back_project(found, lengths, rays.angles(7), (PIXEL, BIN, 0.0, 0.0))
    assert found == pytest.approx(2.0)


def test_the_filter_takes_no_offset_for_an_object():
    """Wide even rays filter to about nothing in their middle; the filter is linear."""
    even = np.ones((1, 2001), np.float32)
    assert abs(rays.filtered(even, 1.0)[0, 1000]) < 2e-3
    some = np.random.default_rng(1).standard_normal((2, 64)).astype(np.float32)
    assert rays.filtered(some[:1] + 2 * some[1:], 1.0) == pytest.approx(
        rays.filtered(some[:1], 1.0) + 2 * rays.filtered(some[1:], 1.0), abs=1e-4
    )


def test_units_of_the_filter():
    """Lengths and bins in other units: the picture keeps its values."""
    lengths = projected(disc(40.0), 4)
    assert rays.filtered(lengths * 10, BIN * 10) == pytest.approx(rays.filtered(lengths, BIN), abs=1e-5)
