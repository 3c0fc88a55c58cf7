"""Attenuation at one energy."""

from __future__ import annotations

import pytest

from spinemets.knowledge.catalogue import table
from spinemets.phantom.tissue.single_energy import attenuation_per_cm, beam, spongy_per_cm
from spinemets.phantom.tissue.tissues import spongiosa, tissue
from spinemets.physics import ct

KEV = 50.0
NAMES = [name for theme in table("tissues")["themes"] for name in table(theme)["tissues"]]


def material(name, column=1):
    """Attenuation of the table at one of its energies (50 keV)."""
    row = table("attenuation")["materials"][name]
    return row["density_g_per_ml"] * row["mass_attenuation_cm2_per_g"][column]


def test_water_and_nothing():
    """HU 0 and -1000, and nothing below."""
    assert beam(KEV).per_cm(0.0) == pytest.approx(0.2269)
    assert beam(KEV).per_cm(-1000.0) == 0.0
    assert beam(KEV).per_cm(-1024.0) == 0.0
    assert beam(60.0).water_per_cm == pytest.approx(0.2059)


@pytest.mark.parametrize(
    ("name", "of"), [("cortical_bone", "cortical_bone"), ("titanium", "titanium"), ("cobalt_chrome", "cobalt_chromium")]
)
def test_pure_materials(name, of):
    """Bone and metals have the attenuation of their material, metal beyond the CT scale too."""
    assert attenuation_per_cm(tissue(name), KEV) == pytest.approx(material(of), rel=0.005)


def test_fat_is_near_adipose_tissue():
    """Pure fat (-80 HU at 120 kVp) is adipose tissue; the table's -106 HU lie below."""
    fat = tissue("subcutaneous_fat")
    expected = beam(KEV).per_cm(fat.hu * beam(KEV).hu_fat / -80)
    assert attenuation_per_cm(fat, KEV) == pytest.approx(expected)
    assert attenuation_per_cm(fat, KEV) == pytest.approx(material("adipose"), rel=0.05)


@pytest.mark.parametrize("name", ["muscle", "csf", "liver", "gas", "lung"])
def test_soft_tissue_keeps_its_hu(name):
    """What holds neither mineral nor fat nor iodine."""
    found = attenuation_per_cm(tissue(name), KEV)
    assert found == pytest.approx(0.2269 * max(0.0, 1 + tissue(name).hu / 1000), abs=1e-6)


def test_muscle_is_muscle():
    """0.238 per cm, as E-68 has it and the table of materials."""
    assert attenuation_per_cm(tissue("muscle"), KEV) == pytest.approx(material("muscle"), rel=0.01)


def test_iodine_grows_with_falling_energy():
    """1 mg/ml adds 53 HU at 50 keV, 27.7 at 120 kVp."""
    assert beam(KEV).iodine == pytest.approx((12.32 / 0.2269 - 1) / 27.7, rel=1e-6)
    filled = tissue("csf_myelogram")
    gained = attenuation_per_cm(filled, KEV) - beam(KEV).per_cm(filled.hu_without_iodine)
    assert gained == pytest.approx(0.2269 * 0.222 * beam(KEV).iodine, rel=1e-6)


def test_the_energy_of_120_kvp_gives_back_the_table():
    """67 keV stand for 120 kVp: HU of bone as there within 1.5 %, of soft tissue exactly."""
    there = beam(67.0)
    assert there.hu_bone == pytest.approx(1650, rel=0.015)
    assert there.hu_fat == pytest.approx(-80, rel=0.05)
    for name in ("cortical_bone", "muscle", "subcutaneous_fat"):
        assert attenuation_per_cm(tissue(name), 67.0) == pytest.approx(there.per_cm(tissue(name).hu), rel=0.01)


@pytest.mark.parametrize("name", NAMES)
def test_every_tissue_has_one(name):
    """Between nothing and cobalt-chromium, and less where photons are harder (air aside)."""
    soft, hard = attenuation_per_cm(tissue(name), KEV), attenuation_per_cm(tissue(name), 80.0)
    assert 0.0 <= hard <= soft < 20.0


def test_spongy_bone_is_the_mixture():
    """Shares by volume of bone, fat and soft tissue, worked out by hand."""
    host = spongiosa(age_years=60.0, sex="female")
    bone = host.mineral_mg_per_ml / ct.CORTICAL_MINERAL_MG_PER_ML
    marrow = host.fat_fraction * material("adipose") + (1 - host.fat_fraction) * 0.2269 * 1.045
    found = spongy_per_cm(
        mineral_mg_per_ml=host.mineral_mg_per_ml, fat_fraction=host.fat_fraction, hu_soft=45.0, energy_kev=KEV
    )
    assert found == pytest.approx(bone * material("cortical_bone") + (1 - bone) * marrow, rel=1e-6)
    assert found == pytest.approx(attenuation_per_cm(host, KEV), rel=0.01)


def test_energies_beyond_the_table_are_refused():
    """No extrapolation."""
    with pytest.raises(ValueError, match="energy"):
        beam(20.0)
