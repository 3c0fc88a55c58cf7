"""What each tissue takes from an X-ray beam of one energy, for painting (`signals.Contrast`)."""

from __future__ import annotations

from dataclasses import dataclass

from spinemets.phantom.imaging.signals import Channels
from spinemets.phantom.tissue import single_energy
from spinemets.phantom.tissue.tissues import Tissue, materials


@dataclass(frozen=True)
class AttenuationContrast:
    """Linear attenuation per cm at one energy."""

    energy_kev: float
    n_channels = 1
    texture = "mineral"
    density = None

    def tissue(self, tissue: Tissue) -> Channels:
        """Attenuation of a uniform tissue."""
        return (single_energy.attenuation_per_cm(tissue, self.energy_kev),)

    def spongy(self, tissue: Tissue, mineral_mg_per_ml: float) -> tuple[Channels, Channels]:
        """(base, slope): linear in the mineral, as on CT."""
        soft = materials()["hu_soft"] if tissue.name == "spongiosa" else tissue.soft_hu
        empty, full = (
            single_energy.spongy_per_cm(
                mineral_mg_per_ml=mineral, fat_fraction=tissue.fat_fraction, hu_soft=soft, energy_kev=self.energy_kev
            )
            for mineral in (0.0, mineral_mg_per_ml)
        )
        return (empty,), (full - empty,)
