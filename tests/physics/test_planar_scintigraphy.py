"""Planar bone scans: vectors E-80 and E-81, photons followed one by one, quadrature, limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.knowledge.catalogue import table
from spinemets.physics import planar_scintigraphy as planar
from spinemets.physics.planar_scintigraphy import Layers

DEPTHS = st.floats(0.0, 20.0)


def column(lesion: float) -> Layers:
    """Posterior soft tissue, a body with a lesion, bone behind it, soft tissue in front."""
    return Layers(z0_cm=[0.0, 5.0, 8.0, 9.0], z1_cm=[5.0, 8.0, 9.0, 24.0], uptake=[0.15, lesion, 1.0, 0.15])


def random_layers(draw) -> Layers:
    """Six layers from 0 to at most 24 cm."""
    edges = np.sort(draw.uniform(0.0, 24.0, 7))
    return Layers(z0_cm=edges[:-1], z1_cm=edges[1:], uptake=draw.uniform(0.0, 5.0, 6))


# --- published vectors ------------------------------------------------------------------------------------------------


def test_views_of_a_thin_source():
    """E-80: 7 of 22 cm from behind."""
    found = planar.point_views(source_counts=10_000.0, mu_per_cm=0.15, thickness_cm=22.0, depth_from_posterior_cm=7.0)
    assert float(found.anterior) == pytest.approx(1053.99225, rel=1e-6)
    assert float(found.posterior) == pytest.approx(3499.37749, rel=1e-6)
    assert float(found.geometric_mean) == pytest.approx(1920.49909, rel=1e-6)
    assert float(found.corrected) == pytest.approx(10_000.0, rel=1e-6)


def test_a_lesion_in_a_column():
    """E-81: normal, fourfold and cold; four times the uptake is seen as 2.57."""
    counts = np.array([float(planar.layer_counts(column(uptake), mu_per_cm=0.15)) for uptake in (1.0, 4.0, 0.3)])
    assert counts == pytest.approx([2.18039193, 5.60383875, 1.38158768], rel=1e-6)
    ratio = planar.ratio_to_normal(counts, counts[0])
    assert ratio == pytest.approx([1.0, 2.57010617, 0.633641895], rel=1e-6)


def test_attenuation_of_the_table():
    """0.15 per cm is water at 140.5 keV to two digits (0.1537)."""
    rows = table("attenuation")
    at = rows["energy_kev"].index(rows["bone_scan"]["energy_kev"])
    water = rows["materials"]["water"]["mass_attenuation_cm2_per_g"][at]
    assert rows["bone_scan"]["mu_narrow_beam_per_cm"] == round(water, 2)


# --- slow and obviously right -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_counts_against_photons_followed_one_by_one(seed: int):
    """Random columns: photons start where the uptake is and leave if they live longer than their depth."""
    draw = np.random.default_rng(seed)
    layers, mu, thickness = random_layers(draw), draw.uniform(0.08, 0.2), 24.0
    z0, z1, uptake = (np.asarray(values) for values in (layers.z0_cm, layers.z1_cm, layers.uptake))
    whole = (uptake * (z1 - z0)).sum()
    chosen = draw.choice(z0.size, 400_000, p=uptake * (z1 - z0) / whole)
    depth = draw.uniform(z0[chosen], z1[chosen])
    lives = draw.exponential(1.0 / mu, depth.size)
    views = planar.layer_views(layers, mu_per_cm=mu, thickness_cm=thickness)
    assert float(views.posterior) == pytest.approx(whole * (lives > depth).mean(), rel=0.01)
    assert float(views.anterior) == pytest.approx(whole * (lives > thickness - depth).mean(), rel=0.015)


@pytest.mark.parametrize("seed", range(4))
def test_counts_against_thin_slices(seed: int):
    """Random columns summed slice by slice, the middle of each at its own depth."""
    draw = np.random.default_rng(20 + seed)
    layers, mu = random_layers(draw), draw.uniform(0.08, 0.2)
    slow = 0.0
    for z0, z1, uptake in zip(layers.z0_cm, layers.z1_cm, layers.uptake, strict=True):
        step = (z1 - z0) / 2000
        slow += uptake * step * np.exp(-mu * (z0 + (np.arange(2000) + 0.5) * step)).sum()
    assert float(planar.layer_counts(layers, mu_per_cm=mu)) == pytest.approx(slow, rel=1e-6)


def test_columns_of_voxels():
    """A picture: the last axis is depth, the same formula for many columns at once."""
    uptake = np.random.default_rng(3).uniform(0.0, 4.0, (3, 4, 48))
    edges = np.arange(49) * 0.5
    found = planar.layer_counts(Layers(z0_cm=edges[:-1], z1_cm=edges[1:], uptake=uptake), mu_per_cm=0.12)
    assert found.shape == (3, 4)
    for i, j in ((0, 0), (2, 3)):
        one = sum(
            u * (math.exp(-0.12 * a) - math.exp(-0.12 * b)) / 0.12
            for u, a, b in zip(uptake[i, j], edges[:-1], edges[1:], strict=True)
        )
        assert found[i, j] == pytest.approx(one, rel=1e-12)


# --- properties -------------------------------------------------------------------------------------------------------


@given(depth=DEPTHS, other=DEPTHS, mu=st.floats(0.0, 0.3))
def test_the_geometric_mean_does_not_know_the_depth(depth, other, mu):
    """Property: the same for any depth; corrected, it gives the source back; turned round, the views change places."""

    def views(z):
        return planar.point_views(source_counts=1e4, mu_per_cm=mu, thickness_cm=20.0, depth_from_posterior_cm=z)

    assert float(views(depth).geometric_mean) == pytest.approx(float(views(other).geometric_mean), rel=1e-9)
    assert float(views(depth).corrected) == pytest.approx(1e4, rel=1e-9)
    assert float(views(depth).anterior) == pytest.approx(float(views(20.0 - depth).posterior), rel=1e-9)


@given(first=st.integers(0, 99), second=st.integers(0, 99), gain=st.floats(0.0, 5.0))
def test_counts_are_linear_in_the_uptake(first, second, gain):
    """Property: uptakes add."""
    edges = np.linspace(0.0, 20.0, 6)
    a, b = (np.random.default_rng(seed).uniform(0.0, 4.0, 5) for seed in (first, second))

    def counts(uptake):
        return float(planar.layer_counts(Layers(z0_cm=edges[:-1], z1_cm=edges[1:], uptake=uptake), mu_per_cm=0.15))

    assert counts(a + gain * b) == pytest.approx(counts(a) + gain * counts(b), rel=1e-9, abs=1e-12)


@given(uptake=st.floats(0.0, 20.0))
def test_a_lesion_is_seen_weaker_than_it_is(uptake):
    """Property: the planar ratio lies between 1 and the uptake ratio, hot or cold."""
    counts = [float(planar.layer_counts(column(u), mu_per_cm=0.15)) for u in (uptake, 1.0)]
    ratio = float(planar.ratio_to_normal(*counts))
    assert min(uptake, 1.0) - 1e-9 <= ratio <= max(uptake, 1.0) + 1e-9


def test_without_attenuation():
    """Limit: mu = 0 counts everything, from both sides alike; a small mu comes near it."""
    views = planar.layer_views(column(4.0), mu_per_cm=0.0, thickness_cm=24.0)
    everything = 0.15 * 5.0 + 4.0 * 3.0 + 1.0 + 0.15 * 15.0
    assert float(views.anterior) == pytest.approx(everything)
    assert float(views.posterior) == pytest.approx(everything)
    assert float(planar.layer_counts(column(4.0), mu_per_cm=1e-9)) == pytest.approx(everything, rel=1e-7)


def test_a_thin_layer_is_a_point():
    """Limit: 10 000 counts in a layer of a micrometre, as E-80."""
    thin = Layers(z0_cm=[7.0], z1_cm=[7.0001], uptake=[1e8])
    views = planar.layer_views(thin, mu_per_cm=0.15, thickness_cm=22.0)
    assert float(views.posterior) == pytest.approx(3499.37749, rel=1e-4)
    assert float(views.corrected) == pytest.approx(10_000.0, rel=1e-4)


def test_layers_outside_the_body():
    """A bad call says where the body ends."""
    with pytest.raises(ValueError, match="outside a body of 20 cm"):
        planar.layer_views(column(1.0), mu_per_cm=0.15, thickness_cm=20.0)


def test_blur_grows_with_depth():
    """4 mm at the collimator and 0.04 mm more per mm."""
    assert planar.collimator_fwhm_mm([0.0, 100.0]) == pytest.approx([4.0, 8.0])
