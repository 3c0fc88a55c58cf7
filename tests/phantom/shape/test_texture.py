"""Random fields are functions of space with known mean, spread and length."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

from spinemets.phantom.shape.texture import LATTICE, Field, Spectrum, apart, islands, stream


@pytest.fixture(scope="module")
def points():
    """Fine lines of points through 60 mm."""
    axis = np.arange(0, 40, 0.37, dtype=np.float32)
    return axis[:, None, None], axis[None, :, None], axis[None, None, :]


@pytest.fixture(scope="module")
def field():
    """Field of 2 mm length."""
    return Field.make(np.random.default_rng(3), 2.0)


def test_streams_are_split_by_name():
    """PHA-02: all randomness from one seeded generator, split by name."""
    first = stream(1, "sizes").standard_normal(4)
    assert np.array_equal(first, stream(1, "sizes").standard_normal(4))
    assert not np.array_equal(first, stream(1, "texture").standard_normal(4))
    assert not np.array_equal(first, stream(2, "sizes").standard_normal(4))


def test_zero_mean_unit_spread(field, points):
    """Read anywhere, also between the nodes, the field has mean 0 and sd 1."""
    values = field.at(*points)
    assert values.mean() == pytest.approx(0.0, abs=0.02)
    assert values.std() == pytest.approx(1.0, abs=0.03)


def test_correlation_length(field):
    """The correlation falls to one half at half the stated full width."""
    axis = np.arange(0, 28, 0.1, dtype=np.float32)
    other = np.linspace(0, 25, 40, dtype=np.float32)
    line = field.at(axis[:, None, None], other[None, :, None], other[None, None, :])
    at_half = (line[:-10] * line[10:]).mean() / (line**2).mean()
    assert at_half == pytest.approx(0.5, abs=0.08)


def test_log_normal_keeps_the_mean(field, points):
    """Texture changes no mean: log-normal of mean 1 and the stated variation."""
    wanted = np.ones(np.broadcast_shapes(*(p.shape for p in points)), bool)
    values = field.log_normal(wanted, points, 0.2)
    assert values.mean() == pytest.approx(1.0, abs=0.006)
    assert values.std() == pytest.approx(0.2, abs=0.012)
    assert values.min() > 0


def test_only_wanted_points_are_read(field):
    """Elsewhere the field is its mean."""
    axis = np.arange(5, dtype=np.float32)
    wanted = np.zeros((5, 5, 5), bool)
    wanted[2, 2, 2] = True
    u, v, w = axis[:, None, None], axis[None, :, None], axis[None, None, :]
    values = field.where(wanted, (u, v, w))
    assert np.count_nonzero(values) == 1
    assert values[2, 2, 2] == pytest.approx(float(field.at(*(np.array([2.0], np.float32),) * 3)[0]), abs=1e-5)


def test_stretch_lengthens_the_third_axis():
    """Vertical struts: longer along s."""
    field = Field.make(np.random.default_rng(5), 2.0, stretch=3.0)
    axis = np.arange(0, 20, 0.5, dtype=np.float32)
    values = field.at(axis[:, None, None], axis[None, :, None], axis[None, None, :])
    across = (values[:-2] * values[2:]).mean()
    along = (values[:, :, :-2] * values[:, :, 2:]).mean()
    assert along > across + 0.2


@pytest.mark.parametrize("share", [0.15, 0.5, 0.8])
def test_islands_fill_their_share(share):
    """The highest part of a field of mean 0 and sd 1: half on its quantile, on average the share."""
    values = np.random.default_rng(4).standard_normal(20000).astype(np.float32)
    found = islands(values, share, 50.0)
    assert found.mean() == pytest.approx(share, abs=0.02)
    assert found[np.argsort(values)[-10:]].min() == 1.0
    level = np.float32(ndtri(1 - share))
    assert islands(np.array([level]), share) == pytest.approx([0.5])


SPECTRUM = Spectrum(step_mm=0.9, longest_mm=12.0, steepness=3.4, stretch=2.0)


def test_patches_of_all_lengths_have_zero_mean_unit_spread():
    """Read between the nodes of a whole period: what linear reading takes from the short waves is given back exactly."""
    field = Field.scale_free(np.random.default_rng(1), SPECTRUM)
    axis = (np.arange(0, LATTICE, 0.71) * SPECTRUM.step_mm).astype(np.float32)
    values = field.at(axis[:, None, None], axis[None, :, None], axis[None, None, :])
    assert values.mean() == pytest.approx(0.0, abs=0.02)
    assert values.std() == pytest.approx(1.0, abs=0.01)


def test_power_falls_with_frequency_as_stated():
    """Waves across and along: the same power where the stretched frequencies agree; as stated between them."""
    power = np.zeros((LATTICE,) * 3)
    for seed in range(3):
        power += np.abs(np.fft.fftn(Field.scale_free(np.random.default_rng(seed), SPECTRUM).nodes)) ** 2
    turns = np.fft.fftfreq(LATTICE)
    k = np.sqrt(turns[:, None, None] ** 2 + turns[None, :, None] ** 2 + (2 * turns[None, None, :]) ** 2)
    per_mm = k / SPECTRUM.step_mm
    rings = [(per_mm > low) & (per_mm < low * 1.1) for low in (0.3, 0.6)]
    expected = (1 + (12.0 * per_mm) ** 2) ** -1.7
    fall, stated = (np.log(p[rings[1]].mean() / p[rings[0]].mean()) for p in (power, expected))
    assert fall == pytest.approx(stated, abs=0.06)
    flat = Spectrum(step_mm=0.9, longest_mm=12.0, steepness=3.4)
    across, along = (
        np.abs(np.diff(Field.scale_free(np.random.default_rng(2), s).nodes, axis=2)).mean() for s in (flat, SPECTRUM)
    )
    assert along < 0.8 * across


def test_things_in_their_own_frames_read_places_apart():
    """Thirty vertebrae in one period of 72 mm: no two read the field within 8 mm of each other."""
    places = np.array([apart(n, 72.0) for n in range(1, 31)])
    gaps = np.abs(places[:, None] - places[None])
    gaps = np.linalg.norm(np.minimum(gaps, 72.0 - gaps), axis=-1) + np.eye(30) * 99
    assert gaps.min() > 8.0


def test_a_negative_spread_turns_the_field_over(field, points):
    """High where the field is low, the mean still 1."""
    wanted = np.ones(np.broadcast_shapes(*(p.shape for p in points)), bool)
    values = field.log_normal(wanted, points, -0.1)
    assert values.mean() == pytest.approx(1.0, abs=0.004)
    assert np.corrcoef(values.ravel(), field.at(*points).ravel())[0, 1] < -0.99
