"""Contrast agent and T1: vector E-86, spins that relax one by one, and the way back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.physics import relaxivity
from spinemets.physics import spgr_concentration as spgr

AGENT = {"t10_ms": 1100.0, "r1_per_mmol_per_s": 4.5}


def test_t1_shortening():
    """E-86: 0 to 1 mmol/l at T1 1100 ms."""
    found = relaxivity.t1_with_agent_ms(**AGENT, conc_mmol_per_l=[0.0, 0.25, 0.5, 1.0])
    assert found == pytest.approx([1100.0, 491.620112, 316.546763, 184.87395], rel=1e-6)
    back = relaxivity.concentration_from_t1(**AGENT, t1_ms=[1100.0, 491.620112, 316.546763, 184.87395])
    assert back.conc_mmol_per_l == pytest.approx([0.0, 0.25, 0.5, 1.0], rel=1e-6, abs=1e-9)
    assert back.valid.all() and set(back.reason) == {""}


@pytest.mark.parametrize(("t10", "conc", "r1"), [(1100.0, 0.5, 4.5), (900.0, 2.0, 4.1), (300.0, 0.1, 4.5)])
def test_spins_that_relax_one_by_one(t10, conc, r1):
    """Each spin relaxes at the first of two random events, its own and that of the agent: the recovery is mono-exponential."""
    draw, n = np.random.default_rng(86), 400_000
    own_ms, agent_ms = draw.exponential(t10, n), draw.exponential(1000.0 / (r1 * conc), n)
    relaxed_at_ms = np.minimum(own_ms, agent_ms)
    t1 = float(relaxivity.t1_with_agent_ms(t10_ms=t10, conc_mmol_per_l=conc, r1_per_mmol_per_s=r1))
    assert relaxed_at_ms.mean() == pytest.approx(t1, rel=0.01)
    for time_ms in (0.5 * t1, t1, 2.0 * t1):
        assert (relaxed_at_ms < time_ms).mean() == pytest.approx(1.0 - np.exp(-time_ms / t1), abs=0.004)


def test_agrees_with_the_signal_of_a_spoiled_echo():
    """The same relaxation as in `spgr_concentration`: its ratio is that of two steady states at these T1."""
    conc, tr, angle = np.array([0.0, 0.2, 1.0, 4.0]), 5.0, np.deg2rad(15.0)
    e1 = np.exp(-tr / relaxivity.t1_with_agent_ms(**AGENT, conc_mmol_per_l=conc))
    signal = (1.0 - e1) / (1.0 - e1 * np.cos(angle))
    echo = spgr.SpoiledEcho(tr_ms=tr, flip_deg=15.0, **AGENT)
    assert spgr.signal_ratio(conc_mmol_per_l=conc, echo=echo) == pytest.approx(signal / signal[0], rel=1e-9)


@given(t10=st.floats(100.0, 5000.0), conc=st.floats(0.0, 50.0), r1=st.floats(1.0, 30.0))
def test_forward_and_back(t10, conc, r1):
    """Property: agent shortens T1, to nothing longer than 1/(r1 C), and comes back."""
    t1 = relaxivity.t1_with_agent_ms(t10_ms=t10, conc_mmol_per_l=conc, r1_per_mmol_per_s=r1)
    assert t1 <= t10 and t1 * r1 * conc <= 1000.0 + 1e-6
    back = relaxivity.concentration_from_t1(t1_ms=t1, t10_ms=t10, r1_per_mmol_per_s=r1)
    assert back.conc_mmol_per_l == pytest.approx(conc, rel=1e-9, abs=1e-9)


@given(one=st.floats(0.0, 5.0), other=st.floats(0.0, 5.0))
def test_agent_on_agent(one, other):
    """Property: rates add, so a second dose acts on the T1 that the first left."""
    first = relaxivity.t1_with_agent_ms(**AGENT, conc_mmol_per_l=one)
    second = relaxivity.t1_with_agent_ms(t10_ms=first, conc_mmol_per_l=other, r1_per_mmol_per_s=4.5)
    assert second == pytest.approx(relaxivity.t1_with_agent_ms(**AGENT, conc_mmol_per_l=one + other))


def test_noise_gives_negative_concentrations():
    """A T1 longer than before is a negative concentration: means stay unbiased."""
    found = relaxivity.concentration_from_t1(**AGENT, t1_ms=1200.0)
    assert found.valid and found.conc_mmol_per_l == pytest.approx((1 / 1.2 - 1 / 1.1) / 4.5)


def test_refusals():
    """No T1, no concentration; concentrations below 0 are a mistake of the caller."""
    found = relaxivity.concentration_from_t1(
        t1_ms=[500.0, 0.0, -5.0, np.nan, 500.0, 500.0], t10_ms=[1100.0, 1100.0, 1100.0, 1100.0, 0.0, np.inf],
        r1_per_mmol_per_s=4.5,
    )  # fmt: skip
    assert list(found.valid) == [True, *[False] * 5]
    assert list(found.reason) == ["", *[relaxivity.NO_T1] * 5] and np.isnan(found.conc_mmol_per_l[1:]).all()
    with pytest.raises(ValueError, match=r"not below 0: -0\.1"):
        relaxivity.t1_with_agent_ms(**AGENT, conc_mmol_per_l=[0.0, -0.1])


def test_voxels_broadcast():
    """T1 of voxels against concentrations over time."""
    found = relaxivity.t1_with_agent_ms(
        t10_ms=np.full((3, 1), 1000.0), conc_mmol_per_l=np.ones(4), r1_per_mmol_per_s=4.0
    )
    assert found == pytest.approx(np.full((3, 4), 200.0))
