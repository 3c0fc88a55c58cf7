"""What each tissue shows on CT, and what a contrast must offer (MR: `mr_signals`).

Every mixture is linear in its texture: ``value = base + slope x texture`` with a texture of mean 1 (mineral on CT, fat
on MR), so that texture changes no mean. On MR it is multiplied by a second one: the share of the volume that is marrow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from spinemets.knowledge.lookup import table
from spinemets.phantom.tissue.iodine import BLOOD, enhancement_hu
from spinemets.phantom.tissue.tissues import Tissue
from spinemets.phantom.tissue.tissues import tissue as tissue_named
from spinemets.phantom.tissue.tube_voltage import REFERENCE_KVP, tube_voltages
from spinemets.physics import ct

Channels = tuple[float, ...]
# Tissues whose rays are followed as what they are; the channels of `PathContrast` after water and bone, in this order.
METALS = ("titanium", "cobalt_chrome")


class Contrast(Protocol):
    """Turns tissue into channel values."""

    n_channels: int
    texture: str

    @property
    def density(self) -> str | None:
        """Field by which its marrow is multiplied; None = none."""
        ...

    def tissue(self, tissue: Tissue) -> Channels:
        """Value of a uniform tissue."""
        ...

    def spongy(self, tissue: Tissue, mineral_mg_per_ml: float) -> tuple[Channels, Channels]:
        """(base, slope) of spongy bone or of a lesion with that mineral."""
        ...


@dataclass(frozen=True)
class CtContrast:
    """HU at a tube voltage, plain or after iodine.

    Attributes
    ----------
    kvp
        Tube voltage, 80 to 140 kVp.
    iodine_s
        Seconds after an injection of iodine; None = plain.
    """

    kvp: float = REFERENCE_KVP
    iodine_s: float | None = None
    n_channels = 1
    texture = "mineral"
    # The mixture holds the volume of the mineral.
    density = None

    def tissue(self, tissue: Tissue) -> Channels:
        """HU of the table carried to the voltage, clipped to the 12-bit scale (metal)."""
        shown = tissue_named(BLOOD[tissue.name]) if self.iodine_s is not None and tissue.name in BLOOD else tissue
        hu = shown.hu_at(self.kvp) + self._enhancement(shown)
        return (min(hu, float(table("tissues")["metal_limit_hu"])),)

    def spongy(self, tissue: Tissue, mineral_mg_per_ml: float) -> tuple[Channels, Channels]:
        """Mixture of physics.ct: linear in the mineral. Iodine is in what is not mineral."""
        here, there = tube_voltages().parts(REFERENCE_KVP), tube_voltages().parts(self.kvp)
        soft = here["hu_soft"] if tissue.name == "spongiosa" else tissue.soft_hu
        fat = there["hu_fat"] if tissue.kvp_model == "mixed" else here["hu_fat"]
        marrow = float(ct.marrow_hu(tissue.fat_fraction, fat, soft)) + self._enhancement(tissue)
        bone = mineral_mg_per_ml / ct.CORTICAL_MINERAL_MG_PER_ML
        return (marrow,), (bone * (there["hu_bone"] - marrow),)

    def _enhancement(self, tissue: Tissue) -> float:
        return enhancement_hu(tissue, kvp=self.kvp, after_s=self.iodine_s)


@dataclass(frozen=True)
class PathContrast:
    """What rays meet: water (as dense as reads as the tissue without its bone), bone, titanium and cobalt chromium.

    Each channel is the share of the sample that is filled with the material.
    """

    kvp: float = REFERENCE_KVP
    n_channels = 4
    texture = "mineral"
    density = None

    def tissue(self, tissue: Tissue) -> Channels:
        """Shares of a uniform tissue; cement counts as the bone that reads as it does."""
        if tissue.name in METALS:
            return (0.0, 0.0, *(float(tissue.name == name) for name in METALS))
        hu_bone = tube_voltages().parts(self.kvp)["hu_bone"]
        hu = tissue.hu_at(self.kvp)
        if tissue.kvp_model == "metal":
            return 0.0, (1000.0 + hu) / (1000.0 + hu_bone), 0.0, 0.0
        bone = tissue.mineral_mg_per_ml / ct.CORTICAL_MINERAL_MG_PER_ML
        return 1.0 + hu / 1000.0 - bone * (1.0 + hu_bone / 1000.0), bone, 0.0, 0.0

    def spongy(self, tissue: Tissue, mineral_mg_per_ml: float) -> tuple[Channels, Channels]:
        """The marrow, and what bone puts in its place."""
        (marrow,), _ = CtContrast(kvp=self.kvp).spongy(tissue, 0.0)
        bone = mineral_mg_per_ml / ct.CORTICAL_MINERAL_MG_PER_ML
        soft = 1.0 + marrow / 1000.0
        return (soft, 0.0, 0.0, 0.0), (-bone * soft, bone, 0.0, 0.0)
