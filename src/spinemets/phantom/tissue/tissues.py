"""Tissue values of the synthetic patient, read from the knowledge tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from typing import Any

from spinemets.knowledge.lookup import table
from spinemets.phantom.tissue import tube_voltage
from spinemets.phantom.tissue.population import mineral_factor, muscle_fat
from spinemets.phantom.tissue.properties import Diffusion, Perfusion, Spread, Uptake
from spinemets.physics import ct

Row = Mapping[str, Any]

# The tables state diffusion coefficients in 1e-3 mm2/s.
_PER_MM2_PER_S = 1000.0
_KINETICS = ("ktrans", "ve", "vp")


@dataclass(frozen=True, kw_only=True)
class Tissue:
    """One tissue at one field strength.

    Attributes
    ----------
    row
        Of the tables, which it was made from: a tissue with other values and another name keeps it.
    pd, fat_fraction
        Proton density relative to water, proton-density fat fraction.
    t1_ms, t2_ms, t2star_ms
        Relaxation of the water protons.
    hu, mineral_mg_per_ml
        At 120 kVp; mineral as hydroxyapatite.
    kvp_model, hu_without_iodine
        How HU change with tube voltage (`kvp_models` in the table `tissues`); HU before contrast agent, 0 without any.
    diffusion, perfusion, uptake, spread
        Groups of `spinemets.phantom.tissue.properties`.
    """

    name: str
    row: str
    pd: float
    fat_fraction: float
    t1_ms: float
    t2_ms: float
    t2star_ms: float
    hu: float
    mineral_mg_per_ml: float
    kvp_model: str
    hu_without_iodine: float
    diffusion: Diffusion
    perfusion: Perfusion
    uptake: Uptake
    spread: Spread

    @property
    def soft_hu(self) -> float:
        """HU of the water part without mineral and fat: what the mixture of physics.ct needs to give back `hu`."""
        m = materials()
        bone = self.mineral_mg_per_ml / ct.CORTICAL_MINERAL_MG_PER_ML
        marrow = (self.hu - bone * m["hu_bone"]) / (1.0 - bone)
        return float((marrow - self.fat_fraction * m["hu_fat"]) / (1.0 - self.fat_fraction))

    def hu_at(self, kvp: float) -> float:
        """HU at a tube voltage of 80 to 140 kVp; metal is clipped to the 12-bit scale.

        Raises
        ------
        ValueError
            If the voltage lies outside that range.
        """
        parts = tube_voltage.Parts(
            hu=self.hu,
            mineral_mg_per_ml=self.mineral_mg_per_ml,
            fat_fraction=self.fat_fraction,
            hu_without_iodine=self.hu_without_iodine,
        )
        return tube_voltage.hu_at(parts, model=self.kvp_model, kvp=kvp)


def materials() -> dict[str, float]:
    """HU of pure bone, fat and soft tissue of the mixture."""
    found: dict[str, float] = table("tissues")["ct_materials"]
    return found


@cache
def tissue(name: str, field_t: float = 1.5) -> Tissue:
    """Tissue of the tables.

    Parameters
    ----------
    field_t
        1.5 or 3.0.
    """
    return _from_row(name, _rows()[name], field_t)


def spongiosa(
    *, age_years: float, sex: str, level: str | None = None, level_factor: float = 1.0, field_t: float = 1.5
) -> Tissue:
    """Normal spongy bone: everything between the decades of the table, HU by the age rule, mineral that gives that HU.

    Parameters
    ----------
    age_years, sex
        Between the middles of the decades on a straight line, beyond the first and last as there; `male` or `female`.
    level
        Scales the mineral by what is measured along the spine; None leaves it at the lumbar value.
    level_factor
        Scales the mineral further.
    field_t
        1.5 or 3.0.
    """
    rows = table("tissues_marrow")["spongiosa"]
    mids = [decade + 5.0 for decade in rows["decades"]]
    position = min(max(age_years, mids[0]), mids[-1])
    upper = next(i for i, m in enumerate(mids) if m >= position)
    lower = max(upper - 1, 0)
    share = 0.0 if upper == lower else (position - mids[lower]) / (mids[upper] - mids[lower])
    younger, older = (_from_row("spongiosa", _decade(rows, sex[0], i), field_t) for i in (lower, upper))
    between: Tissue = _between(younger, older, share)
    rule, m = table("tissues")["age_rule"], materials()
    hu = max(rule["hu_l1_at_25y"] + rule["hu_per_year"] * (age_years - 25.0), rule["hu_floor"])
    parts = {"hu_bone": m["hu_bone"], "hu_fat": m["hu_fat"], "hu_soft": m["hu_soft"]}
    factor = level_factor if level is None else level_factor * mineral_factor(level)
    mineral = factor * ct.mineral_for_hu(hu=hu, fat_fraction=between.fat_fraction, **parts)
    hu_level = float(ct.trabecular_hu(mineral_mg_per_ml=mineral, fat_fraction=between.fat_fraction, **parts))
    return replace(between, mineral_mg_per_ml=mineral, hu=hu_level)


def muscle(*, age_years: float, group: str = "paraspinal", field_t: float = 1.5) -> Tissue:
    """Muscle with the fat of an age; HU of its lean part stay, so that fat lowers the whole.

    Parameters
    ----------
    group
        As in `spinemets.phantom.tissue.population.muscle_fat`.
    field_t
        1.5 or 3.0.
    """
    adult = tissue("muscle", field_t)
    fat = muscle_fat(group, age_years)
    hu = float(ct.marrow_hu(fat.mean, materials()["hu_fat"], adult.soft_hu))
    spread = adult.spread if fat.sd is None else replace(adult.spread, fat_fraction=fat.sd)
    return replace(adult, fat_fraction=fat.mean, hu=hu, spread=spread)


def fat_pool_ms(field_t: float = 1.5) -> tuple[float, float]:
    """T1 and T2 of fat protons."""
    rows = table("tissues")
    column = rows["fields_t"].index(field_t)
    return rows["fat_pool"]["t1_ms"][column], rows["fat_pool"]["t2_ms"][column]


@cache
def _rows() -> dict[str, Row]:
    """Rows of all themes by name."""
    return {name: row for theme in table("tissues")["themes"] for name, row in table(theme)["tissues"].items()}


def _decade(rows: Row, sex: str, number: int) -> Row:
    """Row of spongy bone of one decade: what is the same at all ages, and one of seven of what is not."""

    def pick(value: Any) -> Any:
        return value[number] if isinstance(value, list) and len(value) == len(rows["decades"]) else value

    blocks = [rows[name] for name in ("same", "both", sex)]
    row = {key: pick(value) for block in blocks for key, value in block.items()}
    return row | {"sd": {key: pick(value) for block in blocks for key, value in block["sd"].items()}}


def _from_row(name: str, row: Row, field_t: float) -> Tissue:
    """Pick the column of the field strength and bring units to those of the fields."""
    rows = table("tissues")
    column = rows["fields_t"].index(field_t)
    normal = rows["bone_scan_reference"]["normal_vertebra"]["suv_mean"]
    return Tissue(
        name=name,
        row=name,
        pd=row["pd"],
        fat_fraction=row["fat"],
        t1_ms=row["t1_ms"][column],
        t2_ms=row["t2_ms"][column],
        t2star_ms=row["t2star_ms"][column],
        hu=row["hu"],
        mineral_mg_per_ml=row["mineral"],
        kvp_model=row["kvp_model"],
        hu_without_iodine=row.get("hu_without_iodine", 0.0),
        diffusion=Diffusion(
            adc_mm2_per_s=row["adc"] / _PER_MM2_PER_S,
            d_mm2_per_s=row["ivim_d"] / _PER_MM2_PER_S,
            dstar_mm2_per_s=row["ivim_dstar"] / _PER_MM2_PER_S,
            perfused_share=row["ivim_f"],
        ),
        perfusion=Perfusion(ktrans_per_min=row["ktrans"], ve=row["ve"], vp=row["vp"]),
        uptake=Uptake(
            fdg_suv_g_per_ml=row["suv"],
            bone_scan_ratio=row["bone_scan"],
            bone_scan_suv_g_per_ml=normal * row["bone_scan"],
        ),
        spread=_spread(row, column),
    )


def _spread(row: Row, column: int) -> Spread:
    """Stated standard deviations, general ones in their place where none is stated."""
    general, stated = table("tissues")["spread"], row.get("sd", {})

    def at(value: Any) -> Any:
        return value[column] if isinstance(value, list) else value

    def sd(key: str) -> float:
        found = at(stated.get(key))
        if found is not None:
            return float(found)
        relative = general["kinetics" if key in _KINETICS else key]
        return float(relative) if key == "hu" else float(relative * at(row[key]))

    return Spread(
        pd=sd("pd"),
        fat_fraction=stated.get("fat"),
        t1_ms=sd("t1_ms"),
        t2_ms=sd("t2_ms"),
        t2star_ms=sd("t2star_ms"),
        hu=sd("hu"),
        adc_mm2_per_s=sd("adc") / _PER_MM2_PER_S,
        d_mm2_per_s=_in_mm2_per_s(stated.get("ivim_d")),
        dstar_mm2_per_s=_in_mm2_per_s(stated.get("ivim_dstar")),
        ktrans_per_min=sd("ktrans"),
        ve=sd("ve"),
        vp=sd("vp"),
        fdg_suv_g_per_ml=sd("suv"),
        bone_scan_ratio=stated.get("bone_scan"),
    )


def _in_mm2_per_s(value: float | None) -> float | None:
    """A stated coefficient, or that there is none."""
    return None if value is None else value / _PER_MM2_PER_S


def _between(first: Any, second: Any, share: float) -> Any:
    """Every number of two equal structures on the straight line from the first to the second; the rest as in the first."""
    if is_dataclass(first) and not isinstance(first, type):
        parts = {f.name: _between(getattr(first, f.name), getattr(second, f.name), share) for f in fields(first)}
        return replace(first, **parts)
    return first + share * (second - first) if isinstance(first, int | float) else first
