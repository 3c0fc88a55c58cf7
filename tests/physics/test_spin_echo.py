"""Spin echo and fast spin echo: vectors E-01 to E-07 of the forward models."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.physics import spin_echo

PANEL = {  # pd, T1, T2 and the signal at TR 500, TE 10 (E-02)
    "marrow": (0.91, 549.0, 49.0, 0.438094929),
    "muscle": (0.80, 856.0, 27.0, 0.240765011),
    "disc": (0.79, 1164.9, 101.9, 0.245916108),
    "csf": (1.00, 4273.4, 1577.6, 0.107649922),
    "fat": (0.90, 343.0, 58.0, 0.57597784),
}


def test_marrow_at_3_t():
    """E-01: bulk marrow of L4 at 3 T, TR 600, TE 12; the simple form differs by 1.2 %."""
    timing = {"pd": 1.0, "t1_ms": 586.0, "t2_ms": 49.0, "tr_ms": 600.0, "te_ms": 12.0}
    assert spin_echo.spin_echo(**timing) == pytest.approx(0.495825058, rel=1e-5)
    assert spin_echo.spin_echo_simple(**timing) == pytest.approx(0.501612423, rel=1e-5)


@pytest.mark.parametrize("name", PANEL)
def test_tissue_panel(name):
    """E-02: T1 spin echo at 1.5 T of five tissues."""
    pd, t1, t2, expected = PANEL[name]
    assert spin_echo.spin_echo(pd=pd, t1_ms=t1, t2_ms=t2, tr_ms=500.0, te_ms=10.0) == pytest.approx(expected, rel=1e-5)


def test_contrast_that_must_come_out():
    """E-02: marrow is brighter than muscle (1.82) and than disc (1.78)."""
    pd, t1, t2 = (np.array([PANEL[n][c] for n in ("marrow", "muscle", "disc")]) for c in range(3))
    marrow, muscle, disc = spin_echo.spin_echo(pd=pd, t1_ms=t1, t2_ms=t2, tr_ms=500.0, te_ms=10.0)
    assert marrow / muscle == pytest.approx(1.81959549, rel=1e-5)
    assert marrow / disc == pytest.approx(1.78148123, rel=1e-5)


def test_two_pools_add():
    """E-03: marrow as water and fat pool, fat fraction 0, 0.4, 0.8."""
    timing = {"pd": 1.0, "tr_ms": 500.0, "te_ms": 10.0}
    water = spin_echo.spin_echo(t1_ms=1000.0, t2_ms=45.0, **timing)
    fat = spin_echo.spin_echo(t1_ms=300.0, t2_ms=80.0, **timing)
    w, f = spin_echo.two_pool(pd=1.0, fat_fraction=np.array([0.0, 0.4, 0.8]), water=water, fat=fat)
    assert w + f == pytest.approx([0.310196738, 0.470202898, 0.630209058], rel=1e-5)


def test_limit_is_the_proton_density():
    """E-04: TE 0 and TR much longer than T1 leave the proton density."""
    assert spin_echo.spin_echo(pd=0.7, t1_ms=500.0, t2_ms=50.0, tr_ms=50000.0, te_ms=0.0) == pytest.approx(0.7)


def test_fast_spin_echo():
    """E-05: normal disc, TR 3500, effective TE 99, train of 16 x 9 ms."""
    signal = spin_echo.fast_spin_echo(pd=1.0, t1_ms=1164.9, t2_ms=101.9, tr_ms=3500.0, te_ms=99.0, train_ms=144.0)
    assert signal == pytest.approx(0.357272284, rel=1e-5)


def test_echo_train_at_120_degrees():
    """E-06: CPMG amplitudes equal those of 512 isochromats."""
    echoes = spin_echo.echo_train(t1_ms=1164.9, t2_ms=101.9, esp_ms=9.0, n_echoes=8, refocusing_deg=120.0)
    expected = [
        0.686599616, 0.812076732, 0.65841307, 0.631992076, 0.594545621, 0.540888149, 0.493312568, 0.475535726,
    ]  # fmt: skip
    assert echoes == pytest.approx(expected, rel=1e-5)


def test_echo_train_at_180_degrees_is_plain_decay():
    """E-07: with perfect refocusing echo n is exp(-n ESP/T2)."""
    echoes = spin_echo.echo_train(t1_ms=1164.9, t2_ms=101.9, esp_ms=9.0, n_echoes=8)
    assert echoes == pytest.approx(np.exp(-9.0 * np.arange(1, 9) / 101.9), rel=1e-9)


@given(t1=st.floats(200, 3000), t2=st.floats(20, 150), tr=st.floats(300, 4000))
def test_signal_never_exceeds_the_proton_density(t1, t2, tr):
    """Property: no spin echo gives more than its proton density, and none is negative for TR > 2 TE."""
    signal = spin_echo.spin_echo(pd=1.0, t1_ms=t1, t2_ms=t2, tr_ms=tr, te_ms=10.0)
    assert 0.0 < signal < 1.0


def test_arrays_broadcast():
    """Voxels lead: arrays of tissue values give arrays of signals."""
    signal = spin_echo.spin_echo(pd=np.ones((3, 1)), t1_ms=np.full((1, 2), 500.0), t2_ms=50.0, tr_ms=500.0, te_ms=10.0)
    assert signal.shape == (3, 2)
