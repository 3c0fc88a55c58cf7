"""The table `classical_ct`: every figure is used, has a unit and says what it is."""

from __future__ import annotations

import msgspec
import pytest

from spinemets.knowledge import catalogue
from spinemets.model.errors import CatalogueError
from spinemets.segmentation.classical_ct import settings


def test_every_figure_of_the_table_is_a_field_and_the_reverse():
    rows = catalogue.table("classical_ct")["values"]
    assert set(rows) == {field.name for field in msgspec.structs.fields(settings.Settings)}


def test_figures_are_engineering_choices_with_their_reason():
    """'E and N are never shown as published'"""
    table = catalogue.table("classical_ct")
    assert table["mark"] == "E"
    assert all(row["about"] and row["unit"] for row in table["values"].values())


def test_bone_is_denser_than_enhanced_soft_tissue_and_lighter_than_cortex():
    hu = catalogue.table("attenuation")["tube_voltage"]["hu"]
    assert max(hu["muscle"]) + 50 < settings.load().bone_hu < min(hu["cortical_bone"]) / 2


def test_limits_are_in_order():
    chosen = settings.load()
    for low, high in (chosen.wall_mm, chosen.outline_mm, chosen.disc_gap_mm, chosen.posterior_hu, chosen.half_disc_mm):
        assert low < high
    assert list(chosen.canal_hu) == sorted(chosen.canal_hu)


def test_a_malformed_table_says_where(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(catalogue, "table", lambda name: {"mark": "E", "source": "x", "values": {"step_mm": {}}})
    settings.load.cache_clear()
    with pytest.raises(CatalogueError, match="table classical_ct"):
        settings.load()
    settings.load.cache_clear()
