"""Passes over an image, against slow and plain ways."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import convolve1d

from spinemets.phantom.training import filters

SHAPE = (6, 9, 11)


@pytest.fixture
def image():
    """Any image."""
    return np.random.default_rng(1).uniform(1, 2, SHAPE).astype(np.float32)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_convolution(image, axis):
    """As another library does it, ends repeated, kernel not turned round."""
    kernel = np.array([0.1, 0.2, 0.4, 0.25, 0.05], np.float32)
    out = np.empty_like(image)
    filters.along(out, image, axis, kernel)
    assert np.abs(out - convolve1d(image, kernel[::-1], axis=axis, mode="nearest")).max() < 1e-5


def test_gain_is_a_product_of_lines_and_bends(image):
    """Gains along each axis times the mixed terms."""
    lines = [np.linspace(1, 2, n).astype(np.float32) for n in SHAPE]
    cross = np.array([0.2, -0.1, 0.3], np.float32)
    got = image.copy()
    filters.scale(got, *lines, cross)
    u, v, w = np.meshgrid(*(np.linspace(-1, 1, n) for n in SHAPE), indexing="ij")
    bend = 1 + cross[0] * u * v + cross[1] * v * w + cross[2] * u * w
    x, y, z = np.meshgrid(*lines, indexing="ij")
    assert np.abs(got - image * x * y * z * bend).max() < 1e-4


def test_magnitude_of_noise(image):
    """Root of the sum of squares of both channels."""
    noise = np.random.default_rng(2).standard_normal((2, *SHAPE), np.float32)
    got = image.copy()
    filters.magnitude(got, noise, np.float32(0.3))
    assert np.abs(got - np.hypot(image + 0.3 * noise[0], 0.3 * noise[1])).max() < 1e-5


def test_void_around_a_bar():
    """No signal within the reach of the bar, a rim beyond, the rest as it was."""
    image = np.ones((20, 30, 40), np.float32)
    bars = np.array([[[10, 20, 10], [10, 20, 30]]], np.float32)
    spacing = np.array([1.0, 1.0, 1.0], np.float32)
    filters.voids(image, bars, spacing, np.float32(4.0), np.float32(2.0))
    i, j, k = np.indices(image.shape)
    away = np.sqrt((i - 10) ** 2 + (j - 20) ** 2 + (k - np.clip(k, 10, 30)) ** 2)
    assert (image[away <= 4] <= 1e-6).all()
    assert image[np.abs(away - 5.5) < 0.2].mean() > 2
    assert (image[away > 7.01] == 1).all()


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_streaks_fade_from_a_bar(axis):
    """Rays of both signs in its planes only, whichever axis those lie across, weaker far away, of mean nothing."""
    image = np.zeros(np.roll((20, 60, 60), axis), np.float32)
    middle = np.roll((5.0, 30.0, 30.0), axis)
    along = np.roll((1.0, 0.0, 0.0), axis)
    bars = np.array([[middle - along, middle + along]], np.float32)
    filters.streaks(image, bars, np.ones(3, np.float32), axis, np.float32(100.0), np.float32(0.4))
    planes = np.moveaxis(image, axis, 0)
    assert (planes[12:] == 0).all()
    near, far = planes[5, 28:33, 28:33], planes[5, :, :3]
    assert near.max() > 0 > near.min()
    assert np.abs(far).max() < 0.3 * np.abs(near).max()
    assert abs(planes[5].mean()) < 5
