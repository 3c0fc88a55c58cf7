"""HU at other tube voltages, model by model."""

from __future__ import annotations

import pytest

from spinemets.knowledge.lookup import table
from spinemets.phantom.tissue.tissues import spongiosa, tissue
from spinemets.phantom.tissue.tube_voltage import Parts, hu_at
from spinemets.physics import ct

NAMES = [name for theme in table("tissues")["themes"] for name in table(theme)["tissues"]]
KVP = (80.0, 100.0, 120.0, 140.0)


def at(name: str) -> list[float]:
    """A tissue at the four voltages."""
    return [tissue(name).hu_at(kvp) for kvp in KVP]


@pytest.mark.parametrize("name", NAMES)
def test_reference_voltage_is_the_table(name):
    """120 kVp gives the HU of the table, metal clipped to 12 bits."""
    assert tissue(name).hu_at(120.0) == pytest.approx(min(tissue(name).hu, 3071.0))


@pytest.mark.parametrize("name", ["muscle", "csf", "lytic_tumour", "gas", "peek"])
def test_soft_tissue_and_air_stay(name):
    """Factor 1 at every voltage."""
    assert at(name) == [tissue(name).hu] * 4


def test_fat_scales_as_adipose():
    """-80 HU of pure fat read -99, -87 and -74."""
    found = at("subcutaneous_fat")
    assert found == pytest.approx([-106 * f for f in (99 / 80, 87 / 80, 1.0, 74 / 80)])


def test_cortical_bone_is_the_material():
    """Bone alone reads what the attenuation table says."""
    assert at("cortical_bone") == pytest.approx(table("attenuation")["tube_voltage"]["hu"]["cortical_bone"])


def test_metal_is_clipped():
    """Titanium, cobalt-chromium leave the scale at every voltage, cement at none."""
    assert at("titanium") == at("cobalt_chrome") == [3071.0] * 4
    assert at("cement") == pytest.approx([2200 * f / 1650 for f in (2230, 1864, 1650, 1501)])


def test_trabecular_voxel():
    """E-60: 150 mg/ml and half of the marrow fat read 285.6, 240.1, 213.5 and 195.4 HU."""
    parts = Parts(hu=213.477006, mineral_mg_per_ml=150.0, fat_fraction=0.5, hu_without_iodine=0.0)
    found = [hu_at(parts, model="mixed", kvp=kvp) for kvp in KVP]
    assert found == pytest.approx([285.632745, 240.104442, 213.477006, 195.422431], rel=1e-6)


def test_patients_marrow_is_the_mixture_of_the_physics():
    """Spongy bone at a voltage is what physics.ct makes of its mineral and fat there."""
    host = spongiosa(age_years=63.0, sex="female", level="T7")
    for kvp, bone, fat in ((80.0, 2230, -99), (140.0, 1501, -74)):
        hu = ct.trabecular_hu(
            mineral_mg_per_ml=host.mineral_mg_per_ml,
            fat_fraction=host.fat_fraction,
            hu_bone=bone,
            hu_fat=fat,
            hu_soft=45.0,
        )
        assert host.hu_at(kvp) == pytest.approx(float(hu))


def test_mineral_model_leaves_the_rest():
    """Sclerosis: only its mineral scales."""
    row = tissue("blastic_tumour")
    bone = row.mineral_mg_per_ml / ct.CORTICAL_MINERAL_MG_PER_ML
    assert row.hu_at(80.0) == pytest.approx(row.hu + bone * (2230 - 1650))


def test_myelogram():
    """E-61: 8 mg iodine per ml in CSF read 356, 277.6, 229.6 and 195.2 HU; the record rounds 229.6 to 230."""
    assert at("csf_myelogram") == pytest.approx([356.0, 277.6, 229.6, 195.2], abs=0.7)


def test_between_and_beyond():
    """Straight lines between voltages; outside the table there is no answer."""
    enostosis = tissue("enostosis")
    assert enostosis.hu_at(90.0) == pytest.approx((enostosis.hu_at(80.0) + enostosis.hu_at(100.0)) / 2)
    for kvp in (70.0, 150.0):
        with pytest.raises(ValueError, match="outside the table"):
            enostosis.hu_at(kvp)
