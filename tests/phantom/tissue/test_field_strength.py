"""Tissues at 3 T: as the tables state them, and with the changes of a case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spinemets.knowledge.lookup import table
from spinemets.phantom.cases import grids, nuclear
from spinemets.phantom.cases.named import case_of
from spinemets.phantom.tissue.field_strength import at_field
from spinemets.phantom.tissue.tissues import spongiosa, tissue


@pytest.mark.parametrize("theme", table("tissues")["themes"])
def test_tissues_of_the_tables(theme):
    """Relaxation of the other column, everything else as it was."""
    for name in table(theme)["tissues"]:
        found, stated = at_field(tissue(name), 3.0), tissue(name, 3.0)
        for time in ("t1_ms", "t2_ms", "t2star_ms"):
            assert getattr(found, time) == pytest.approx(getattr(stated, time), rel=1e-12), (name, time)
        assert (found.pd, found.fat_fraction, found.diffusion) == (stated.pd, stated.fat_fraction, stated.diffusion)


@pytest.mark.parametrize("age", [18.0, 25.0, 31.0, 52.0, 65.0, 79.5, 90.0])
def test_spongy_bone_of_any_age(age):
    """T2* rises with age on straight lines at both fields."""
    for sex in ("female", "male"):
        here, there = (spongiosa(age_years=age, sex=sex, level="L3", field_t=field_t) for field_t in (1.5, 3.0))
        found = at_field(here, 3.0)
        assert (found.t1_ms, found.t2_ms) == (there.t1_ms, there.t2_ms)
        assert found.t2star_ms == pytest.approx(there.t2star_ms, rel=1e-9)
        assert found.mineral_mg_per_ml == here.mineral_mg_per_ml


def test_what_a_case_changes_stays_changed():
    """A lesion with twice the T2 has twice the T2 at 3 T."""
    bright = replace(tissue("lytic_tumour"), t2_ms=150.0, fat_fraction=0.2)
    assert at_field(bright, 3.0).t2_ms == pytest.approx(2 * tissue("lytic_tumour", 3.0).t2_ms)
    assert at_field(bright, 3.0).fat_fraction == 0.2
    assert at_field(bright, 1.5) is bright


@pytest.mark.parametrize("name", [*grids.CASES, *nuclear.CASES])
def test_every_tissue_of_the_grids_goes_to_3_t(name):
    """A tissue with a name of its own (fat-0.4-t2star-20) relaxes as the row it was made from does."""
    for insert in case_of(name).inserts:
        here = insert.all_parts[0].written
        there, row = at_field(here, 3.0), here.row
        for time in ("t1_ms", "t2_ms", "t2star_ms"):
            factor = getattr(tissue(row, 3.0), time) / getattr(tissue(row), time)
            assert getattr(there, time) == pytest.approx(factor * getattr(here, time), rel=1e-12), here.name
        assert (there.name, there.fat_fraction, there.diffusion) == (here.name, here.fat_fraction, here.diffusion)


def test_unknown_tissues():
    """A row that no table has cannot be taken to another field."""
    with pytest.raises(KeyError):
        at_field(replace(tissue("csf"), row="ectoplasm"), 3.0)
