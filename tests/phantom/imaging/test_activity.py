"""Uptake and attenuation by tissue, and SUV in Bq/ml."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinemets.phantom.cases.case import Avidity
from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.activity import (
    ActivityContrast,
    AttenuationContrast,
    bq_per_ml_per_suv,
    cortical_over_water,
    half_life_s,
    reference_suv,
)
from spinemets.phantom.tissue.tissues import spongiosa, tissue

PET = default("pet").emission


@pytest.mark.parametrize("name", ["liver", "muscle", "lytic_tumour", "cortical_bone", "gas"])
def test_uptake_is_that_of_the_table(name):
    """FDG as stated; MDP as the ratio to a normal vertebra, whose SUV is 3.92."""
    one = tissue(name)
    assert ActivityContrast("fdg").tissue(one) == (one.uptake.fdg_suv_g_per_ml,)
    assert ActivityContrast("mdp").tissue(one) == pytest.approx((3.92 * one.uptake.bone_scan_ratio,))


def test_bone_seekers_follow_the_mineral_and_glucose_does_not():
    """Base and slope add up to the mean; the texture carries MDP where there is mineral, FDG never."""
    host = spongiosa(age_years=52, sex="female")
    assert ActivityContrast("mdp").spongy(host, 110.0) == ((0.0,), (pytest.approx(3.92),))
    assert ActivityContrast("mdp").spongy(host, 0.0) == ((pytest.approx(3.92),), (0.0,))
    assert ActivityContrast("fdg").spongy(host, 110.0) == ((host.uptake.fdg_suv_g_per_ml,), (0.0,))


def test_avidity_of_the_whole_patient():
    """Superscan: bone times 4, kidneys and soft tissue times 0.3; glucose is not concerned."""
    superscan = Avidity(bone_factor=4.0, soft_factor=0.3)
    changed = ActivityContrast("mdp", superscan)
    assert changed.tissue(tissue("cortical_bone"))[0] == pytest.approx(4 * 3.92 * 1.3)
    assert changed.tissue(tissue("kidney_cortex"))[0] == pytest.approx(0.3 * 3.92 * 4)
    assert ActivityContrast("fdg", superscan).tissue(tissue("liver")) == ActivityContrast("fdg").tissue(tissue("liver"))


def test_attenuation():
    """Water 1, air 0, cortical bone 1.91 (0.2932 over 0.1537 per cm at 140.5 keV); spongy bone in between, linear."""
    contrast = AttenuationContrast()
    assert cortical_over_water() == pytest.approx(1.92 * 0.1527 / 0.1537)
    assert contrast.tissue(tissue("gas"))[0] == pytest.approx(0.0)
    assert contrast.tissue(tissue("csf"))[0] == pytest.approx(1.008)
    assert contrast.tissue(tissue("cortical_bone"))[0] == pytest.approx(1.908, abs=0.002)
    host = spongiosa(age_years=52, sex="female")
    (base,), (slope,) = contrast.spongy(host, host.mineral_mg_per_ml)
    assert base + slope == pytest.approx(contrast.tissue(host)[0])
    assert 0.9 < base < 1.0 < base + slope < 1.2
    assert contrast.tissue(tissue("titanium"))[0] == pytest.approx(1 + 3.071)


def test_concentration_by_hand():
    """PET-01: 350 MBq, 70 kg, 60 min, 6586.2 s: SUV 1.461 is 5000 Bq/ml at the start, SUV 1.000 at injection."""
    e = replace(PET, dose_mbq=350.0)
    assert 1.461 * bq_per_ml_per_suv(e, 70.0) == pytest.approx(5000, rel=1e-3)
    assert bq_per_ml_per_suv(replace(e, decay_correction="ADMIN"), 70.0) == pytest.approx(5000, rel=1e-9)


def test_no_correction_is_the_mean_over_the_frame():
    """Against decay summed second by second."""
    e = replace(PET, decay_correction="NONE", frame_s=1800.0)
    seconds = np.linspace(0.0, 1800.0, 20001)
    decayed = np.exp2(-(3600.0 + seconds) / half_life_s("fdg"))
    at_injection = bq_per_ml_per_suv(replace(e, decay_correction="ADMIN"), 70.0)
    assert bq_per_ml_per_suv(e, 70.0) == pytest.approx(at_injection * np.trapezoid(decayed, seconds) / 1800.0, rel=1e-6)


def test_half_lives_and_references():
    """F-18 110 min, Tc-99m 6 h; noise speaks of liver and of a normal vertebra."""
    assert (half_life_s("fdg"), half_life_s("mdp")) == (6586.2, 21654)
    assert (reference_suv("fdg"), reference_suv("mdp")) == (1.88, 3.92)
