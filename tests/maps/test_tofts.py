"""Concentration and kinetic parameters: vectors E-45 to E-55, refusals, shapes, intervals."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from spinemets.maps import kinetic_fits
from spinemets.maps import tofts as kinetics
from spinemets.maps.aif import parker
from spinemets.maps.kinetic_curves import input_of, response_of
from spinemets.maps.kinetic_signals import Signal
from spinemets.maps.tofts import concentration, fit, fit_signal
from spinemets.model.errors import UsageError
from spinemets.physics.spgr_concentration import SpoiledEcho, signal_ratio
from spinemets.physics.tissue_kinetics import extended_tofts, tofts

TIMES_S = 5.0 * np.arange(61)
PLASMA = parker(TIMES_S, delay_s=30.0)


def curves(ktrans, ve, vp=0.0):
    make = {"time_min": TIMES_S / 60, "plasma_mmol_per_l": PLASMA}
    return np.asarray(extended_tofts(**make, ktrans_per_min=np.asarray(ktrans), ve=np.asarray(ve), vp=np.asarray(vp)))


def test_concentration_of_a_ratio():
    """E-53: exact, and the first point is the baseline."""
    ratio = [1, 1.41386561, 2.70022152, 3.78046238, 5.82320582]
    found = concentration(100 * np.array(ratio), 1.1, 0.005, 15.0, 4.5)
    assert found == pytest.approx([0, 0.1, 0.5, 1, 3], abs=3e-6)


def test_above_saturation():
    """E-55: 8.56 times the baseline is more than any concentration gives."""
    assert np.isnan(concentration([1.0, 8.56408698], 1.1, 0.005, 15.0, 4.5)[1])


def test_concentration_against_the_forward_model():
    """T1 voxel by voxel; baseline as a number of points or a slice."""
    given = np.array([[0, 0, 0, 0.4, 1.2], [0, 0, 0, 0.1, 2.0]])
    signal = np.stack(
        [
            50
            * signal_ratio(
                conc_mmol_per_l=c, echo=SpoiledEcho(t10_ms=t, tr_ms=4.0, flip_deg=20.0, r1_per_mmol_per_s=4.1)
            )
            for c, t in zip(given, (900.0, 1500.0), strict=True)
        ]
    )
    for baseline in (1, 3, slice(1, 3)):
        assert concentration(signal, [0.9, 1.5], 0.004, 20.0, 4.1, baseline=baseline) == pytest.approx(given, abs=2e-5)


@pytest.mark.parametrize(("t10", "signal"), [(np.nan, [1.0, 2]), (0.0, [1.0, 2]), (1.0, [0.0, 2]), (1.0, [-1.0, 2])])
def test_no_concentration(t10, signal):
    assert np.isnan(concentration(signal, t10, 0.005, 15.0, 4.5)).all()


@pytest.mark.parametrize(
    ("tr", "angle", "r1", "baseline"), [(0, 15, 4.5, 1), (0.005, 0, 4.5, 1), (0.005, 15, 0, 1), (0.005, 15, 4.5, 0)]
)
def test_concentration_refuses(tr, angle, r1, baseline):
    with pytest.raises(UsageError):
        concentration([1.0, 2.0], 1.0, tr, angle, r1, baseline=baseline)


def test_shapes_and_names():
    """Leading axes stay; a model without a parameter has None in its place."""
    tissue = curves([0.1, 0.2, 0.05], [0.2, 0.3, 0.25]).reshape(3, 1, 61)
    found = fit(tissue, PLASMA, TIMES_S, "tofts")
    assert found.ktrans_per_min.shape == (3, 1) and found.ci95["ve"].shape == (3, 1, 2)
    assert found.ktrans_per_min.dtype == np.float32
    assert found.vp is None and found.ps_per_min is None and found.fp_ml_per_100ml_per_min is None
    assert found.ktrans_per_min[:, 0] == pytest.approx([0.1, 0.2, 0.05], rel=2e-2)
    assert found.kep_per_min == pytest.approx(found.ktrans_per_min / found.ve, rel=1e-5)
    assert found.valid.all() and (found.delay_s == 0).all()


def test_no_transfer_tells_no_volume():
    """E-51: Ktrans 0 is told, ve is not: it comes back as an interval."""
    draw = np.random.default_rng(1)
    tissue = 0.002 * draw.standard_normal((200, 61))
    found = fit(tissue, PLASMA, TIMES_S)
    assert np.isnan(found.ve).mean() > 0.95
    assert (found.ci95["ve"][..., 1] > 9 * found.ci95["ve"][..., 0])[np.isnan(found.ve)].all()
    assert np.nanmax(found.ktrans_per_min) < 0.01


def test_slow_exchange_is_an_interval():
    """kep T = 0.05 with noise: Ktrans is told, ve is not."""
    draw = np.random.default_rng(2)
    tissue = curves(np.full(300, 0.02), np.full(300, 2.0)) + 0.01 * draw.standard_normal((300, 61))
    found = fit(tissue, PLASMA, TIMES_S)
    assert np.isnan(found.ve).mean() > 0.5
    inside = (found.ci95["ve"][:, 0] <= 2.0) & (found.ci95["ve"][:, 1] >= 2.0)
    assert inside.mean() > 0.9


def test_faster_than_the_table_is_no_number():
    """Tissue that follows the plasma has any fast kep: only what it is above is told, and its volume."""
    draw = np.random.default_rng(6)
    tissue = 0.1 * np.asarray(PLASMA) + 0.002 * draw.standard_normal((50, 61))
    found = fit(tissue, PLASMA, TIMES_S)
    assert np.isnan(found.kep_per_min).all()
    assert (found.ci95["kep_per_min"][:, 0] > 5.0).all() and (found.ci95["kep_per_min"][:, 1] > 1e30).all()
    assert found.ve == pytest.approx(0.1, rel=0.05)


@pytest.mark.parametrize("model", ["tofts", "extended_tofts"])
def test_intervals_hold_the_truth(model):
    draw = np.random.default_rng(3)
    vp = 0.0 if model == "tofts" else 0.04
    tissue = curves(np.full(2000, 0.12), np.full(2000, 0.25), np.full(2000, vp)) + 0.02 * draw.standard_normal(
        (2000, 61)
    )
    found = fit(tissue, PLASMA, TIMES_S, model)
    for name, truth in (("ktrans_per_min", 0.12), ("ve", 0.25), ("kep_per_min", 0.48)):
        ci = found.ci95[name]
        # The forward model joins samples by straight lines: a bias of a few tenths of a standard deviation.
        assert ((ci[:, 0] <= truth) & (truth <= ci[:, 1])).mean() > 0.9, name


def test_masked_and_broken_curves():
    tissue = np.tile(curves(0.1, 0.2).reshape(-1), (4, 1))
    tissue[1, 3] = np.nan
    tissue[2, 5] = np.inf
    found = fit(tissue, PLASMA, TIMES_S, mask=[True, True, True, False])
    assert found.valid.tolist() == [True, False, False, False]
    assert np.isnan(found.ktrans_per_min[1:]).all() and np.isnan(found.ci95["ve"][1:]).all()


@pytest.mark.parametrize(
    ("model", "delay", "times", "plasma"),
    [
        ("wrong", "none", TIMES_S, PLASMA), ("tofts", "wrong", TIMES_S, PLASMA), ("tofts", "none", TIMES_S[::-1], PLASMA),
        ("tofts", "none", TIMES_S[:-1], PLASMA), ("tofts", "none", TIMES_S, np.zeros(61)), ("tofts", "none", TIMES_S, np.full(61, np.nan)),
    ],
)  # fmt: skip
def test_refusals(model, delay, times, plasma):
    with pytest.raises(UsageError):
        fit(curves(0.1, 0.2), plasma, times, model, delay)


def test_fits_of_the_signal_know_t1_and_baseline():
    """A T1 that is 15 % off: the interval of the concentrations misses the truth, that of the signal holds it."""
    sequence = {"tr_s": 0.005, "flip_angle_deg": 20.0, "r1": 4.5}
    tissue = np.asarray(tofts(time_min=TIMES_S / 60, plasma_mmol_per_l=PLASMA, ktrans_per_min=0.15, ve=0.3)).reshape(-1)
    echo = SpoiledEcho(t10_ms=1000.0, tr_ms=5.0, flip_deg=20.0, r1_per_mmol_per_s=4.5)
    signal = 200 * signal_ratio(conc_mmol_per_l=tissue, echo=echo) + np.random.default_rng(4).standard_normal(61)
    known = Signal(**sequence, t10_s=1.15, t10_ci95_s=np.array([0.9, 1.4]), baseline=6)
    found = fit_signal(signal, PLASMA, TIMES_S, known)
    plain = fit(concentration(signal, 1.15, *sequence.values(), baseline=6), PLASMA, TIMES_S)
    assert found.ktrans_per_min == pytest.approx(float(plain.ktrans_per_min), rel=1e-5)
    low, high = plain.ci95["ktrans_per_min"]
    assert not low <= 0.15 <= high
    low, high = found.ci95["ktrans_per_min"]
    assert low <= 0.15 <= high
    late = fit_signal(signal, PLASMA, TIMES_S, known, "tofts", "fit")
    assert late.delay_s <= 1.0


def rounded(count, noise, step, seed):
    """Truth, signals of tissue that are rounded to a step, and a sequence that knows T1."""
    draw = np.random.default_rng(seed)
    truth = {
        "ktrans_per_min": np.exp(draw.uniform(np.log(0.02), np.log(0.3), count)),
        "ve": draw.uniform(0.1, 0.5, count),
    }
    tissues = kinetic_fits.tissues_of(
        input_of(TIMES_S / 60, PLASMA), {"lowest_rate_per_min": 1e-3, "highest_rate_per_min": 200.0}
    )
    rates = truth["ktrans_per_min"] / truth["ve"]
    tissue = truth["ktrans_per_min"][:, None] * response_of(tissues.response.source, rates).seen(0.0)
    echo = SpoiledEcho(t10_ms=1000.0, tr_ms=5.0, flip_deg=20.0, r1_per_mmol_per_s=4.5)
    signal = draw.uniform(15, 60, (count, 1)) * signal_ratio(conc_mmol_per_l=tissue, echo=echo)
    signal = signal + noise * draw.standard_normal(signal.shape)
    signal = step * np.round(signal / step) if step else signal
    return truth, signal.astype(np.float32), Signal(tr_s=0.005, flip_angle_deg=20.0, r1=4.5, t10_s=1.0, baseline=4)


@pytest.mark.parametrize(
    ("noise", "step"), [(0.0, 1.0), (0.1, 1.0), (0.25, 1.0), (0.5, 1.0), (0.5, 0.0), (1.0, 0.25), (2.0, 0.0)]
)
def test_intervals_of_signals_hold_the_truth(noise, step):
    """Rounded, noisy, or both: 95 of 100, a baseline of four points included."""
    truth, signal, known = rounded(700, noise, step, 5)
    found = fit_signal(signal, PLASMA, TIMES_S, known)
    for name, values in truth.items():
        low, high = found.ci95[name].T
        assert 0.93 <= ((low <= values) & (values <= high)).mean() <= 0.995, name


def test_delays_of_rounded_signals():
    """The delay is found to a fraction of the sampling of 5 s, and what rounding hides is still in the intervals."""
    _, signal, known = rounded(20, 0.0, 1.0, 9)
    late = np.concatenate([signal[:, :1], signal[:, :-1]], axis=1)
    found = fit_signal(late, PLASMA, TIMES_S, known, "tofts", "fit")
    assert found.delay_s == pytest.approx(np.full(20, 5.0), abs=2.5)
    assert np.median(found.delay_s) == pytest.approx(5.0, abs=0.3)
    ignored = fit_signal(late, PLASMA, TIMES_S, replace(known, rounded_to=0.0), "tofts", "fit")
    widths, narrow = (np.diff(one.ci95["kep_per_min"])[:, 0] for one in (found, ignored))
    assert np.median(widths) > np.median(narrow)


def test_an_angle_for_each_voxel():
    """Voxels of two angles fit as each does with its own."""
    _, signal, known = rounded(6, 0.5, 0.0, 4)
    angles = np.array([18.0, 20, 22, 18, 20, 22])
    together = fit_signal(signal, PLASMA, TIMES_S, replace(known, flip_angle_deg=angles))
    for n, angle in enumerate(angles):
        alone = fit_signal(signal[n], PLASMA, TIMES_S, replace(known, flip_angle_deg=float(angle)))
        assert together.ktrans_per_min[n] == pytest.approx(float(alone.ktrans_per_min), rel=1e-6, nan_ok=True)
        assert together.ci95["ve"][n] == pytest.approx(alone.ci95["ve"], rel=1e-6)
    assert together.ktrans_per_min[0] != pytest.approx(together.ktrans_per_min[1], rel=1e-3)


def test_rounding_is_told_by_the_signals():
    """Stated or not, the same; taken as exact, intervals of a quiet signal are too narrow."""
    truth, signal, known = rounded(500, 0.0, 1.0, 6)
    told, stated, ignored = (
        fit_signal(signal, PLASMA, TIMES_S, replace(known, rounded_to=step)) for step in (None, 1.0, 0.0)
    )
    assert (told.ci95["ve"] == stated.ci95["ve"]).all()
    low, high = ignored.ci95["ve"].T
    assert ((low <= truth["ve"]) & (truth["ve"] <= high)).mean() < 0.9


def test_signals_in_pieces(monkeypatch):
    """Voxels do not know of each other: in pieces the same as alone."""
    monkeypatch.setitem(kinetics.PIECES, "none", 2)
    _, signal, known = rounded(9, 0.5, 1.0, 7)
    whole = fit_signal(signal.reshape(3, 3, -1), PLASMA, TIMES_S, replace(known, rounded_to=1.0))
    alone = fit_signal(signal[4], PLASMA, TIMES_S, replace(known, rounded_to=1.0))
    assert whole.ktrans_per_min.shape == (3, 3) and whole.ci95["ve"].shape == (3, 3, 2)
    assert whole.ktrans_per_min[1, 1] == alone.ktrans_per_min
    assert (whole.ci95["ve"][1, 1] == alone.ci95["ve"]).all()


@pytest.mark.parametrize(
    ("model", "delay"), [("tofts", "none"), ("extended_tofts", "none"), ("2cxm", "none"), ("patlak", "fit")]
)
def test_curves_in_pieces(monkeypatch, model, delay):
    """The size of the pieces changes nothing: values, intervals, residuals."""
    draw = np.random.default_rng(8)
    tissue = curves(draw.uniform(0.05, 0.2, 7), np.full(7, 0.2), 0.03) + 0.01 * draw.standard_normal((7, 61))
    mask = np.arange(7) != 3
    whole = fit(tissue, PLASMA, TIMES_S, model, delay, mask=mask)
    monkeypatch.setitem(kinetics.PIECES, delay, 3)
    parts = fit(tissue, PLASMA, TIMES_S, model, delay, mask=mask)
    assert parts.valid.tolist() == whole.valid.tolist() and not parts.valid[3]
    assert np.array_equal(parts.residual_mmol_per_l, whole.residual_mmol_per_l, equal_nan=True)
    for name, interval in whole.ci95.items():
        assert np.array_equal(parts.ci95[name], interval, equal_nan=True), name


def test_memory_of_the_exchange_model(monkeypatch):
    """Covariances of all voxels at once took 3.5 times the curves: in pieces it is what is found, and one piece."""
    tissue = np.tile(curves(0.1, 0.2, 0.05), (1, 1)).astype(np.float32) + np.zeros((20_000, 1), np.float32)
    monkeypatch.setitem(kinetics.PIECES, "none", 2048)
    fit(tissue[:10], PLASMA, TIMES_S, "2cxm")
    tracemalloc.start()
    fit(tissue, PLASMA, TIMES_S, "2cxm")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2 * tissue.nbytes
