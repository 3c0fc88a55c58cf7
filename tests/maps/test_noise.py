"""Noise of images: found to a few percent whatever stands beside it, refused where it is not there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinemets.maps.in_order import Sorted, in_order
from spinemets.maps.noise import of_background, of_two_images
from spinemets.physics.rician import rician_moments


def image(sigma, *, share=0.5, seed=1, channels=1, low=False):
    """A bright disc with structure in noise; `low` puts a dark rim around it."""
    draw = np.random.default_rng(seed)
    i, j = np.mgrid[:96, :96] / 48.0 - 1
    radius = np.hypot(i, j)
    truth = np.where(radius < np.sqrt(4 * (1 - share) / np.pi), 300 + 200 * np.sin(9 * i), 0.0)
    if low:
        truth = np.where((truth == 0) & (radius < 0.95), 3 * sigma, truth)
    planes = [
        truth[..., None] / np.sqrt(channels)
        + sigma * (draw.standard_normal((96, 96, 4)) + 1j * draw.standard_normal((96, 96, 4)))
        for _ in range(channels)
    ]
    return np.sqrt(sum(np.abs(plane) ** 2 for plane in planes))


@given(sigma=st.floats(1.0, 15.0), share=st.floats(0.35, 0.8), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_within_a_seventh(sigma, share, seed):
    found = of_background(image(sigma, share=share, seed=seed))
    assert found.sigma == pytest.approx(sigma, rel=0.15)
    assert found.method == "background" and found.n_voxels > 200 and not found.reason


@pytest.mark.parametrize("sigma", [4.0, 10.0, 40.0])
def test_whole_numbers(sigma):
    """Stored integers are rounded: the same noise, and always the same answer."""
    stored = np.rint(image(sigma)).astype(np.int16)
    assert of_background(stored).sigma == pytest.approx(sigma, rel=0.08)
    assert of_background(stored) == of_background(stored)


def test_dark_tissue_beside_it():
    assert of_background(image(10.0, low=True)).sigma == pytest.approx(10.0, rel=0.2)


def test_units_do_not_matter():
    assert of_background(7.5 * image(4.0)).sigma == pytest.approx(7.5 * of_background(image(4.0)).sigma, rel=1e-6)


@pytest.mark.parametrize(
    ("what", "word"),
    [
        (np.where(image(5.0) < 40, 0.0, image(5.0)), "blanked"),
        (500 + np.zeros((96, 96, 4)) + image(5.0)[..., :4], "free of signal"),
        (image(5.0, channels=8), ""),
        (np.ones((4, 4)), "too small"),
        (np.full((96, 96), np.nan), "too small"),
        (np.abs(np.random.default_rng(1).standard_normal((96, 96, 4)) + 1j * np.random.default_rng(2).standard_normal((96, 96, 4))), "stands above"),
    ],
)  # fmt: skip
def test_no_noise_to_be_found(what, word):
    """A reason, never a number."""
    found = of_background(what)
    assert found.sigma is None and word in found.reason and found.reason


def test_two_images_of_the_same():
    first, second = image(6.0, seed=1), image(6.0, seed=2)
    found = of_two_images(first, second, mask=first > 100)
    assert found.sigma == pytest.approx(6.0, rel=0.03) and found.method == "two images"
    assert of_two_images(first, second).sigma == pytest.approx(6.0, rel=0.1)
    moved = np.array(second)
    moved[:30] += 400
    assert of_two_images(first, moved, mask=first > 100).sigma == pytest.approx(6.0, rel=0.4)


def test_two_images_that_tell_nothing():
    first = image(6.0)
    assert "the same" in of_two_images(first, first).reason
    assert "too few" in of_two_images(first, first, mask=np.zeros(first.shape, bool)).reason


def test_background_of_the_forward_model():
    """E-36: mean and sd of noise alone are 1.2533 and 0.6551 sigma."""
    draw = np.random.default_rng(3)
    alone = np.abs(draw.standard_normal(200_000) + 1j * draw.standard_normal(200_000))
    mean, sd = rician_moments(nu=[0.0], sigma=1.0)
    assert alone.mean() == pytest.approx(float(mean[0]), rel=0.01)
    assert alone.std() == pytest.approx(float(sd[0]), rel=0.01)


def rayleigh(sigma, n, seed=1):
    """Magnitudes of noise alone, in order."""
    draw = np.random.default_rng(seed)
    return in_order(np.abs(sigma * (draw.standard_normal(n) + 1j * draw.standard_normal(n))))


@pytest.mark.parametrize("a", [0.4, 0.6, 1.0, 1.5])
def test_growth_of_noise_alone(a):
    """At any reach the number of voxels grows as the distribution says."""
    from spinemets.maps.noise import _from_growth

    assert _from_growth(rayleigh(3.0, 200_000), 3.0 * a) == pytest.approx(3.0, rel=0.05)


def test_growth_that_is_not_that_of_noise():
    """Too few voxels, none more beyond, or more than noise has."""
    from spinemets.maps.noise import _from_growth

    assert _from_growth(rayleigh(3.0, 100), 1.8) is None
    assert _from_growth(Sorted(np.full(1000, 1.0)), 2.0) is None
    steep = np.sort(10.0 * np.random.default_rng(1).random(5000) ** 0.2)
    assert _from_growth(Sorted(steep), 4.0) is None


def test_noise_settles_at_itself():
    from spinemets.maps.noise import _settled

    assert _settled(rayleigh(5.0, 60_000), 0.0) == pytest.approx(5.0, rel=0.05)
    assert of_background(np.linspace(1.0, 2.0, 5000)).sigma is None


@pytest.mark.parametrize("sigma", [4.0, 8.0, 40.0])
def test_an_image_that_lies_backwards_in_memory(sigma):
    """Property: the same voxels are looked at, whatever axis runs fastest and whether whole numbers are stored as such."""
    stored = np.rint(np.tile(image(sigma), (1, 1, 12))).astype(np.int16)
    assert stored.size > 2 * 200_000
    backwards = np.empty(stored.shape[::-1], np.int16).T
    backwards[...] = stored
    found = of_background(stored)
    assert found.sigma is not None
    assert (
        of_background(backwards)
        == of_background(stored.astype(np.float32))
        == of_background(backwards.astype(float))
        == found
    )
