"""Tissue values of the synthetic patient, read from the knowledge table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from spinemets.knowledge.catalogue import table
from spinemets.physics import ct


@dataclass(frozen=True, kw_only=True)
class Tissue:
    """One tissue at one field strength.

    Attributes
    ----------
    pd, fat_fraction, t1_ms, t2_ms
        Proton density relative to water, proton-density fat fraction, relaxation of the water protons.
    hu, mineral_mg_per_ml
        At 120 kVp; mineral as hydroxyapatite.
    """

    name: str
    pd: float
    fat_fraction: float
    t1_ms: float
    t2_ms: float
    hu: float
    mineral_mg_per_ml: float

    @property
    def soft_hu(self) -> float:
        """HU of the water part without mineral and fat: what the mixture of physics.ct needs to give back `hu`."""
        m = materials()
        bone = self.mineral_mg_per_ml / ct.CORTICAL_MINERAL_MG_PER_ML
        marrow = (self.hu - bone * m["hu_bone"]) / (1.0 - bone)
        return float((marrow - self.fat_fraction * m["hu_fat"]) / (1.0 - self.fat_fraction))


def materials() -> dict[str, float]:
    """HU of pure bone, fat and soft tissue of the mixture."""
    found: dict[str, float] = table("tissues")["ct_materials"]
    return found


@cache
def tissue(name: str, field_t: float = 1.5) -> Tissue:
    """Tissue of the table."""
    return _from_row(name, table("tissues")["tissues"][name], field_t)


def _from_row(name: str, row: dict[str, Any], field_t: float) -> Tissue:
    """Pick the column of the field strength."""
    column = table("tissues")["fields_t"].index(field_t)
    return Tissue(
        name=name,
        pd=row["pd"],
        fat_fraction=row["fat"],
        t1_ms=row["t1_ms"][column],
        t2_ms=row["t2_ms"][column],
        hu=row["hu"],
        mineral_mg_per_ml=row["mineral"],
    )


def spongiosa(*, age_years: float, sex: str, level_factor: float = 1.0, field_t: float = 1.5) -> Tissue:
    """Normal spongy bone: fat fraction between the decades of the table, HU by the age rule, mineral that gives that HU.

    `level_factor` scales mineral against the lumbar value (denser towards the thorax).
    """
    rows = table("tissues")
    decades = [20, 30, 40, 50, 60, 70, 80]
    mids = [d + 5.0 for d in decades]
    fats = [rows["spongiosa"][f"{sex[0]}{d}"]["fat"] for d in decades]
    position = min(max(age_years, mids[0]), mids[-1])
    upper = next(i for i, m in enumerate(mids) if m >= position)
    lower = max(upper - 1, 0)
    share = 0.0 if upper == lower else (position - mids[lower]) / (mids[upper] - mids[lower])
    fat = fats[lower] + share * (fats[upper] - fats[lower])
    rule, m = rows["age_rule"], materials()
    hu = max(rule["hu_l1_at_25y"] + rule["hu_per_year"] * (age_years - 25.0), rule["hu_floor"])
    parts = {"hu_bone": m["hu_bone"], "hu_fat": m["hu_fat"], "hu_soft": m["hu_soft"]}
    mineral = level_factor * ct.mineral_for_hu(hu=hu, fat_fraction=fat, **parts)
    base = _from_row("spongiosa", rows["spongiosa"][f"{sex[0]}{decades[lower]}"], field_t)
    hu_level = float(ct.trabecular_hu(mineral_mg_per_ml=mineral, fat_fraction=fat, **parts))
    return replace(base, fat_fraction=fat, mineral_mg_per_ml=mineral, hu=hu_level)


def fat_pool_ms(field_t: float = 1.5) -> tuple[float, float]:
    """T1 and T2 of fat protons."""
    rows = table("tissues")
    column = rows["fields_t"].index(field_t)
    return rows["fat_pool"]["t1_ms"][column], rows["fat_pool"]["t2_ms"][column]
