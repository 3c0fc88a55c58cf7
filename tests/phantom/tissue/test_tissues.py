"""Tissue values and the rules that make a patient's marrow and muscle."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.knowledge.lookup import table
from spinemets.phantom.tissue.tissues import fat_pool_ms, materials, muscle, spongiosa, tissue
from spinemets.physics import ct

NAMES = [name for theme in table("tissues")["themes"] for name in table(theme)["tissues"]]
AGE = st.floats(18.0, 95.0)
SEX = st.sampled_from(["female", "male"])


def numbers(value) -> dict[str, float]:
    """Every number of a tissue, those of its groups included."""
    found: dict[str, float] = {}
    for field in fields(value):
        inner = getattr(value, field.name)
        if is_dataclass(inner):
            found |= {f"{field.name}.{name}": number for name, number in numbers(inner).items()}
        elif isinstance(inner, int | float):
            found[field.name] = inner
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_row_reads(name):
    """Every tissue of the tables is complete at both field strengths."""
    for field_t in (1.5, 3.0):
        found = tissue(name, field_t)
        assert 0 <= found.pd <= 1
        assert 0 <= found.fat_fraction <= 1
        assert found.t1_ms >= found.t2_ms >= found.t2star_ms > 0
        assert all(value >= 0 for key, value in numbers(found.spread).items()), name


def test_units_of_the_fields():
    """Diffusion in mm2/s, uptake of bone as SUV too."""
    found = tissue("lytic_tumour", 3.0)
    assert (found.t1_ms, found.t2_ms, found.t2star_ms) == (1515, 70, 30)
    assert found.diffusion.adc_mm2_per_s == pytest.approx(0.70e-3)
    assert found.diffusion.d_mm2_per_s == pytest.approx(0.47e-3)
    assert found.diffusion.dstar_mm2_per_s == pytest.approx(20e-3)
    assert found.diffusion.perfused_share == 0.12
    assert (found.perfusion.ktrans_per_min, found.perfusion.ve, found.perfusion.vp) == (0.077, 0.157, 0.03)
    assert found.uptake.fdg_suv_g_per_ml == 5.5
    assert found.uptake.bone_scan_ratio == 1.5
    assert found.uptake.bone_scan_suv_g_per_ml == pytest.approx(1.5 * 3.92)


def test_stated_spread_before_the_general_one():
    """HU 15, ADC 0.12, Ktrans 0.028 and SUV 3 are stated; the rest is the general share of the value, or unknown."""
    spread = tissue("lytic_tumour").spread
    assert (spread.hu, spread.adc_mm2_per_s, spread.d_mm2_per_s) == pytest.approx((15, 0.12e-3, 0.07e-3))
    assert (spread.ktrans_per_min, spread.fdg_suv_g_per_ml) == (0.028, 3)
    assert spread.t1_ms == pytest.approx(0.07 * 1252)
    assert spread.t2_ms == pytest.approx(0.12 * 75)
    assert spread.t2star_ms == pytest.approx(0.2 * 40)
    assert spread.pd == pytest.approx(0.05 * 0.75)
    assert spread.ve == pytest.approx(0.3 * 0.157)
    assert (spread.fat_fraction, spread.dstar_mm2_per_s, spread.bone_scan_ratio) == (None, None, None)
    assert tissue("titanium").spread.hu == 8


def test_spread_by_field_strength():
    """White matter: T1 27 and T2 6 ms are measured at 3 T; at 1.5 T the general share stands."""
    low, high = tissue("cord_white", 1.5).spread, tissue("cord_white", 3.0).spread
    assert (high.t1_ms, high.t2_ms) == (27, 6)
    assert (low.t1_ms, low.t2_ms) == pytest.approx((0.07 * 745, 0.12 * 78))


def test_hu_by_age():
    """HU of L1: 226 at 25 y, 2.5 less a year, not below 89."""
    assert spongiosa(age_years=25, sex="male").hu == pytest.approx(226.0)
    assert spongiosa(age_years=52, sex="female").hu == pytest.approx(158.5)
    assert spongiosa(age_years=95, sex="female").hu == pytest.approx(89.0)


def test_fat_fraction_between_decades():
    """Women: 0.33 in the forties, 0.42 in the fifties; between the mid-decades in proportion."""
    assert spongiosa(age_years=45, sex="female").fat_fraction == pytest.approx(0.33)
    assert spongiosa(age_years=50, sex="female").fat_fraction == pytest.approx(0.375)


def test_other_properties_between_decades():
    """T2* rises as bone is lost, ADC, Ktrans and SUV fall; at 50 y each lies midway between 45 and 55."""
    at = {age: spongiosa(age_years=age, sex="male", field_t=3.0) for age in (25, 45, 50, 55, 85)}
    assert at[50].t2star_ms == pytest.approx((9.8 + 10.2) / 2)
    assert at[50].perfusion.ktrans_per_min == pytest.approx((0.042 + 0.038) / 2)
    assert at[50].uptake.fdg_suv_g_per_ml == pytest.approx((1.54 + 1.46) / 2)
    assert at[50].spread.hu == pytest.approx((43 + 42) / 2)
    assert (at[25].diffusion.adc_mm2_per_s, at[85].diffusion.adc_mm2_per_s) == pytest.approx((0.54e-3, 0.47e-3))
    assert {t.kvp_model for t in at.values()} == {"mixed"}
    assert {t.pd for t in at.values()} == {0.85}


@given(age=AGE, sex=SEX)
def test_marrow_lies_between_its_decades(age, sex):
    """No property leaves the range of the table, whatever the age."""
    young, old, found = (numbers(spongiosa(age_years=a, sex=sex)) for a in (25.0, 85.0, age))
    for key, value in found.items():
        if key not in ("hu", "mineral_mg_per_ml", "spread.fat_fraction"):
            low, high = sorted((young[key], old[key]))
            assert low - 1e-12 <= value <= high + 1e-12, key


@given(age=AGE, sex=SEX, level=st.sampled_from(["C2", "C5", "T3", "T12", "L1", "L4"]))
def test_marrow_obeys_the_mixture(age, sex, level):
    """At any age and level, mineral and fat give back the HU."""
    found, m = spongiosa(age_years=age, sex=sex, level=level), materials()
    hu = ct.trabecular_hu(
        mineral_mg_per_ml=found.mineral_mg_per_ml,
        fat_fraction=found.fat_fraction,
        hu_bone=m["hu_bone"],
        hu_fat=m["hu_fat"],
        hu_soft=m["hu_soft"],
    )
    assert float(hu) == pytest.approx(found.hu)


@pytest.mark.parametrize("sex", ["male", "female"])
def test_rule_and_decades_agree(sex):
    """The age rule at mid-decade gives the table's mineral within 1 %; from 70 y the table bends before the rule does."""
    rows = table("tissues_marrow")["spongiosa"]
    for decade, mineral, hu in zip(rows["decades"], rows[sex[0]]["mineral"], rows["both"]["hu"], strict=True):
        found = spongiosa(age_years=decade + 5.0, sex=sex)
        if decade < 70:
            assert found.hu == pytest.approx(hu)
            assert found.mineral_mg_per_ml == pytest.approx(mineral, rel=0.01)
        else:
            assert -4.1 < found.hu - hu < 0


def test_level_factor_scales_the_mineral():
    """Thoracic bodies are denser: 3 % more mineral, more HU."""
    low, high = (spongiosa(age_years=52, sex="female", level_factor=f) for f in (1.0, 1.03))
    assert high.mineral_mg_per_ml == pytest.approx(1.03 * low.mineral_mg_per_ml)
    assert high.hu > low.hu


def test_level_scales_the_mineral():
    """C5 has 1.75 times the mineral of L4; a collapse on top of it multiplies."""
    low, high = (spongiosa(age_years=52, sex="female", level=level) for level in ("L4", "C5"))
    assert high.mineral_mg_per_ml == pytest.approx(1.75 * low.mineral_mg_per_ml)
    packed = spongiosa(age_years=52, sex="female", level="C5", level_factor=2.0)
    assert packed.mineral_mg_per_ml == pytest.approx(3.5 * low.mineral_mg_per_ml)
    assert low == spongiosa(age_years=52, sex="female")


def test_soft_part_gives_back_the_table_hu():
    """The soft HU of a lesion is what the mixture needs to read the table's HU."""
    found, m = tissue("lytic_tumour"), materials()
    hu = ct.trabecular_hu(
        mineral_mg_per_ml=found.mineral_mg_per_ml,
        fat_fraction=found.fat_fraction,
        hu_bone=m["hu_bone"],
        hu_fat=m["hu_fat"],
        hu_soft=found.soft_hu,
    )
    assert float(hu) == pytest.approx(found.hu)


def test_muscle_by_age():
    """Fat of the age lowers the HU; at the fat of the table the tissue is the table's."""
    young, old = (muscle(age_years=age, group="erector_L3_L5") for age in (25, 70))
    assert (young.fat_fraction, old.fat_fraction) == (0.123, 0.194)
    assert (young.spread.fat_fraction, old.spread.fat_fraction) == (0.056, 0.082)
    assert old.hu < young.hu < tissue("muscle").hu
    assert 30 < old.hu < 36
    same = muscle(age_years=25 + 50 * (0.06 - 0.05) / 0.15)
    assert same.fat_fraction == pytest.approx(0.06)
    assert same.hu == pytest.approx(tissue("muscle").hu)
    assert same.spread == tissue("muscle").spread
    assert muscle(age_years=60, field_t=3.0).t1_ms == tissue("muscle", 3.0).t1_ms


def test_fat_pool_is_nulled_by_clinical_inversion_times():
    """Fat T1 245 ms at 1.5 T and 330 ms at 3 T: nulls near 170 and 229 ms."""
    assert fat_pool_ms(1.5)[0] * 0.693 == pytest.approx(170, abs=1)
    assert fat_pool_ms(3.0)[0] * 0.693 == pytest.approx(229, abs=1)


def test_sources_of_the_anatomy_exist():
    """Every source key of the anatomy table has its citation (those of the tissues: tests/knowledge)."""
    rows = table("phantom_anatomy")
    keys = {value.split()[0] for value in _bases(rows) if value.split()[0] != "choice"}
    assert keys <= set(rows["sources"]), keys - set(rows["sources"])


def _bases(node):
    """All values of `basis` anywhere in a table."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "basis":
                yield from value.values() if isinstance(value, dict) else [value]
            else:
                yield from _bases(value)
