"""Beam hardening: vector E-66, counted photons, exact inverses, a reconstructed dark band, and limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from spinemets.knowledge.catalogue import table
from spinemets.physics.beam_hardening import (
    Spectrum,
    WaterCorrection,
    behind_water,
    fit_water_correction,
    residual_error_cm,
)
from spinemets.physics.ct import Material

THREE_BINS = Spectrum(
    weight=[0.3, 0.4, 0.3],
    mu_per_cm={"water": [0.2269, 0.1929, 0.1763], "bone": [0.814, 0.498, 0.384]},
)
PATHS = st.floats(0.0, 40.0)


def from_the_table(energy_kev, weight) -> Spectrum:
    """A spectrum with water, bone and titanium of the knowledge table."""
    rows = table("attenuation")
    mu = {}
    for name in ("water", "cortical_bone", "titanium"):
        row = rows["materials"][name]
        material = Material(
            energy_kev=tuple(rows["energy_kev"]),
            mass_attenuation_cm2_per_g=tuple(row["mass_attenuation_cm2_per_g"]),
            density_g_per_ml=row["density_g_per_ml"],
        )
        mu[name] = material.mu_per_cm(energy_kev)
    return Spectrum(weight=weight, mu_per_cm=mu)


WIDE = from_the_table([45.0, 55.0, 65.0, 75.0, 90.0, 110.0], [0.1, 0.25, 0.25, 0.2, 0.15, 0.05])
CORRECTION = fit_water_correction(WIDE, longest_cm=45.0)


# --- published vectors ------------------------------------------------------------------------------------------------


def test_line_integrals():
    """E-66: water 0.01, 10, 20 cm, and 30 cm with 4 cm of bone."""
    found = THREE_BINS.line_integral({"water": [0.01, 10.0, 20.0, 30.0], "bone": [0.0, 0.0, 0.0, 4.0]})
    assert found == pytest.approx([0.00198117989, 1.96183003, 3.88834483, 7.58888826], rel=1e-6)


def test_effective_attenuation():
    """E-66: 0.198 per cm falls to 0.194 over 20 cm; the thin limit is the mean over the bins."""
    found = THREE_BINS.effective_mu_per_cm("water", [0.01, 10.0, 20.0])
    assert found == pytest.approx([0.198117989, 0.196183003, 0.194417242], rel=1e-6)
    assert THREE_BINS.thin_mu_per_cm("water") == pytest.approx(0.19812, rel=1e-6)
    assert float(THREE_BINS.effective_mu_per_cm("water", 0.0)) == pytest.approx(0.19812, rel=1e-6)


# --- slow and obviously right -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_line_integral_against_photons_followed_one_by_one(seed: int):
    """Random spectra and paths: each photon draws its energy and the length after which it is stopped."""
    draw = np.random.default_rng(seed)
    weight = draw.dirichlet(np.ones(4))
    mu = {"water": draw.uniform(0.15, 0.3, 4), "bone": draw.uniform(0.3, 0.9, 4)}
    path = {"water": draw.uniform(2.0, 8.0), "bone": draw.uniform(0.0, 2.0)}
    energy = draw.choice(4, 400_000, p=weight)
    passes = np.ones(energy.size, bool)
    for name, length in path.items():
        passes &= draw.exponential(1.0 / mu[name][energy]) > length
    found = float(Spectrum(weight=weight, mu_per_cm=mu).line_integral(path))
    assert found == pytest.approx(-math.log(passes.mean()), abs=5.0 / math.sqrt(passes.sum()))


@pytest.mark.parametrize("seed", range(4))
def test_line_integral_against_a_sum_over_energies(seed: int):
    """Random rays: the sum of section 7, bin by bin in plain Python."""
    draw = np.random.default_rng(seed)
    path = {
        "water": draw.uniform(0.0, 40.0, 3),
        "cortical_bone": draw.uniform(0.0, 6.0, 3),
        "titanium": [0.0, 0.4, 2.0],
    }
    found = WIDE.line_integral(path)
    for ray in range(3):
        through = 0.0
        for n, weight in enumerate(WIDE.weight):
            through += weight * math.exp(-sum(WIDE.mu_per_cm[name][n] * path[name][ray] for name in path))
        assert found[ray] == pytest.approx(-math.log(through), rel=1e-12)


def test_correction_against_the_exact_inverse():
    """The water that measures a line integral, found by root search ray by ray, not by a polynomial."""
    for length in np.random.default_rng(66).uniform(0.5, 45.0, 8):
        measured = float(WIDE.line_integral({"water": length}))
        exact = optimize.brentq(lambda x, m=measured: float(WIDE.line_integral({"water": x})) - m, 0.0, 60.0)
        assert float(CORRECTION.water_cm(measured)) == pytest.approx(exact, abs=CORRECTION.largest_error_cm + 1e-9)


def chord_cm(s, theta, disc):
    """Length of the ray at angle theta and distance s within a disc (x, y, radius)."""
    x, y, radius = disc
    off = s - (x * np.cos(theta) + y * np.sin(theta))
    return 2.0 * np.sqrt(np.maximum(radius**2 - off**2, 0.0))


def reconstructed(sinogram, s, theta, points):
    """Filtered back-projection at a few points: explicit ramp kernel (Ramachandran-Lakshminarayanan)."""
    step = s[1] - s[0]
    n = np.arange(-s.size + 1, s.size)
    with np.errstate(divide="ignore"):
        kernel = np.where(n == 0, 0.25, np.where(n % 2 == 0, 0.0, -1.0 / (math.pi * n) ** 2)) / step**2
    total = np.zeros(len(points))
    for angle, row in zip(theta, sinogram, strict=True):
        filtered = np.convolve(row, kernel)[s.size - 1 : 2 * s.size - 1]
        total += [np.interp(x * math.cos(angle) + y * math.sin(angle), s, filtered) * step for x, y in points]
    return total * math.pi / theta.size


@pytest.mark.parametrize("dense", ["cortical_bone", "titanium"])
def test_a_dark_band_lies_between_two_dense_parts(dense: str):
    """Two discs in a round body, reconstructed: between them it is darker than elsewhere at the same distance."""
    body, radius = (0.0, 0.0, 15.0), {"cortical_bone": 1.5, "titanium": 0.4}[dense]
    discs = [(-5.0, 0.0, radius), (5.0, 0.0, radius)]
    theta = np.arange(180) * math.pi / 180.0
    s = np.linspace(-16.0, 16.0, 321)
    grid_s, grid_theta = s[None, :], theta[:, None]
    hard = sum(chord_cm(grid_s, grid_theta, disc) for disc in discs)
    paths = {"water": chord_cm(grid_s, grid_theta, body) - hard, dense: hard}
    points = [(0.0, 0.0), (0.0, 6.0)]
    # The reconstruction itself is right: a body of water is 1 everywhere.
    whole = chord_cm(grid_s, grid_theta, body)
    assert reconstructed(whole, s, theta, points) == pytest.approx([1.0, 1.0], abs=0.005)
    between, beside = reconstructed(residual_error_cm(WIDE, CORRECTION, paths), s, theta, points)
    assert between < beside
    # An error of 1 is 1000 HU: the band is tens of HU deep between bones, hundreds between screws.
    assert 1000.0 * (beside - between) > {"cortical_bone": 20.0, "titanium": 100.0}[dense]


# --- properties -------------------------------------------------------------------------------------------------------


@given(first=PATHS, second=PATHS)
def test_hardening_only_ever_lowers(first, second):
    """Property: a path costs less behind another than alone; never less than in the hardest bin, nor more than thin."""
    alone = float(WIDE.line_integral({"water": first})) + float(WIDE.line_integral({"water": second}))
    together = float(WIDE.line_integral({"water": first + second}))
    assert together <= alone + 1e-9
    mu = np.asarray(WIDE.mu_per_cm["water"])
    assert mu.min() * (first + second) <= together + 1e-9
    assert together <= WIDE.thin_mu_per_cm("water") * (first + second) + 1e-9


@given(water=PATHS, bone=st.floats(0.0, 5.0))
def test_one_energy_does_not_harden(water, bone):
    """Property: in a single bin the line integral is the sum of the parts (Beer-Lambert)."""
    single = Spectrum(weight=[1.0], mu_per_cm={"water": [0.2], "bone": [0.6]})
    found = float(single.line_integral({"water": water, "bone": bone}))
    assert found == pytest.approx(0.2 * water + 0.6 * bone, rel=1e-9, abs=1e-12)


@given(water=PATHS)
def test_water_is_corrected(water):
    """Property: nothing is left of water up to the length of the fit."""
    error = float(residual_error_cm(WIDE, CORRECTION, {"water": water}))
    assert abs(error) <= 1.01 * CORRECTION.largest_error_cm + 1e-9
    assert CORRECTION.largest_error_cm < 0.01


@given(water=st.floats(5.0, 30.0), bone=st.floats(0.3, 5.0), more=st.floats(0.1, 2.0))
def test_bone_is_left_too_low_and_more_bone_lower(water, bone, more):
    """Property: the error of bone is negative and grows with the bone in the ray."""
    found = residual_error_cm(WIDE, CORRECTION, {"water": water, "cortical_bone": [bone, bone + more]})
    assert found[1] < found[0] < 0.0


def test_metal_does_not_underflow():
    """3 m of titanium, exp(-330) even in the hardest bin: a finite line integral, since only that bin counts."""
    found = float(WIDE.line_integral({"titanium": 300.0}))
    hardest = float(np.min(WIDE.mu_per_cm["titanium"]))
    assert found == pytest.approx(300.0 * hardest - math.log(0.05), rel=1e-9)


def test_correction_of_nothing_is_nothing():
    """No ray, no water; the slope of thin rays is exact."""
    assert float(CORRECTION.water_cm(0.0)) == 0.0
    assert CORRECTION.coefficients[0] == pytest.approx(1.0 / WIDE.thin_mu_per_cm("water"))
    cubic = WaterCorrection(coefficients=(5.0, 0.1, 0.02), longest_cm=1.0, largest_error_cm=0.0)
    assert float(cubic.water_cm(2.0)) == pytest.approx(5.0 * 2.0 + 0.1 * 4.0 + 0.02 * 8.0)


@pytest.mark.parametrize(
    ("weight", "mu", "match"), [([0.5, 0.4], [0.2, 0.2], "sum to 1"), ([0.5, 0.5], [0.2, 0.2, 0.2], "bins of energy")]
)
def test_a_spectrum_that_is_none(weight, mu, match: str):
    """A bad call says what is wrong with the spectrum."""
    with pytest.raises(ValueError, match=match):
        Spectrum(weight=weight, mu_per_cm={"water": mu})


def test_what_materials_count_for_behind_water():
    """A millimetre of bone behind 20 cm of water by the difference of two rays; less than in the thin beam."""
    counted = behind_water(WIDE, CORRECTION, water_cm=20.0)
    rays = WIDE.line_integral({"water": [20.0, 20.0], "cortical_bone": [0.0, 0.01]})
    assert counted["cortical_bone"] == pytest.approx(np.diff(CORRECTION.water_cm(rays))[0] / 0.01, rel=1e-3)
    assert counted["water"] == pytest.approx(1.0, abs=2e-3)
    thin = WIDE.thin_mu_per_cm("cortical_bone") / WIDE.thin_mu_per_cm("water")
    assert 1.0 < counted["cortical_bone"] < thin


def test_no_error_where_the_scale_was_set():
    """With those counts, a little bone behind that much water has no error, much bone a negative one."""
    counted = behind_water(WIDE, CORRECTION, water_cm=20.0)
    path = {"water": 20.0, "cortical_bone": np.array([0.0, 0.01, 2.0])}
    found = residual_error_cm(WIDE, CORRECTION, path, counted=counted)
    assert found[1] - found[0] == pytest.approx(0.0, abs=1e-5) and found[2] < -0.05
