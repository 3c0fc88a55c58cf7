"""Gadolinium in tissue."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.tissue.agent import concentration_mmol_per_l, with_agent
from spinemets.phantom.tissue.properties import Perfusion
from spinemets.phantom.tissue.tissues import tissue
from spinemets.physics.arterial_input import ParkerInput


def test_concentration_is_the_convolution():
    """Extended Tofts at 5 min by rectangles of a tenth of a second."""
    p = Perfusion(ktrans_per_min=0.077, ve=0.16, vp=0.03)
    t = np.arange(0, 5, 1 / 600)
    plasma = ParkerInput.POPULATION_2006.plasma_mmol_per_l(t)
    slow = p.vp * plasma[-1] + p.ktrans_per_min * np.sum(plasma * np.exp(-p.ktrans_per_min / p.ve * (5 - t))) / 600
    assert concentration_mmol_per_l(p, 5.0) == pytest.approx(slow, rel=5e-3)


def test_t1_after_contrast():
    """1/T1 = 1/T10 + r1 C; blood is a tissue of its own; what takes up nothing stays."""
    t = tissue("lytic_tumour")
    conc = concentration_mmol_per_l(t.perfusion, 5.0)
    assert 1000 / with_agent(t, minutes=5.0, field_t=1.5) == pytest.approx(1000 / t.t1_ms + 4.5 * conc)
    assert with_agent(tissue("aorta_blood_pre"), minutes=3.0, field_t=1.5) == tissue("aorta_blood_post_gd").t1_ms
    assert with_agent(tissue("csf"), minutes=5.0, field_t=1.5) == pytest.approx(tissue("csf").t1_ms, rel=0.05)
    assert with_agent(t, minutes=5.0, field_t=3.0) > with_agent(t, minutes=5.0, field_t=1.5)


def test_first_pass():
    """Blood follows the input curve in a dynamic series: nothing before, its peak, then a slow fall; tissue as ever."""
    blood, found = tissue("aorta_blood_pre"), []
    for minutes in (0.17046, 1.0, 3.5):
        conc = ParkerInput.POPULATION_2006.blood_mmol_per_l(minutes)
        found.append(with_agent(blood, minutes=minutes, field_t=1.5, first_pass=True))
        assert 1000 / found[-1] == pytest.approx(1000 / blood.t1_ms + 4.5 * conc)
    assert found == sorted(found) and found[0] < 40.0
    t = tissue("lytic_tumour")
    assert with_agent(t, minutes=2.0, field_t=1.5, first_pass=True) == with_agent(t, minutes=2.0, field_t=1.5)
