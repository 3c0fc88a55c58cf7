"""HU of a tissue at another tube voltage than 120 kVp: which of its parts scale, and with what.

One effective energy per voltage, as everywhere in `spinemets.physics.ct`: good to about 5 % of the value of bone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.physics import ct

REFERENCE_KVP = 120.0


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a tissue is made of for X-rays.

    Attributes
    ----------
    hu
        At 120 kVp.
    mineral_mg_per_ml, fat_fraction
        Mineral as hydroxyapatite; fat fraction of what is not mineral.
    hu_without_iodine
        At 120 kVp before contrast agent came in; 0 where there is none.
    """

    hu: float
    mineral_mg_per_ml: float
    fat_fraction: float
    hu_without_iodine: float


def hu_at(parts: Parts, *, model: str, kvp: float) -> float:
    """HU at a tube voltage.

    Parameters
    ----------
    model
        Key of `kvp_models` in the table `tissues`, which says what each does.
    kvp
        Tube voltage; between those of the table `attenuation` on a straight line.

    Raises
    ------
    ValueError
        If the voltage lies outside the table.
    """
    voltages = tube_voltages()
    here, there = voltages.parts(REFERENCE_KVP), voltages.parts(kvp)
    if model == "metal":
        carried_over = carried(parts, model, (here, there), 1.0)
        return min(carried_over, float(table("tissues")["metal_limit_hu"]))
    return carried(parts, model, (here, there), iodine_slope(kvp) / iodine_slope(REFERENCE_KVP))


def carried(
    parts: Parts, model: str, materials: tuple[Mapping[str, float], Mapping[str, float]], iodine: float
) -> float:
    """HU under another beam.

    Parameters
    ----------
    model
        Key of `kvp_models` in the table `tissues`; metal is not clipped here.
    materials
        HU of the materials (`hu_bone`, `hu_fat`) under the beam of `parts.hu` and under the other one.
    iodine
        HU of iodine under the other beam over those under this one.
    """
    here, there = materials
    match model:
        case "fat":
            return parts.hu * there["hu_fat"] / here["hu_fat"]
        case "metal":
            return parts.hu * there["hu_bone"] / here["hu_bone"]
        case "iodine":
            return parts.hu_without_iodine + (parts.hu - parts.hu_without_iodine) * iodine
        case "mineral" | "mixed":
            bone = parts.mineral_mg_per_ml / ct.CORTICAL_MINERAL_MG_PER_ML
            fat = (1.0 - bone) * parts.fat_fraction if model == "mixed" else 0.0
            of_bone, of_fat = (there[name] - here[name] for name in ("hu_bone", "hu_fat"))
            return parts.hu + bone * of_bone + fat * of_fat
        case _:
            return parts.hu


@cache
def tube_voltages() -> ct.TubeVoltages:
    """Bone, fat and soft tissue by voltage."""
    rows = table("attenuation")["tube_voltage"]
    return ct.TubeVoltages(
        kvp=tuple(rows["kvp"]),
        effective_energy_kev=tuple(rows["effective_energy_kev"]),
        hu_bone=tuple(rows["hu"]["cortical_bone"]),
        hu_fat=tuple(rows["hu"]["adipose"]),
        hu_soft=tuple(rows["hu"]["soft"]),
    )


def iodine_slope(kvp: float) -> float:
    """HU per mg of iodine per ml at a tube voltage."""
    rows = table("attenuation")["tube_voltage"]
    return float(np.interp(kvp, rows["kvp"], rows["iodine_hu_per_mg_per_ml"]))
