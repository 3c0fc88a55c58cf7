"""Concentration and signal of a spoiled gradient echo: vectors E-53 to E-55, pulse-by-pulse iteration, a root search."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from spinemets.physics import spgr_concentration as spgr

ECHO = spgr.SpoiledEcho(t10_ms=1100.0, tr_ms=5.0, flip_deg=15.0, r1_per_mmol_per_s=4.5)
CONC = [0.0, 0.1, 0.5, 1.0, 3.0]
RATIO = [1.0, 1.41386561, 2.70022152, 3.78046238, 5.82320582]


def steady_signal(t1_ms: float, tr_ms: float, flip_deg: float) -> float:
    """Transverse magnetisation after a pulse, from iterating pulse, spoiling and recovery."""
    angle, z = np.deg2rad(flip_deg), 1.0
    for _ in range(int(20 * t1_ms / tr_ms) + 20):
        z = 1.0 + (z * np.cos(angle) - 1.0) * np.exp(-tr_ms / t1_ms)
    return float(z * np.sin(angle))


def test_ratio_and_back():
    """E-53: 0 to 3 mmol/l at T1 1100 ms, TR 5 ms, 15 degrees; the inverse returns the concentration."""
    assert spgr.signal_ratio(conc_mmol_per_l=CONC, echo=ECHO) == pytest.approx(RATIO, rel=1e-6)
    back = spgr.concentration(signal_ratio=spgr.signal_ratio(conc_mmol_per_l=CONC, echo=ECHO), echo=ECHO)
    assert back.conc_mmol_per_l == pytest.approx(CONC, rel=1e-9, abs=1e-12)
    assert back.valid.all() and set(back.reason) == {""}


def test_linear_form():
    """E-54: linear in the ratio, and three times too small at 3 mmol/l."""
    linear = spgr.concentration_linear(signal_ratio=spgr.signal_ratio(conc_mmol_per_l=CONC, echo=ECHO), echo=ECHO)
    assert linear == pytest.approx([0.0, 0.0836092135, 0.343479094, 0.561709571, 0.974385015], rel=1e-6)


def test_saturation_is_refused():
    """E-55: a ratio of 8.56408698 where 8.47929404 is the limit."""
    found = spgr.concentration(signal_ratio=8.56408698, echo=ECHO)
    assert found.max_ratio == pytest.approx(8.47929404, rel=1e-5)
    assert not found.valid and np.isnan(found.conc_mmol_per_l) and found.reason == spgr.SATURATED


def test_each_voxel_has_its_own_verdict():
    """Refusals stand beside values: saturated, exactly at the limit, without signal, not a number."""
    limit = float(ECHO.max_ratio)
    found = spgr.concentration(signal_ratio=[2.0, 9.0, limit, 0.0, -1.0, np.nan], echo=ECHO)
    assert list(found.valid) == [True, False, False, False, False, False]
    assert list(found.reason[:5]) == ["", spgr.SATURATED, spgr.SATURATED, spgr.NO_SIGNAL, spgr.NO_SIGNAL]
    assert np.isnan(found.conc_mmol_per_l[1:]).all()


def test_steady_state_of_a_pulse_train():
    """Random tissues and protocols: the ratio of two iterated steady states."""
    draw = np.random.default_rng(53)
    for _ in range(6):
        t10, tr, flip, conc = draw.uniform(400, 1600), draw.uniform(2, 10), draw.uniform(5, 35), draw.uniform(0, 5)
        echo = spgr.SpoiledEcho(t10_ms=t10, tr_ms=tr, flip_deg=flip, r1_per_mmol_per_s=4.1)
        t1 = 1000.0 / (1000.0 / t10 + 4.1 * conc)
        slow = steady_signal(t1, tr, flip) / steady_signal(t10, tr, flip)
        assert spgr.signal_ratio(conc_mmol_per_l=conc, echo=echo) == pytest.approx(slow, rel=1e-7)


def test_root_search_gives_the_same_concentration():
    """Random ratios inverted by bisection of the forward model."""
    for ratio in np.random.default_rng(54).uniform(0.5, 8.0, 8):
        slow = optimize.brentq(lambda c, r=ratio: spgr.signal_ratio(conc_mmol_per_l=c, echo=ECHO) - r, -0.15, 40.0)
        found = spgr.concentration(signal_ratio=ratio, echo=ECHO)
        assert found.conc_mmol_per_l == pytest.approx(slow, rel=1e-8, abs=1e-10)


@given(conc=st.floats(-0.1, 20.0), t10=st.floats(200.0, 3000.0), flip=st.floats(1.0, 89.0), tr=st.floats(1.0, 20.0))
def test_every_ratio_below_the_limit_comes_back(conc, t10, flip, tr):
    """Property: forward and back is the identity, noise below the baseline included."""
    echo = spgr.SpoiledEcho(t10_ms=t10, tr_ms=tr, flip_deg=flip, r1_per_mmol_per_s=4.5)
    ratio = spgr.signal_ratio(conc_mmol_per_l=conc, echo=echo)
    if 1000.0 / t10 + 4.5 * conc > 0.01:  # below that no relaxation is left
        assert ratio < echo.max_ratio
        assert spgr.concentration(signal_ratio=ratio, echo=echo).conc_mmol_per_l == pytest.approx(
            conc, rel=1e-6, abs=1e-9
        )


@given(low=st.floats(0.0, 10.0), more=st.floats(0.01, 10.0))
def test_more_agent_is_brighter(low, more):
    """Property: without T2* the signal grows with the concentration."""
    dark, bright = spgr.signal_ratio(conc_mmol_per_l=[low, low + more], echo=ECHO)
    assert bright > dark


def test_linear_form_is_the_limit_for_little_agent():
    """At large flip angles, short TR and little agent both agree."""
    echo = spgr.SpoiledEcho(t10_ms=1100.0, tr_ms=0.5, flip_deg=80.0, r1_per_mmol_per_s=4.5)
    ratio = spgr.signal_ratio(conc_mmol_per_l=0.01, echo=echo)
    assert spgr.concentration_linear(signal_ratio=ratio, echo=echo) == pytest.approx(0.01, rel=1e-3)


def test_voxels_with_their_own_t1():
    """T1 of voxels with a last axis of 1, curves over time."""
    echo = spgr.SpoiledEcho(t10_ms=np.array([[800.0], [1400.0]]), tr_ms=5.0, flip_deg=15.0, r1_per_mmol_per_s=4.5)
    ratio = spgr.signal_ratio(conc_mmol_per_l=CONC, echo=echo)
    assert ratio.shape == (2, 5)
    back = spgr.concentration(signal_ratio=ratio, echo=echo)
    assert back.conc_mmol_per_l == pytest.approx(np.array([CONC, CONC]), abs=1e-9)


def test_public_curves(shared_data):
    """OSIPI: measured signals to concentrations, baseline = mean of all points before the agent but the first."""
    path = shared_data.parent / "reference" / "osipi_dce" / "SI2Conc_data.csv"
    if not path.is_file():
        pytest.skip("reference suites are not here")
    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4
    for row in rows:
        signal, expected = (np.array(row[key].split(), float) for key in ("s", "conc"))
        echo = spgr.SpoiledEcho(
            t10_ms=1000.0 * float(row["T1base"]),
            tr_ms=1000.0 * float(row["TR"]),
            flip_deg=float(row["FA"]),
            r1_per_mmol_per_s=float(row["r1"]),
        )
        baseline = signal[1 : int(row["numbaselinepts"])].mean()
        found = spgr.concentration(signal_ratio=signal / baseline, echo=echo)
        np.testing.assert_allclose(found.conc_mmol_per_l, expected, rtol=0, atol=1e-11)
