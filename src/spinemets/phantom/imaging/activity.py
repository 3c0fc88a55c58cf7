"""What each tissue holds of a tracer, how it weakens photons, and what SUV are in Bq/ml."""

from __future__ import annotations

from dataclasses import dataclass, field

from spinemets.knowledge.lookup import table
from spinemets.phantom.cases.case import Avidity
from spinemets.phantom.imaging.acquisition import Acquisition
from spinemets.phantom.imaging.emission_protocol import Emission
from spinemets.phantom.imaging.signals import Channels
from spinemets.phantom.tissue.tissues import Tissue, materials, tissue
from spinemets.physics import activity_decay, ct

BQ_PER_MBQ, SECONDS_PER_MINUTE, G_PER_KG = 1e6, 60.0, 1000.0
# Bone is bone alone from here on: nothing is left between the mineral whose HU could be asked for.
ALL_BONE = 0.999


@dataclass(frozen=True)
class ActivityContrast:
    """SUV by body weight, g/ml.

    A bone-seeking tracer follows the mineral inside a bone (its texture has a mean of 1); glucose does not.

    Attributes
    ----------
    tracer
        `fdg` or `mdp`.
    avidity
        What the patient's bone and soft tissue take up against the table.
    """

    tracer: str
    avidity: Avidity = field(default_factory=Avidity)
    n_channels = 1
    texture = "mineral"
    density = None

    def tissue(self, tissue: Tissue) -> Channels:
        """SUV of a uniform tissue."""
        return (self._suv(tissue),)

    def spongy(self, tissue: Tissue, mineral_mg_per_ml: float) -> tuple[Channels, Channels]:
        """SUV of spongy bone: by its mineral for a bone-seeking tracer."""
        value = self._suv(tissue)
        follows = self.tracer == "mdp" and mineral_mg_per_ml > 0.0
        return ((0.0,), (value,)) if follows else ((value,), (0.0,))

    def _suv(self, tissue: Tissue) -> float:
        if self.tracer == "fdg":
            return tissue.uptake.fdg_suv_g_per_ml
        factor = self.avidity.bone_factor if tissue.mineral_mg_per_ml > 0.0 else self.avidity.soft_factor
        return factor * tissue.uptake.bone_scan_suv_g_per_ml


@dataclass(frozen=True)
class AttenuationContrast:
    """Attenuation of photons of 140 keV and more over that of water: by density, and mineral as cortical bone."""

    n_channels = 1
    texture = "mineral"
    density = None

    def tissue(self, tissue: Tissue) -> Channels:
        """Of a uniform tissue."""
        return (self._relative(tissue, tissue.mineral_mg_per_ml),)

    def spongy(self, tissue: Tissue, mineral_mg_per_ml: float) -> tuple[Channels, Channels]:
        """Of spongy bone with that mineral: linear in it."""
        empty = self._relative(tissue, 0.0)
        return (empty,), (self._relative(tissue, mineral_mg_per_ml) - empty,)

    @staticmethod
    def _relative(of: Tissue, mineral_mg_per_ml: float) -> float:
        own = of.mineral_mg_per_ml / ct.CORTICAL_MINERAL_MG_PER_ML
        m = materials()
        between = 0.0 if own > ALL_BONE else (of.hu - own * m["hu_bone"]) / (1.0 - own)
        # Metal is beyond the scale of the table: as dense as the scale goes.
        soft = 1.0 + min(between, float(table("tissues")["metal_limit_hu"])) / G_PER_KG
        share = mineral_mg_per_ml / ct.CORTICAL_MINERAL_MG_PER_ML
        return share * cortical_over_water() + (1.0 - share) * soft


def cortical_over_water() -> float:
    """Attenuation of cortical bone over that of water at 140.5 keV: 1.91 (1.78 at 511 keV: the difference is let go)."""
    rows = table("attenuation")
    column = rows["energy_kev"].index(rows["bone_scan"]["energy_kev"])
    bone, water = (rows["materials"][name] for name in ("cortical_bone", "water"))
    bone_mu, water_mu = (m["density_g_per_ml"] * m["mass_attenuation_cm2_per_g"][column] for m in (bone, water))
    return float(bone_mu / water_mu)


def half_life_s(tracer: str) -> float:
    """Half-life of the nuclide of a tracer."""
    nuclide = table("phantom_protocols")["tracers"][tracer]["nuclide"]
    return float(table("radionuclides")["nuclides"][nuclide]["half_life_s"])


def bq_per_ml_per_suv(emission: Emission, weight_kg: float) -> float:
    """Activity concentration of an SUV of 1 g/ml in the values of a scan: ``D'/m`` (E-70 to E-73).

    Corrected to the start of the scan, to the injection, or, not corrected at all, the mean over the frame.
    """
    waited_s, half = emission.uptake_min * SECONDS_PER_MINUTE, half_life_s(emission.tracer)
    factor = {
        "ADMIN": 1.0,
        "START": float(activity_decay.decay_factor(elapsed_s=waited_s, half_life_s=half)),
        "NONE": 1.0
        / float(
            activity_decay.uncorrected_frame_factor(start_s=waited_s, duration_s=emission.frame_s, half_life_s=half)
        ),
    }[emission.decay_correction]
    return factor * emission.dose_mbq * BQ_PER_MBQ / (weight_kg * G_PER_KG)


def value_per_suv(a: Acquisition, weight_kg: float) -> float:
    """Value of an SUV of 1 g/ml: Bq/ml in PET, counts in SPECT, where a normal vertebra holds `stored`.

    Raises
    ------
    ValueError
        If the series is none of emitted photons.
    """
    if a.emission is None:
        raise ValueError(f"{a.sequence} is no series of emitted photons")
    if a.modality == "PT":
        return bq_per_ml_per_suv(a.emission, weight_kg)
    return a.stored / reference_suv(a.emission.tracer)


def reference_suv(tracer: str) -> float:
    """SUV of what `noise` speaks of: liver with FDG, a normal vertebra with a bone-seeking tracer."""
    if tracer == "fdg":
        return tissue("liver").uptake.fdg_suv_g_per_ml
    return float(table("tissues")["bone_scan_reference"]["normal_vertebra"]["suv_mean"])
