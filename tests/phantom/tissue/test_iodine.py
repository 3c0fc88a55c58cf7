"""Iodine in tissue."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.tissue.iodine import enhancement_hu, iodine_mg_per_ml
from spinemets.phantom.tissue.properties import Perfusion
from spinemets.phantom.tissue.tissues import tissue
from spinemets.physics.arterial_input import ParkerInput

PORTAL_S = 70.0


def test_a_space_of_plasma_alone_reads_as_blood():
    """58 % plasma: what the aorta of the table reads, 108 HU above plain blood at 120 kVp."""
    blood = tissue("aorta_blood_iodine")
    found = iodine_mg_per_ml(Perfusion(ktrans_per_min=0.0, ve=0.0, vp=0.58), PORTAL_S)
    assert found * 27.7 == pytest.approx(blood.hu - blood.hu_without_iodine, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("liver", 40, 90), ("kidney_cortex", 90, 180), ("muscle", 8, 25), ("lytic_tumour", 15, 40), ("csf", 0, 0)],
)
def test_usual_enhancement(name, low, high):
    """Portal phase at 120 kVp: organs by tens of HU, muscle and tumour less, fluid none."""
    assert low <= enhancement_hu(tissue(name), kvp=120.0, after_s=PORTAL_S) <= high


def test_against_the_slow_sum():
    """Little exchange: leakage alone, ``Ktrans`` times the integral of plasma over its value at the end."""

    minutes = PORTAL_S / 60.0
    t = np.linspace(0.0, minutes, 4001)
    plasma = ParkerInput.POPULATION_2006.plasma_mmol_per_l(t)
    leaked = iodine_mg_per_ml(Perfusion(ktrans_per_min=0.02, ve=1.0, vp=0.0), PORTAL_S)
    whole = iodine_mg_per_ml(Perfusion(ktrans_per_min=0.0, ve=0.0, vp=1.0), PORTAL_S)
    decay = np.exp(-0.02 * (minutes - t))
    assert leaked / whole == pytest.approx(0.02 * np.trapezoid(plasma * decay, t) / plasma[-1], rel=0.01)


def test_lower_voltages_show_more():
    """43.5 HU per mg/ml at 80 kVp, 27.7 at 120."""
    liver = tissue("liver")
    ratio = enhancement_hu(liver, kvp=80.0, after_s=PORTAL_S) / enhancement_hu(liver, kvp=120.0, after_s=PORTAL_S)
    assert ratio == pytest.approx(43.5 / 27.7)


def test_nothing_without_an_injection():
    """No injection; and blood and fluids that have their own value with iodine."""
    assert enhancement_hu(tissue("liver"), kvp=120.0, after_s=None) == 0.0
    for name in ("aorta_blood_pre", "aorta_blood_iodine", "csf_myelogram"):
        assert enhancement_hu(tissue(name), kvp=120.0, after_s=PORTAL_S) == 0.0
