"""Metal on CT: vector E-67, counted photons, limits of the scale."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.knowledge.catalogue import table
from spinemets.physics import metal

# --- published vectors ------------------------------------------------------------------------------------------------


def test_titanium_starves_the_detector():
    """E-67: 0, 0.6 and 3 cm of titanium in 30 cm; a million photons in."""
    path = np.stack([[0.0, 0.6, 3.0], [30.0, 29.4, 27.0]], axis=-1)
    found = metal.behind(mu_per_cm=[2.6, 0.2], path_cm=path, photons_in=1e6)
    assert found.transmission == pytest.approx([0.00247875218, 0.000587285198, 1.8506012e-06], rel=1e-5)
    assert found.photons == pytest.approx([2478.75218, 587.285198, 1.8506012], rel=1e-5)
    assert found.sd_of_log == pytest.approx([0.0200855369, 0.0412643941, 0.735095189], rel=1e-5)


# --- slow and obviously right -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_transmission_against_photons_followed_one_by_one(seed: int):
    """Random rays: each photon draws the length after which each material stops it."""
    draw = np.random.default_rng(seed)
    mu, path = np.array([2.6, 0.2]), np.array([draw.uniform(0.0, 0.6), draw.uniform(1.0, 10.0)])
    passes = (draw.exponential(1.0 / mu, (500_000, 2)) > path).all(axis=1)
    found = metal.behind(mu_per_cm=mu, path_cm=path, photons_in=passes.size)
    assert float(found.photons) == pytest.approx(passes.sum(), abs=5.0 * math.sqrt(passes.sum()))


@pytest.mark.parametrize("photons", [50.0, 600.0, 20_000.0])
def test_noise_of_the_logarithm_against_throws(photons: float):
    """E-67: the scatter of -ln N of counted photons; within 2 % from 50 photons on."""
    draw = np.random.default_rng(67)
    thrown = metal.measured_line_integral(draw, line_integral=np.zeros(200_000), photons_in=photons)
    expected = metal.behind(mu_per_cm=[0.0], path_cm=[1.0], photons_in=photons).sd_of_log
    assert thrown.std() == pytest.approx(float(expected), rel=0.02)
    assert thrown.mean() == pytest.approx(1.0 / (2.0 * photons), abs=6.0 * thrown.std() / math.sqrt(thrown.size) + 2e-4)


def test_starved_rays_read_too_low():
    """Behind 40 line integrals not one photon of a million is counted: the reading stops at ln of a million."""
    draw = np.random.default_rng(1)
    found = metal.measured_line_integral(draw, line_integral=np.full(100, 40.0), photons_in=1e6)
    assert found == pytest.approx(np.full(100, math.log(1e6)))


# --- properties -------------------------------------------------------------------------------------------------------


@given(first=st.floats(0.0, 5.0), second=st.floats(0.0, 5.0))
def test_paths_multiply(first, second):
    """Property: what two paths let through together is the product of what each does."""

    def share(cm):
        return float(metal.behind(mu_per_cm=[2.6], path_cm=[cm], photons_in=1.0).transmission)

    assert share(first + second) == pytest.approx(share(first) * share(second), rel=1e-9)


@given(dose=st.floats(1.0, 1e6))
def test_four_times_the_dose_halves_the_noise(dose):
    """Property: square root law."""
    less, more = (
        float(metal.behind(mu_per_cm=[2.6], path_cm=[1.0], photons_in=n).sd_of_log) for n in (dose, 4.0 * dose)
    )
    assert more == pytest.approx(less / 2.0, rel=1e-9)


def test_scale_ends():
    """12 bits end at 3071 HU, as the synthetic patient's table says; the extended scale holds titanium and more."""
    values = [-1000.0, 1650.0, 12550.0, 44000.0]
    assert metal.clipped_hu(values) == pytest.approx([-1000.0, 1650.0, 3071.0, 3071.0])
    assert metal.clipped_hu(values, extended=True) == pytest.approx([-1000.0, 1650.0, 12550.0, 30710.0])
    assert table("tissues")["metal_limit_hu"] == metal.LIMIT_12_BIT_HU
