"""Spoiled gradient echo: vector E-16, pulse trains, the angle of most signal by search, R2' of pools."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.physics import gradient_echo
from spinemets.physics.variable_flip_angle import spoiled_signal

T1 = st.floats(100.0, 3000.0)
TR = st.floats(3.0, 800.0)


def train_signal(t1_ms: float, tr_ms: float, flip_deg: float, decay: float) -> float:
    """Signal after many pulses: turn, read when it has decayed, spoil, recover."""
    angle, z = np.deg2rad(flip_deg), 1.0
    for _ in range(int(20 * t1_ms / tr_ms) + 25):
        across, z = z * np.sin(angle), z * np.cos(angle)
        z = 1.0 + (z - 1.0) * np.exp(-tr_ms / t1_ms)
    return float(across * decay)


def test_vector():
    """E-16: T1 900, TR 5, 15 degrees, TE 2, T2* 20 ms."""
    found = gradient_echo.spoiled_echo(pd=1.0, t1_ms=900.0, t2star_ms=20.0, tr_ms=5.0, te_ms=2.0, flip_deg=15.0)
    assert found == pytest.approx(0.0329086984, rel=1e-8)
    assert gradient_echo.ernst_deg(t1_ms=900.0, tr_ms=5.0) == pytest.approx(6.03391487, rel=1e-8)


@pytest.mark.parametrize(
    ("t1", "tr", "flip"), [(900.0, 5.0, 15.0), (250.0, 120.0, 60.0), (1200.0, 600.0, 20.0), (1030.0, 10.0, 3.0)]
)
def test_pulse_trains(t1, tr, flip):
    """Iterated pulses, with what is left across the field thrown away at the end of each repeat."""
    found = gradient_echo.spoiled_echo(pd=0.8, t1_ms=t1, t2star_ms=14.0, tr_ms=tr, te_ms=4.6, flip_deg=flip)
    assert found == pytest.approx(0.8 * train_signal(t1, tr, flip, np.exp(-4.6 / 14.0)), rel=1e-7)


@given(t1=T1, tr=TR)
def test_no_angle_gives_more_than_ernst(t1: float, tr: float):
    """Most signal of a fine list of angles, and the angle itself."""
    flips = np.linspace(0.1, 120.0, 2000)
    best = gradient_echo.ernst_deg(t1_ms=t1, tr_ms=tr)
    signals = gradient_echo.steady_state(t1_ms=t1, tr_ms=tr, flip_deg=flips)
    assert gradient_echo.steady_state(t1_ms=t1, tr_ms=tr, flip_deg=best) >= signals.max() * (1 - 1e-9)
    if best < 119.0:
        assert flips[signals.argmax()] == pytest.approx(best, abs=0.1)


@given(t1=T1, tr=TR, flip=st.floats(0.5, 90.0))
def test_same_as_for_several_angles(t1: float, tr: float, flip: float):
    """The formula of the flip angle fit; the unit of time cancels."""
    found = gradient_echo.steady_state(t1_ms=t1, tr_ms=tr, flip_deg=flip)
    assert found == pytest.approx(spoiled_signal(t1_ms=t1, m0=1.0, tr_ms=tr, flip_deg=[flip])[0], rel=1e-12)
    assert found == pytest.approx(gradient_echo.steady_state(t1_ms=t1 / 1e3, tr_ms=tr / 1e3, flip_deg=flip), rel=1e-9)


def test_limits():
    """90 degrees is saturation recovery; full recovery leaves sin a; voxels and echoes broadcast."""
    assert gradient_echo.steady_state(t1_ms=500.0, tr_ms=600.0, flip_deg=90.0) == pytest.approx(1 - np.exp(-1.2))
    assert gradient_echo.steady_state(t1_ms=100.0, tr_ms=1e6, flip_deg=30.0) == pytest.approx(0.5)
    made = gradient_echo.spoiled_echo(
        pd=1.0, t1_ms=[[800.0], [900.0]], t2star_ms=[[10.0], [20.0]], tr_ms=10.0, te_ms=[1.0, 2.0, 3.0], flip_deg=3.0
    )
    assert made.shape == (2, 3) and made[0, 2] / made[0, 0] == pytest.approx(np.exp(-0.2))


@given(t2=st.floats(5.0, 200.0), share=st.floats(0.05, 0.95))
def test_pools_share_the_field(t2: float, share: float):
    """Rates add: R2' of a tissue, put on its own T2, gives back its T2*."""
    t2star = share * t2
    dephasing = gradient_echo.r2_prime_per_ms(t2_ms=t2, t2star_ms=t2star)
    assert dephasing == pytest.approx((1 - share) / t2star, rel=1e-9)
    assert gradient_echo.t2star_ms(t2_ms=t2, r2_prime_per_ms=dephasing) == pytest.approx(t2star, rel=1e-9)
