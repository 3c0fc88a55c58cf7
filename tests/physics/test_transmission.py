"""Attenuation that is not corrected."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.physics.transmission import mean_transmission

MU, RADIUS_CM, PIXEL_CM = 0.096, 10.0, 0.4


@pytest.fixture(scope="module")
def disc():
    """A disc of water (i, j, k) with the coordinates of its pixels; the second slice is empty."""
    n = 65
    x = (np.arange(n) - n // 2) * PIXEL_CM
    inside = np.hypot(x[:, None], x[None, :]) < RADIUS_CM
    return x, np.stack([inside * np.float32(MU), np.zeros_like(inside, np.float32)], axis=-1)


@pytest.fixture(scope="module")
def left(disc):
    """What is left in it."""
    return mean_transmission(disc[1], (PIXEL_CM, PIXEL_CM))


def chord_mean(r_cm, n=3600):
    """Mean of exp(-mu chord) over all lines through a point of the disc: chords by Pythagoras, angle by angle."""
    angle = np.arange(n) * np.pi / n
    foot = r_cm * np.sin(angle)
    return np.exp(-2 * MU * np.sqrt(np.maximum(RADIUS_CM**2 - foot**2, 0.0))).mean()


@pytest.mark.parametrize("pixels", [0, 5, 10, 15, 20])
def test_disc_is_that_of_its_chords(disc, left, pixels):
    """At the middle exp(-2 mu R), more towards the border: the known ring of uncorrected pictures."""
    n = disc[0].size // 2
    found = [left[n + pixels, n, 0], left[n - pixels, n, 0], left[n, n + pixels, 0], left[n, n - pixels, 0]]
    assert found == pytest.approx([chord_mean(pixels * PIXEL_CM)] * 4, rel=0.03)


def test_nothing_is_lost_where_nothing_attenuates(left):
    """An empty slice keeps all, whatever lies in the next."""
    assert left[:, :, 1] == pytest.approx(1.0, abs=1e-5)


def test_sides_of_the_pixel_count(disc):
    """Half as long pixels along i, half the attenuation along them: the same picture by either axis."""
    thin = np.repeat(disc[1][:, :, :1], 2, axis=0)
    found = mean_transmission(thin, (PIXEL_CM / 2, PIXEL_CM))
    turned = mean_transmission(thin.swapaxes(0, 1), (PIXEL_CM, PIXEL_CM / 2))
    assert turned.swapaxes(0, 1) == pytest.approx(found, rel=0.03, abs=0.002)
    assert found[65, 32, 0] == pytest.approx(np.exp(-2 * MU * RADIUS_CM), rel=0.03)
