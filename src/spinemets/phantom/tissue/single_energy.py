"""Linear attenuation of a tissue at one photon energy: what a radiograph is summed from.

The parts of a tissue are those that give its HU (`tube_voltage`); their attenuation at the energy comes from the table
`attenuation`. Tissue without mineral, fat or iodine keeps its HU, metal has the attenuation of its material.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from spinemets.knowledge.lookup import table
from spinemets.phantom.tissue import tube_voltage
from spinemets.phantom.tissue.tissues import Tissue, materials
from spinemets.physics import ct


@dataclass(frozen=True, kw_only=True)
class Beam:
    """One energy: attenuation of water and of metals per cm, and HU of the parts of spongy bone.

    Attributes
    ----------
    iodine
        HU of iodine here over those at 120 kVp.
    """

    water_per_cm: float
    hu_bone: float
    hu_fat: float
    iodine: float

    def per_cm(self, hu: float) -> float:
        """Attenuation of a CT number of this energy: ``mu_water (1 + HU/1000)``, never below that of nothing."""
        return self.water_per_cm * max(0.0, 1.0 + hu / 1000.0)


@cache
def beam(energy_kev: float) -> Beam:
    """The beam of one energy.

    Raises
    ------
    ValueError
        If the table does not reach that energy.
    """
    water = _material_per_cm("water", energy_kev)
    hu_bone, hu_fat = (
        float(ct.hu_from_mu(_material_per_cm(name, energy_kev), water)) for name in ("cortical_bone", "adipose")
    )
    rows = table("attenuation")["tube_voltage"]
    reference = rows["iodine_hu_per_mg_per_ml"][rows["kvp"].index(round(tube_voltage.REFERENCE_KVP))]
    # 1 mg of iodine in the place of 1 mg of water.
    slope = 1000.0 * (_material_per_cm("iodine", energy_kev) / water - 0.001)
    return Beam(water_per_cm=water, hu_bone=hu_bone, hu_fat=hu_fat, iodine=slope / reference)


@cache
def _material_per_cm(name: str, energy_kev: float) -> float:
    """Attenuation of a material as it lies in the body; of iodine at 1 mg/ml."""
    rows = table("attenuation")
    row = rows["materials"][name]
    material = ct.Material(
        energy_kev=tuple(rows["energy_kev"]),
        mass_attenuation_cm2_per_g=tuple(row["mass_attenuation_cm2_per_g"]),
        density_g_per_ml=row.get("density_g_per_ml", 0.001),
    )
    return float(material.mu_per_cm(energy_kev))


def attenuation_per_cm(tissue: Tissue, energy_kev: float) -> float:
    """Linear attenuation of a uniform tissue.

    Raises
    ------
    ValueError
        If the table does not reach that energy.
    """
    metals = table("attenuation")["radiograph"]["metals"]
    if tissue.name in metals:
        return _material_per_cm(metals[tissue.name], energy_kev)
    here, there = materials(), beam(energy_kev)
    parts = tube_voltage.Parts(
        hu=tissue.hu,
        mineral_mg_per_ml=tissue.mineral_mg_per_ml,
        fat_fraction=tissue.fat_fraction,
        hu_without_iodine=tissue.hu_without_iodine,
    )
    of_beam = {"hu_bone": there.hu_bone, "hu_fat": there.hu_fat}
    return there.per_cm(tube_voltage.carried(parts, tissue.kvp_model, (here, of_beam), there.iodine))


def spongy_per_cm(*, mineral_mg_per_ml: float, fat_fraction: float, hu_soft: float, energy_kev: float) -> float:
    """Linear attenuation of spongy bone: the mixture of `physics.ct.trabecular_hu` at this energy."""
    there = beam(energy_kev)
    hu = ct.trabecular_hu(
        mineral_mg_per_ml=mineral_mg_per_ml,
        fat_fraction=fat_fraction,
        hu_bone=there.hu_bone,
        hu_fat=there.hu_fat,
        hu_soft=hu_soft,
    )
    return there.per_cm(float(hu))
