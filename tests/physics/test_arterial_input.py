"""Arterial input functions: vectors E-43 and E-44, published tables, and sums of densities from scipy."""

from __future__ import annotations

import csv
import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from spinemets.physics.arterial_input import BiExponentialInput, GeorgiouInput, ParkerInput

PARKER, GEORGIOU, WEINMANN = ParkerInput.POPULATION_2006, GeorgiouInput.POPULATION_2018, BiExponentialInput.WEINMANN
INPUTS = {"parker": PARKER, "georgiou": GEORGIOU, "weinmann": WEINMANN}


@pytest.fixture
def table(shared_data):
    """Columns label, time in min, blood in mmol/l and delay in s of a published table."""

    def read(name: str):
        path = shared_data.parent / "reference" / "osipi_dce" / name
        if not path.is_file():
            pytest.skip("reference suites are not here")
        with path.open() as file:
            rows = list(csv.DictReader(file))
        return tuple(np.array([float(row.get(key, 0.0)) for row in rows]) for key in ("time", "Cb", "delay"))

    return read


def test_parker():
    """E-43: blood and plasma, Hct 0.42; 0.0804 at the moment of arrival."""
    time = [0.0, 0.1, 0.17046, 0.3, 0.5, 1.0, 2.0, 5.0]
    blood = [0.0803846733, 2.75255974, 6.06925072, 1.29063016, 1.22472041, 0.887187235, 0.749604282, 0.452164225]
    plasma = [0.138594264, 4.74579266, 10.4642254, 2.22522441, 2.11158691, 1.52963316, 1.29242118, 0.779593491]
    assert PARKER.blood_mmol_per_l(time) == pytest.approx(blood, rel=1e-5)
    assert PARKER.plasma_mmol_per_l(time) == pytest.approx(plasma, rel=1e-5)


def test_georgiou():
    """E-44: blood at nine times, three passes and the washout."""
    time = [0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0]
    blood = [
        1.89185816, 7.85837038, 8.02281952, 5.08029583, 1.39740585, 1.99785759, 1.26875227, 0.997273122, 0.65110469,
    ]  # fmt: skip
    assert GEORGIOU.blood_mmol_per_l(time) == pytest.approx(blood, rel=1e-5)


def test_published_constants_of_the_weinmann_curve():
    """Input of E-52: 0.1 mmol/kg, a 3.99 and 4.78 kg/l, m 0.144 and 0.0111 per min; 0.877 mmol/l at once."""
    assert WEINMANN.plasma_mmol_per_l(0.0) == pytest.approx(0.1 * (3.99 + 4.78), rel=1e-12)
    expected = 0.1 * (3.99 * np.exp(-0.144 * 7.0) + 4.78 * np.exp(-0.0111 * 7.0))
    assert WEINMANN.plasma_mmol_per_l(7.0) == pytest.approx(expected, rel=1e-12)


def test_parker_as_a_sum_of_normal_densities():
    """A_n times a normal density, and a logistic switch, for the published and for random constants."""
    draw = np.random.default_rng(43)
    for _ in range(5):
        model = dataclasses.replace(
            PARKER,
            centres_min=tuple(draw.uniform(0.1, 0.5, 2)),
            widths_min=tuple(draw.uniform(0.03, 0.2, 2)),
            tau_min=float(draw.uniform(0.3, 0.7)),
        )
        for t in draw.uniform(0.0, 6.0, 20):
            pairs = zip(model.areas_mmol_min_per_l, model.centres_min, model.widths_min, strict=True)
            slow = sum(a * stats.norm.pdf(t, c, w) for a, c, w in pairs)
            slow += 1.05 * np.exp(-0.1685 * t) * special.expit(38.078 * (t - model.tau_min))
            assert model.blood_mmol_per_l(t) == pytest.approx(slow, rel=1e-12)


def test_georgiou_by_the_plain_formula():
    """Powers and Gamma functions as printed, while they do not overflow."""
    for t in np.linspace(0.01, 2.5, 60):
        envelope = 0.37 * np.exp(-0.11 * t) + 0.33 * np.exp(-1.17 * t) + 10.06 * np.exp(-16.02 * t)
        passes = 0.0
        for k in range(int(t // 0.129) + 1):
            x, q = t - k * 0.129, (k + 1) * 5.26 + k
            passes += x**q * np.exp(-x / 0.032) / (0.032 ** (q + 1) * special.gamma(q + 1))
        assert GEORGIOU.blood_mmol_per_l(t) == pytest.approx(envelope * passes, rel=1e-10)


def test_georgiou_as_a_sum_of_gamma_densities_long_after_the_overflow():
    """Each pass is a gamma density of shape q + 1; at 12 min the 93rd pass begins."""
    draw = np.random.default_rng(44)
    for _ in range(3):
        alpha, beta, tau = draw.uniform(3, 7), draw.uniform(0.02, 0.05), draw.uniform(0.1, 0.2)
        model = dataclasses.replace(GEORGIOU, alpha=alpha, beta_min=beta, tau_min=tau)
        time = draw.uniform(0.0, 12.0, 15)
        k = np.arange(200)[:, None]
        passes = stats.gamma.pdf(time - k * tau, (k + 1) * alpha + k + 1, scale=beta).sum(axis=0)
        envelope = 0.37 * np.exp(-0.11 * time) + 0.33 * np.exp(-1.17 * time) + 10.06 * np.exp(-16.02 * time)
        assert model.blood_mmol_per_l(time) == pytest.approx(envelope * passes, rel=1e-9)


@pytest.mark.parametrize("name", INPUTS)
@given(delay=st.floats(0.0, 2.0), time=st.floats(-3.0, 8.0))
def test_delay_shifts_the_curve(name, delay, time):
    """Property: a delayed input at t is the input at t - delay, and nothing before it arrives."""
    curve = INPUTS[name].plasma_mmol_per_l
    assert curve(time, delay_min=delay) == pytest.approx(curve(time - delay), rel=1e-12)
    assert curve(time, delay_min=delay) >= 0.0
    if time < delay:
        assert curve(time, delay_min=delay) == 0.0


@pytest.mark.parametrize("name", ["parker", "georgiou"])
@given(hematocrit=st.floats(0.2, 0.6))
def test_haematocrit_is_applied_once(name, hematocrit):
    """Property: plasma holds what blood holds, in the share that is not cells."""
    model = dataclasses.replace(INPUTS[name], hematocrit=hematocrit)
    time = np.linspace(0.0, 5.0, 11)
    assert model.plasma_mmol_per_l(time) * (1.0 - hematocrit) == pytest.approx(INPUTS[name].blood_mmol_per_l(time))


@pytest.mark.parametrize("name", INPUTS)
def test_times_keep_their_shape(name):
    """Arrays of times of any shape, also none and empty."""
    curve = INPUTS[name].plasma_mmol_per_l
    assert curve(0.5).shape == () and curve([]).shape == (0,)
    times = np.linspace(-0.5, 3.0, 6).reshape(2, 3)
    assert curve(times) == pytest.approx(np.array([[float(curve(t)) for t in row] for row in times]))


@pytest.mark.parametrize("name", ["ParkerAIF_ref.csv", "ParkerAIF_ref_with_delay.csv"])
def test_parker_table(table, name):
    """The public tables, with several delays and time steps."""
    time, blood, delay = table(name)
    for late in np.unique(delay):
        at = delay == late
        found = PARKER.blood_mmol_per_l(time[at], delay_min=late / 60.0)
        np.testing.assert_allclose(found, blood[at], rtol=0, atol=1e-12)


def test_georgiou_table(table):
    """The public 0.1 s table: rounded constants differ by 0.082 mmol/l on the upslope, by 0.6 % after 1 min."""
    time, blood, _ = table("GeorgiouAIF_ref.csv")
    difference = np.abs(GEORGIOU.blood_mmol_per_l(time) - blood)
    late = time > 1.0
    assert difference.max() == pytest.approx(0.0816, abs=1e-4)
    assert (difference[late] / blood[late]).max() < 0.0062
    assert np.mean(difference <= 1e-4 + 0.01 * blood) > 0.95
