"""Signals of tissues on MR by the way they are made, against the formulas written out here."""

from __future__ import annotations

import cmath
from dataclasses import replace
from math import cos, exp, pi, radians, sin

import pytest

from spinemets.phantom.imaging.acquisition import default
from spinemets.phantom.imaging.mr_signals import CsfShare, MrContrast, fat_turn
from spinemets.phantom.tissue.agent import with_agent
from spinemets.phantom.tissue.fat_spectra import fat_spectrum
from spinemets.phantom.tissue.tissues import fat_pool_ms, spongiosa, tissue
from spinemets.physics import variable_flip_angle


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


def gradient_echo(of, field_t, te_ms, tr_ms, flip_deg):
    """Water and fat of six peaks, written out: the check of the tissue tables on the way they are made there."""
    flip, (fat_t1, fat_t2) = radians(flip_deg), fat_pool_ms(field_t)

    def steady(t1_ms):
        return sin(flip) * (1 - exp(-tr_ms / t1_ms)) / (1 - exp(-tr_ms / t1_ms) * cos(flip))

    spectrum = fat_spectrum()
    turn = 0
    for ppm, amplitude in zip(spectrum.ppm, spectrum.amplitudes, strict=True):
        turn += amplitude * cmath.exp(2j * pi * ppm * 42.577478518 * field_t * te_ms / 1000)
    rate = 1 / fat_t2 + 1 / of.t2star_ms - 1 / of.t2_ms
    water = of.pd * (1 - of.fat_fraction) * steady(of.t1_ms) * exp(-te_ms / of.t2star_ms)
    return abs(water + of.pd * of.fat_fraction * steady(fat_t1) * turn * exp(-te_ms * rate))


@pytest.mark.parametrize("name", ["lytic_tumour", "acute_fracture", "muscle", "subcutaneous_fat", "csf"])
@pytest.mark.parametrize("sequence", ["in_phase", "opposed_phase", "in_phase_3t", "opposed_phase_3t", "t2star"])
def test_gradient_echoes(sequence, name):
    """Magnitude of both pools at both fields."""
    a = default(sequence)
    found = MrContrast(a).magnitude(MrContrast(a).tissue(tissue(name)))
    assert found == pytest.approx(
        gradient_echo(tissue(name, a.field_t), a.field_t, a.te_ms, a.tr_ms, a.flip_deg), rel=1e-9
    )


@pytest.mark.parametrize(
    ("suffix", "timing", "ratios"),
    [
        ("", (10.0, 3.0), (1.00, 1.00, 0.61, 0.57)),
        ("_3t", (10.0, 3.0), (0.98, 0.98, 0.58, 0.56)),
        ("", (120.0, 60.0), (0.90, 0.88, 0.09, 0.03)),
        ("_3t", (120.0, 60.0), (0.89, 0.86, 0.08, 0.06)),
    ],
)
def test_opposed_over_in_phase(suffix, timing, ratios):
    """Forward-model check: lytic, malignant fracture, benign fracture, oedema."""
    for name, ratio in zip(
        ("lytic_tumour", "malignant_fracture", "acute_fracture", "marrow_oedema"), ratios, strict=True
    ):
        pair = []
        for sequence in ("opposed_phase", "in_phase"):
            contrast = MrContrast(replace(default(sequence + suffix), tr_ms=timing[0], flip_deg=timing[1]))
            pair.append(contrast.magnitude(contrast.tissue(tissue(name))))
        assert pair[0] / pair[1] == pytest.approx(ratio, abs=0.01), name


@pytest.mark.parametrize(("field_t", "ratios"), [(1.5, (1.57, 1.74)), (3.0, (1.42, 1.59))])
def test_patients_at_another_field(field_t, ratios):
    """Forward-model check with hosts that were made for 1.5 T: marrow over muscle on T1, men of 35 and women of 65."""
    contrast = MrContrast(replace(default("t1"), tr_ms=500.0, field_t=field_t))
    muscle = contrast.magnitude(contrast.tissue(tissue("muscle")))
    for (age, sex), ratio in zip(((35.0, "male"), (65.0, "female")), ratios, strict=True):
        marrow = contrast.magnitude(contrast.tissue(spongiosa(age_years=age, sex=sex)))
        assert marrow / muscle == pytest.approx(ratio, abs=0.006)


def test_flip_angles_give_t1():
    """3 and 15 degrees of a tissue without fat: its T1."""
    a, of = default("vfa"), tissue("csf")
    signal = [MrContrast(a, n).tissue(of)[0] for n in (0, 1)]
    assert variable_flip_angle.fit_t1(signal=signal, flip_deg=a.flips_deg, tr_ms=a.tr_ms).t1_ms == pytest.approx(
        of.t1_ms
    )


def test_components_of_a_separation():
    """Water alone and fat alone at the in-phase echo, upright; in and opposed phase as their own series."""
    a = replace(default("dixon2"), components=("in", "opposed", "water", "fat"))
    of = tissue("acute_fracture")
    seen = [MrContrast(a, n).magnitude(MrContrast(a, n).tissue(of)) for n in range(4)]
    water, fat = MrContrast(a, 0).tissue(of)
    assert seen[2:] == pytest.approx([water, fat]) and seen[0] < water + fat
    assert seen[1] < 0.7 * seen[0]
    plain = replace(a, components=(), echoes_ms=())
    for n, te in ((0, 4.6), (1, 2.3)):
        contrast = MrContrast(replace(plain, te_ms=te))
        assert seen[n] == contrast.magnitude(contrast.tissue(of))


def test_fat_stands_upright_where_echoes_refocus_it():
    """No turn in spin echoes; nearly half a turn in opposed phase."""
    assert fat_turn(default("t1")) == fat_turn(default("dwi")) == 1.0
    assert fat_turn(default("opposed_phase")).real == pytest.approx(-0.797, abs=1e-3)
    assert fat_turn(default("in_phase_3t")).real == pytest.approx(0.815, abs=1e-3)


def test_blood_is_black_in_spin_echoes_only():
    """The flow void is that of echoes that fresh blood has not been excited for."""
    blood = tissue("aorta_blood_pre")
    black, bright = (MrContrast(default(name)).tissue(blood)[0] for name in ("t1", "t2star"))
    assert bright > 3 * black


def test_share_of_csf():
    """One channel that is 1 in CSF."""
    assert [CsfShare().tissue(tissue(name)) for name in ("csf", "cord_white")] == [(1.0,), (0.0,)]
    assert CsfShare().spongy(spongiosa(age_years=60, sex="female"), 100.0) == ((0.0,), (0.0,))


def test_a_method_without_model_is_refused():
    """No signal is made up."""
    with pytest.raises(ValueError, match="no signal model"):
        MrContrast(replace(default("t1"), method="magic")).tissue(tissue("muscle"))
