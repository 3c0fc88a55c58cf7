"""What tissues show: ratios that the tissue table must keep."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.imaging.acquisition import Acquisition, default
from spinemets.phantom.imaging.mr_signals import MrContrast
from spinemets.phantom.imaging.signals import CtContrast, PathContrast
from spinemets.phantom.tissue.tissues import spongiosa, tissue


@pytest.fixture
def t1():
    """T1 spin echo 500/10, the protocol of the check table."""
    return MrContrast(
        Acquisition(sequence="t1", plane="sagittal", pixel_mm=1, slice_mm=4, fov_mm=(10, 10), tr_ms=500, te_ms=10)
    )


@pytest.fixture
def stir():
    """STIR of the demonstration protocol."""
    return MrContrast(default("stir"))


def _marrow(contrast, age=52.0, sex="female"):
    """Signal of normal spongy bone."""
    base, slope = contrast.spongy(spongiosa(age_years=age, sex=sex), 100.0)
    return abs(sum(base) + sum(slope))


def _value(contrast, name):
    """Magnitude of a tissue."""
    return abs(sum(contrast.tissue(tissue(name))))


def test_normal_marrow_over_muscle_and_disc_on_t1(t1):
    """Forward-model check: spongiosa/muscle 1.57 (men, thirties) to 1.74 (women, sixties); over healthy disc 1.65-1.82."""
    assert _marrow(t1, 35, "male") / _value(t1, "muscle") == pytest.approx(1.57, abs=0.03)
    assert _marrow(t1, 65, "female") / _value(t1, "muscle") == pytest.approx(1.74, abs=0.03)
    assert 1.6 < _marrow(t1, 50, "female") / _value(t1, "nucleus_healthy") < 1.85


def test_lytic_tumour_on_t1(t1):
    """Lytic tumour/muscle 0.85, and below disc: abnormal when below muscle and disc."""
    assert _value(t1, "lytic_tumour") / _value(t1, "muscle") == pytest.approx(0.85, abs=0.02)
    assert _value(t1, "lytic_tumour") / _value(t1, "nucleus_healthy") < 1


def test_blastic_tumour_is_dark_everywhere(t1, stir):
    """Blastic/muscle 0.50 on T1; darker than normal marrow on STIR."""
    assert _value(t1, "blastic_tumour") / _value(t1, "muscle") == pytest.approx(0.50, abs=0.02)
    assert _value(stir, "blastic_tumour") < _marrow(stir)


def test_stir(stir):
    """Tumour/muscle 3.5 on STIR, at least half brighter than normal marrow; fat darker than marrow water."""
    assert _value(stir, "lytic_tumour") / _value(stir, "muscle") == pytest.approx(3.5, abs=0.35)
    assert _value(stir, "lytic_tumour") / _marrow(stir) > 1.5
    assert _value(stir, "subcutaneous_fat") < 0.6 * _marrow(stir)


def test_flow(t1):
    """Moving blood keeps a tenth of its signal; CSF on T1 gains 10 % of its fully relaxed signal by inflow."""
    blood = tissue("aorta_blood_pre")
    assert _value(t1, "aorta_blood_pre") == pytest.approx(0.1 * abs(sum(t1._pools(blood, 0.0))))
    csf = tissue("csf")
    assert _value(t1, "csf") - abs(sum(t1._pools(csf, 0.0))) == pytest.approx(0.1, abs=0.002)
    assert 1.9 < _marrow(t1, 65) / _value(t1, "csf") < 2.6


def test_texture_changes_no_mean(t1):
    """Mixtures are linear in their texture: at texture 1 they are the tissue itself."""
    host = spongiosa(age_years=52, sex="female")
    base, slope = t1.spongy(host, host.mineral_mg_per_ml)
    assert [b + s for b, s in zip(base, slope, strict=True)] == pytest.approx(t1.tissue(host))
    base, slope = CtContrast().spongy(host, host.mineral_mg_per_ml)
    assert base[0] + slope[0] == pytest.approx(host.hu)


def test_lytic_ct_value():
    """A fifth of the host's mineral in tumour reads under 60 to 65 HU; half of it lies far from marrow."""
    host = spongiosa(age_years=52, sex="female")
    base, slope = CtContrast().spongy(tissue("lytic_tumour"), 0.2 * host.mineral_mg_per_ml)
    assert 40 < base[0] + slope[0] < 65


def test_metal_is_clipped():
    """Titanium leaves the 12-bit scale at 3071 HU."""
    assert CtContrast().tissue(tissue("titanium")) == (3071.0,)


def test_channels():
    """CT has one channel, MR water and fat."""
    assert CtContrast().n_channels == 1
    assert MrContrast(default("stir")).n_channels == 2


@pytest.mark.parametrize("kvp", [80.0, 100.0, 120.0, 140.0])
def test_ct_follows_the_tissues_through_the_voltages(kvp):
    """Uniform tissues as the tissue table carries them; mixtures of spongy bone end where the tissue does."""
    contrast = CtContrast(kvp=kvp)
    for name in ("muscle", "subcutaneous_fat", "cortical_bone", "csf_myelogram"):
        assert contrast.tissue(tissue(name)) == (tissue(name).hu_at(kvp),)
    for of in (spongiosa(age_years=52, sex="female"), tissue("mixed_tumour"), tissue("blastic_tumour")):
        base, slope = contrast.spongy(of, of.mineral_mg_per_ml)
        assert base[0] + slope[0] == pytest.approx(of.hu_at(kvp), abs=1.0), of.name


def test_iodine_on_ct():
    """Blood as the table says, organs brighter, marrow and tumour a little, bone and fluid not."""
    plain, after = CtContrast(), CtContrast(iodine_s=70.0)
    assert after.tissue(tissue("aorta_blood_pre")) == (150.0,)
    gain = {n: after.tissue(tissue(n))[0] - plain.tissue(tissue(n))[0] for n in ("liver", "lytic_tumour", "csf", "gas")}
    assert gain["liver"] > 2 * gain["lytic_tumour"] > 20 and gain["csf"] == gain["gas"] == 0
    host = spongiosa(age_years=52, sex="female")
    (base, slope), (more, with_more) = ((c.spongy(host, 100.0)) for c in (plain, after))
    assert 5 < more[0] - base[0] < 25
    assert with_more[0] + more[0] - slope[0] - base[0] == pytest.approx((more[0] - base[0]) * (1 - 100 / 1082.9))


@pytest.mark.parametrize("kvp", [80.0, 120.0])
def test_materials_of_rays_read_as_the_tissue(kvp):
    """Water and bone, each with its own value, give back the HU of tissues and of mixtures."""
    rays, hu_bone = PathContrast(kvp), {80.0: 2230.0, 120.0: 1650.0}[kvp]
    for name in ("muscle", "gas", "cortical_bone", "blastic_tumour", "subcutaneous_fat", "endplate"):
        water, bone, *metal = rays.tissue(tissue(name))
        assert 1000 * (water + bone * (1 + hu_bone / 1000) - 1) == pytest.approx(tissue(name).hu_at(kvp), abs=0.1)
        assert metal == [0.0, 0.0] and bone >= 0
    host = spongiosa(age_years=52, sex="female")
    base, slope = (np.array(part) for part in rays.spongy(host, host.mineral_mg_per_ml))
    water, bone, *_ = base + slope
    assert 1000 * (water + bone * (1 + hu_bone / 1000) - 1) == pytest.approx(host.hu_at(kvp), abs=1.0)


def test_metal_of_rays():
    """Titanium and cobalt chromium are themselves, cement the bone that reads as it does."""
    assert PathContrast().tissue(tissue("titanium")) == (0.0, 0.0, 1.0, 0.0)
    assert PathContrast().tissue(tissue("cobalt_chrome")) == (0.0, 0.0, 0.0, 1.0)
    water, bone, *_ = PathContrast().tissue(tissue("cement"))
    assert water == 0 and bone == pytest.approx(3200 / 2650)
