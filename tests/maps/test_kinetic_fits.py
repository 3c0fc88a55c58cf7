"""Models as rates and amplitudes: parameters back from curves that the second implementation made; delays; wider intervals."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.knowledge.lookup import table
from spinemets.maps import kinetic_fits
from spinemets.maps.aif import parker
from spinemets.maps.kinetic_curves import input_of
from spinemets.physics.tissue_kinetics import (
    ExchangeParameters,
    UptakeParameters,
    extended_tofts,
    patlak,
    tofts,
    two_compartment_exchange,
    two_compartment_uptake,
)

TIMES_MIN = np.arange(0.0, 6.0, 0.025)
PLASMA = parker(60 * TIMES_MIN, delay_s=15.0)
RULES = {
    name: float(row["value"]) for name, row in table("kinetics").items() if isinstance(row, dict) and "value" in row
}
CURVE = {"time_min": TIMES_MIN, "plasma_mmol_per_l": PLASMA}


def fitted(model, curves, delays="none", wanted=None):
    rows = np.ascontiguousarray(np.atleast_2d(curves), np.float32)
    chosen = np.ones(len(rows), bool) if wanted is None else wanted
    tissues = kinetic_fits.tissues_of(input_of(TIMES_MIN, PLASMA), RULES)
    return kinetic_fits.of_model(model, tissues, kinetic_fits.Samples(rows=rows, wanted=chosen), RULES, delays)


def made(model):
    """A curve of the forward model, and the parameters that it was made with."""
    if model == "tofts":
        return tofts(**CURVE, ktrans_per_min=0.12, ve=0.25), {"ktrans_per_min": 0.12, "ve": 0.25, "kep_per_min": 0.48}
    if model == "extended_tofts":
        return extended_tofts(**CURVE, ktrans_per_min=0.12, ve=0.25, vp=0.03), {
            "ktrans_per_min": 0.12,
            "ve": 0.25,
            "vp": 0.03,
        }
    if model == "patlak":
        return patlak(**CURVE, ktrans_per_min=0.05, vp=0.04), {"ps_per_min": 0.05, "vp": 0.04}
    if model == "2cxm":
        tissue = ExchangeParameters(fp_per_min=0.25, ps_per_min=0.12, vp=0.05, ve=0.2)
        wanted = {
            "fp_ml_per_100ml_per_min": 25.0,
            "ps_per_min": 0.12,
            "vp": 0.05,
            "ve": 0.2,
            "ktrans_per_min": 0.25 * 0.12 / 0.37,
        }
        return two_compartment_exchange(**CURVE, tissue=tissue), wanted
    tissue = UptakeParameters(fp_per_min=0.25, ps_per_min=0.12, vp=0.05)
    return two_compartment_uptake(**CURVE, tissue=tissue), {
        "fp_ml_per_100ml_per_min": 25.0,
        "ps_per_min": 0.12,
        "vp": 0.05,
    }


@pytest.mark.parametrize("model", list(kinetic_fits.MODELS))
def test_parameters_come_back(model):
    """The forward models join samples by straight lines, the fits by a smooth curve: within 1 %."""
    curve, wanted = made(model)
    found = fitted(model, curve)
    assert found.found.all()
    for name, truth in wanted.items():
        assert found.parameters[name][0][0] == pytest.approx(truth, rel=1e-2), name


@pytest.mark.parametrize("model", list(kinetic_fits.MODELS))
def test_delay_is_found(model):
    """Seven seconds late, to a tenth or two."""
    curve, wanted = made(model)
    late = np.interp(TIMES_MIN - 7.0 / 60, TIMES_MIN, np.asarray(curve).reshape(-1), left=0.0)
    found = fitted(model, late, "fit")
    assert found.delay_s[0] == pytest.approx(7.0, abs=0.25)
    assert found.delay_ci_s[0, 0] <= found.delay_s[0] <= found.delay_ci_s[0, 1]
    for name, truth in wanted.items():
        assert found.parameters[name][0][0] == pytest.approx(truth, rel=0.05), name
    given = fitted(model, late, np.array([7.0]))
    assert given.delay_s[0] == 7.0
    assert given.n_parameters == found.n_parameters


def test_only_what_is_wanted():
    curve, _ = made("tofts")
    rows = np.tile(np.asarray(curve).reshape(-1), (4, 1))
    for delays in ("none", "fit"):
        found = fitted("tofts", rows, delays, wanted=np.array([True, False, True, False]))
        assert found.found.tolist() == [True, False, True, False]
        assert found.parameters["ve"][0][[0, 2]] == pytest.approx(0.25, rel=1e-2)
    assert not fitted("tofts", rows, "fit", wanted=np.zeros(4, bool)).found.any()


def test_no_volume_below_zero():
    """A curve that asks for less than no plasma gets none, and the rest as the model without it."""
    curve = np.asarray(tofts(**CURVE, ktrans_per_min=0.1, ve=0.3)).reshape(-1) - 0.01 * PLASMA
    found = fitted("extended_tofts", [curve, curve + 0.06 * PLASMA])
    assert found.parameters["vp"][0][0] == 0.0
    assert found.parameters["vp"][0][1] == pytest.approx(0.05, rel=0.05)
    alone = fitted("tofts", curve)
    assert found.parameters["ktrans_per_min"][0][0] == pytest.approx(alone.parameters["ktrans_per_min"][0][0])


def test_no_exchange_below_zero():
    area = np.concatenate([[0], np.cumsum((PLASMA[1:] + PLASMA[:-1]) / 2 * 0.025)])
    curve = np.asarray(made("2cum")[0]).reshape(-1) - 0.01 * area - 0.12 * 0.25 / 0.37 * area
    found = fitted("2cum", curve)
    assert found.parameters["ps_per_min"][0][0] == 0.0
    assert found.parameters["fp_ml_per_100ml_per_min"][0][0] > 0.0
    line = 0.05 * PLASMA - 0.02 * area
    plain = fitted("patlak", line)
    assert plain.parameters["ps_per_min"][0][0] == 0.0 and plain.parameters["vp"][0][0] > 0.0


def test_wider_intervals():
    """Half of what a parameter changes by, as an independent part."""
    curve, _ = made("tofts")
    best = fitted("tofts", curve)
    wide = kinetic_fits.widened(
        best, [(fitted("tofts", 1.2 * np.asarray(curve)), fitted("tofts", 0.8 * np.asarray(curve)))]
    )
    value, interval = wide.parameters["ktrans_per_min"]
    assert interval[0] == pytest.approx([value[0] - 0.2 * value[0], value[0] + 0.2 * value[0]], rel=0.02)
    # kep does not change with a factor.
    assert wide.parameters["kep_per_min"][1][0] == pytest.approx(best.parameters["kep_per_min"][1][0], rel=1e-3)


def test_compartments_of_two_exponentials():
    """E-48 backwards: rates 7.606 and 0.394 /min, E 0.361, Fp 0.25 give PS 0.12, vp 0.05, ve 0.2, Ktrans 0.0811."""
    share, flow = 0.361324951, 0.25
    parts = np.array([[flow * (1 - share), flow * share, 7.60555128, 0.394448725]])
    found = kinetic_fits._compartments(np.log(parts))
    wanted = {
        "fp_ml_per_100ml_per_min": 25.0,
        "ps_per_min": 0.12,
        "vp": 0.05,
        "ve": 0.2,
        "ktrans_per_min": 0.0810810811,
        "kep_per_min": 0.0810810811 / 0.2,
    }
    for name, value in wanted.items():
        if name != "kep_per_min":
            assert found[name][0] == pytest.approx(value, rel=1e-6), name
    # kep of the exchange model is Ktrans/ve.
    assert found["kep_per_min"][0] == pytest.approx(found["ktrans_per_min"][0] / found["ve"][0], rel=1e-9)


def test_uptake_parameters_of_an_exponential():
    """E-49 backwards: Tp 0.135 min, Ktrans 0.0811."""
    from spinemets.maps.separable import OneRate

    flow, k, rate = 0.25, 0.0810810811, 1 / 0.135135135
    one = np.ones((1, 3))
    made = OneRate(
        rate=rate * one,
        amplitude=(flow - k) * one,
        other=k * one,
        noise=np.zeros(1),
        noise_other=np.zeros(1),
        other_per_amplitude=np.zeros(1),
        rss=np.zeros(1),
        found=np.ones(1, bool),
        decided=np.ones(1, bool),
        open_ends=np.zeros((1, 2), bool),
    )
    found = kinetic_fits._uptake_parameters(made)
    assert found["fp_ml_per_100ml_per_min"][0][0] == pytest.approx(25.0)
    assert found["ps_per_min"][0][0] == pytest.approx(0.12, rel=1e-6)
    assert found["vp"][0][0] == pytest.approx(0.05, rel=1e-6)
    assert found["ktrans_per_min"][1][0] == pytest.approx([k, k])


def test_values_among_all_voxels():
    spread = kinetic_fits._Spread(np.array([1, 3]), 5)
    assert spread(np.array([7.0, 8.0])).tolist() == [0, 7, 0, 8, 0]
    assert spread(np.array([[1.0, 2.0], [3.0, 4.0]]))[3].tolist() == [3.0, 4.0]
    everything = np.array([5.0, 6.0])
    assert kinetic_fits._Spread(np.arange(2), 2)(everything) is everything


def test_delays_that_fit():
    """Half a step beyond the first and last delay within the limit; never below 0."""
    near = np.array([0, 1])
    costs = {0.0: (near, np.array([1.0, 9.0])), 0.1: (near, np.array([0.9, 1.1])), 0.2: (near, np.array([3.0, 1.0]))}
    found = kinetic_fits._that_fit(costs, np.array([1.05, 1.2]), np.array([0.1, 0.2]), 0.05)
    assert found[0] == pytest.approx([0.0, 0.15])
    assert found[1] == pytest.approx([0.05, 0.25])


@pytest.mark.parametrize("model", ["tofts", "extended_tofts", "patlak", "2cum"])
def test_noise_makes_intervals_wider(model):
    """Ten times the noise, ten times the width, for what is well told."""
    curve = np.asarray(made(model)[0]).reshape(-1)
    draw = np.random.default_rng(9)
    noise = draw.standard_normal((30, len(curve)))
    name = "vp" if model in ("patlak", "extended_tofts") else "ktrans_per_min"
    widths = [np.median(np.diff(fitted(model, curve + sd * noise).parameters[name][1], axis=1)) for sd in (0.001, 0.01)]
    assert widths[1] / widths[0] == pytest.approx(10.0, rel=0.5)


def test_some_of_the_samples():
    """Those asked for, all of them wanted, each with its own step of rounding."""
    rows = np.arange(12, dtype=np.float32).reshape(4, 3)
    samples = kinetic_fits.Samples(rows=rows, wanted=np.zeros(4, bool), steps=10 * rows)
    some = samples.of(np.array([1, 3]))
    assert some.rows.tolist() == rows[[1, 3]].tolist() and some.steps.tolist() == (10 * rows[[1, 3]]).tolist()
    assert some.wanted.all() and len(some.wanted) == 2
    everything = samples.of(np.arange(4))
    assert everything.rows is rows and everything.wanted.all()
    assert kinetic_fits.Samples(rows=rows, wanted=np.zeros(4, bool)).of(np.array([2])).steps is None


def test_tissue_without_delay_is_made_once():
    tissues = kinetic_fits.tissues_of(input_of(TIMES_MIN, PLASMA), RULES)
    assert tissues.at(0.0) is tissues.at(0.0) and tissues.at(0.0).alone is tissues.undelayed.alone
    later = tissues.at(3.0)
    assert later is not tissues.at(3.0)
    assert later.plasma[2:] == pytest.approx(tissues.undelayed.plasma[:-2], abs=1e-9)


def test_rounding_widens_intervals_alone():
    """Steps of rounding change no value; where they are small against the noise, no interval either."""
    noise = 0.01 * np.random.default_rng(11).standard_normal((40, len(TIMES_MIN)))
    rows = np.ascontiguousarray(np.asarray(made("extended_tofts")[0]) + noise, np.float32)
    tissues = kinetic_fits.tissues_of(input_of(TIMES_MIN, PLASMA), RULES)
    plain, fine, coarse = (
        kinetic_fits.of_model(
            "extended_tofts", tissues, kinetic_fits.Samples(rows=rows, wanted=np.ones(40, bool), steps=steps), RULES, "none"
        )
        for steps in (None, np.full_like(rows, 0.001), np.full_like(rows, 0.1))
    )  # fmt: skip
    for name, (value, interval) in plain.parameters.items():
        assert np.array_equal(fine.parameters[name][0], value) and np.array_equal(fine.parameters[name][1], interval)
        assert np.array_equal(coarse.parameters[name][0], value)
        assert (np.diff(coarse.parameters[name][1]) > 1.2 * np.diff(interval)).mean() > 0.9, name
