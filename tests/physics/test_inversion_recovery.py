"""Inversion recovery: null times E-08 to E-12, STIR E-13 and E-14, T1-FLAIR E-15."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.physics import inversion_recovery as ir

STIR = {  # pd, T1, T2, signed signal at TR 4000, TI 160, TE 60, train 150 (E-13)
    "fat": (0.9, 343.0, 58.0, -0.0813774681),
    "marrow_water": (1.0, 1000.0, 45.0, -0.180038912),
    "tumour": (1.0, 1100.0, 80.0, -0.330213034),
    "oedema": (1.0, 1400.0, 100.0, -0.395187329),
    "csf": (1.0, 4273.4, 1577.6, -0.50089068),
    "muscle": (0.8, 856.0, 27.0, -0.0561686227),
    "tumour_gd": (1.0, 316.546763, 80.0, -0.0975235757),
}


@pytest.mark.parametrize(
    ("t1", "tr", "train", "efficiency", "expected"),
    [
        (382.0, None, 0.0, 1.0, 264.782223),
        (343.0, 3000.0, 0.0, 1.0, 237.694937),
        (343.0, 3000.0, 150.0, 1.0, 237.665019),
        (382.0, 4000.0, 120.0, 0.95, 255.09674),
        (300.0, 700.0, 0.0, 1.0, 180.178066),
        (4273.4, 2000.0, 60.0, 1.0, 860.844559),
    ],
)
def test_null_time(t1, tr, train, efficiency, expected):
    """E-08 to E-12 and the CSF null of E-15: TI0 = T1 ln[(1+e) / (1 + e exp(-(TR-Tt)/T1))]."""
    found = ir.null_ti_ms(t1_ms=t1, tr_ms=tr, train_ms=train, efficiency=efficiency)
    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", STIR)
def test_stir_panel(name):
    """E-13: signed STIR signals at 1.5 T."""
    pd, t1, t2, expected = STIR[name]
    signal = pd * ir.inversion_recovery(t1_ms=t1, t2_ms=t2, te_ms=60.0, ti_ms=160.0, tr_ms=4000.0, train_ms=150.0)
    assert signal == pytest.approx(expected, rel=1e-5)


def test_stir_after_contrast_suppresses_tumour():
    """Enhancing tumour falls to the T1 of fat: 0.330 -> 0.098, so STIR after contrast must be refused elsewhere."""
    assert abs(STIR["tumour_gd"][3]) < abs(STIR["tumour"][3]) / 3


def test_imperfect_inversion_leaves_less_negative_fat():
    """E-14: inversion efficiency 0.9."""
    mz = ir.longitudinal(t1_ms=343.0, ti_ms=160.0, tr_ms=4000.0, train_ms=150.0, efficiency=0.9)
    assert 0.9 * mz * np.exp(-60.0 / 58.0) == pytest.approx(-0.0613153506, rel=1e-5)


@pytest.mark.parametrize(
    ("pd", "t1", "t2", "expected"),
    [(0.59, 876.0, 73.0, 0.18769839), (0.9, 382.0, 68.0, 0.627357601), (0.79, 1300.0, 100.0, 0.139159066)],
)
def test_t1_flair(pd, t1, t2, expected):
    """E-15: T1-FLAIR at 3 T, TR 2000, TI 860, TE 9, train 60."""
    signal = pd * ir.inversion_recovery(t1_ms=t1, t2_ms=t2, te_ms=9.0, ti_ms=860.0, tr_ms=2000.0, train_ms=60.0)
    assert signal == pytest.approx(expected, rel=1e-5)


@given(t1=st.floats(150, 2000), tr=st.floats(500, 6000), efficiency=st.floats(0.8, 1.0))
def test_null_time_nulls(t1, tr, efficiency):
    """Property: at the null time nothing is left, whatever T1, TR and efficiency are."""
    ti = ir.null_ti_ms(t1_ms=t1, tr_ms=tr, efficiency=efficiency)
    assert ir.longitudinal(t1_ms=t1, ti_ms=ti, tr_ms=tr, efficiency=efficiency) == pytest.approx(0.0, abs=1e-9)
