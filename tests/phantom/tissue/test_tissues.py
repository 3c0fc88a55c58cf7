"""Tissue values and the rules that make a patient's marrow."""

from __future__ import annotations

import pytest

from spinemets.knowledge.catalogue import table
from spinemets.phantom.tissue.tissues import fat_pool_ms, materials, spongiosa, tissue
from spinemets.physics import ct


@pytest.mark.parametrize("name", table("tissues")["tissues"])
def test_every_row_reads(name):
    """Every tissue of the table is complete at both field strengths."""
    for field_t in (1.5, 3.0):
        found = tissue(name, field_t)
        assert 0 <= found.pd <= 1
        assert 0 <= found.fat_fraction <= 1
        assert found.t1_ms > 0
        assert found.t2_ms > 0


def test_sources_exist():
    """Every source key of the tables has its citation."""
    for name in ("tissues", "phantom_anatomy"):
        rows = table(name)
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


def test_hu_by_age():
    """HU of L1: 226 at 25 y, 2.5 less a year, not below 89."""
    assert spongiosa(age_years=25, sex="male").hu == pytest.approx(226.0)
    assert spongiosa(age_years=52, sex="female").hu == pytest.approx(158.5)
    assert spongiosa(age_years=95, sex="female").hu == pytest.approx(89.0)


def test_fat_fraction_between_decades():
    """Women: 0.33 in the forties, 0.42 in the fifties; between the mid-decades in proportion."""
    assert spongiosa(age_years=45, sex="female").fat_fraction == pytest.approx(0.33)
    assert spongiosa(age_years=50, sex="female").fat_fraction == pytest.approx(0.375)


def test_level_factor_scales_the_mineral():
    """Thoracic bodies are denser: 3 % more mineral, more HU."""
    low, high = (spongiosa(age_years=52, sex="female", level_factor=f) for f in (1.0, 1.03))
    assert high.mineral_mg_per_ml == pytest.approx(1.03 * low.mineral_mg_per_ml)
    assert high.hu > low.hu


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


def test_fat_pool_is_nulled_by_clinical_inversion_times():
    """Fat T1 245 ms at 1.5 T and 330 ms at 3 T: nulls near 170 and 229 ms."""
    assert fat_pool_ms(1.5)[0] * 0.693 == pytest.approx(170, abs=1)
    assert fat_pool_ms(3.0)[0] * 0.693 == pytest.approx(229, abs=1)
