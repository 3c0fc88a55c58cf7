"""Signals of tissues on MR by the way they are made, against the formulas written out here."""

from __future__ import annotations

from dataclasses import replace
from math import exp

import pytest

from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.mr_signals import MrContrast
from spinemets.phantom.tissue.agent import with_agent
from spinemets.phantom.tissue.tissues import fat_pool_ms, spongiosa, tissue


def value(name, of, volume=0, **changes):
    """Magnitude of a tissue in a protocol."""
    return abs(sum(MrContrast(replace(default(name), **changes), volume).tissue(tissue(of))))


def test_fast_spin_echo():
    """PD (1 - exp(-(TR - train)/T1)) exp(-TE/T2) for water; the T2 of fat is 1.5 times as long."""
    a, t = default("t2"), tissue("muscle")
    f1, f2 = fat_pool_ms(1.5)
    water = t.pd * (1 - t.fat_fraction) * (1 - exp(-(3500 - 144) / t.t1_ms)) * exp(-100 / t.t2_ms)
    fat = t.pd * t.fat_fraction * (1 - exp(-(3500 - 144) / f1)) * exp(-100 / (1.5 * f2))
    assert MrContrast(a).tissue(t) == pytest.approx((water, fat), rel=1e-9)


def test_diffusion():
    """Two exponentials for water, a slow one for the fat that suppression leaves; b by volume."""
    a, t = default("dwi"), tissue("lytic_tumour")
    d = t.diffusion
    for volume, b in enumerate((50.0, 400.0, 800.0)):
        water, fat = MrContrast(a, volume).tissue(t)
        plain, plain_fat = MrContrast(replace(a, b_s_per_mm2=(), fat_suppressed=False)).tissue(t)
        share = (1 - d.perfused_share) * exp(-b * d.d_mm2_per_s) + d.perfused_share * exp(-b * d.dstar_mm2_per_s)
        assert water / plain == pytest.approx(share, rel=1e-9)
        assert fat / plain_fat == pytest.approx(0.05 * exp(-b * 0.05e-3), rel=1e-9)


def test_fat_suppression_leaves_water():
    """A twentieth of fat stays; CSF and muscle water are as they were."""
    assert value("t2_fs", "subcutaneous_fat") < 0.12 * value("t2_fs", "subcutaneous_fat", fat_suppressed=False)
    assert value("t2_fs", "csf") == value("t2_fs", "csf", fat_suppressed=False)


def test_contrast_that_radiologists_expect():
    """T2: CSF above disc above muscle. T1 FLAIR: CSF black, cord grey. After gadolinium tumour reaches marrow, CSF stays dark."""
    assert value("t2", "csf") > 1.3 * value("t2", "nucleus_healthy") > 2 * value("t2", "muscle")
    assert value("t1_flair", "csf") < 0.1 * value("t1_flair", "cord_white")
    before, after = value("t1", "lytic_tumour"), value("t1_gd", "lytic_tumour")
    assert after > 1.3 * before
    assert value("t1_gd", "csf") == pytest.approx(value("t1", "csf"), rel=0.02)
    host = spongiosa(age_years=60, sex="female")
    base, slope = MrContrast(default("t1_gd_fs")).spongy(host, host.mineral_mg_per_ml)
    assert value("t1_gd_fs", "lytic_tumour") > 1.5 * abs(sum(base) + sum(slope))


def test_tumour_stands_out_at_high_b():
    """Marrow over tumour falls with b: tumour is bright against the spine (review 2.10)."""
    host = spongiosa(age_years=60, sex="female")

    def ratio(volume):
        contrast = MrContrast(default("dwi"), volume)
        base, slope = contrast.spongy(host, host.mineral_mg_per_ml)
        return value("dwi", "lytic_tumour", volume) / abs(sum(base) + sum(slope))

    assert ratio(2) > 2 and value("dwi", "csf", 2) < 0.5 * value("dwi", "csf", 0)


def test_agent_reaches_the_signal():
    """Spin echo with the shorter T1, written out."""
    t, a = tissue("lytic_tumour"), default("t1_gd")
    t1 = with_agent(t, minutes=5.0, field_t=1.5)
    water = 1 - 2 * exp(-(550 - 5) / t1) + exp(-550 / t1)
    assert MrContrast(a).tissue(t)[0] == pytest.approx(
        t.pd * (1 - t.fat_fraction) * water * exp(-10 / t.t2_ms), rel=1e-9
    )


def test_a_method_without_model_is_refused():
    """No signal is made up."""
    with pytest.raises(ValueError, match="no signal model"):
        MrContrast(replace(default("t1"), method="magic")).tissue(tissue("muscle"))
