"""What each tissue shows on CT, and what a contrast must offer (MR: `mr_signals`).

Every mixture is linear in its texture: ``value = base + slope x texture`` with a texture of mean 1 (mineral on CT, fat
on MR), so that texture changes no mean. On MR it is multiplied by a second one: the share of the volume that is marrow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from spinemets.knowledge.catalogue import table
from spinemets.phantom.tissue.tissues import Tissue, materials
from spinemets.physics import ct

Channels = tuple[float, ...]


class Contrast(Protocol):
    """Turns tissue into channel values."""

    n_channels: int
    texture: str

    @property
    def density(self) -> str | None:
        """Texture by which its marrow is multiplied."""
        ...

    def tissue(self, tissue: Tissue) -> Channels:
        """Value of a uniform tissue."""
        ...

    def spongy(self, tissue: Tissue, mineral_mg_per_ml: float) -> tuple[Channels, Channels]:
        """(base, slope) of spongy bone or of a lesion with that mineral."""
        ...


@dataclass(frozen=True)
class CtContrast:
    """HU at 120 kVp."""

    n_channels = 1
    texture = "mineral"
    # The mixture holds the volume of the mineral.
    density = None

    def tissue(self, tissue: Tissue) -> Channels:
        """HU of the table, clipped to the 12-bit scale (metal)."""
        return (min(tissue.hu, float(table("tissues")["metal_limit_hu"])),)

    def spongy(self, tissue: Tissue, mineral_mg_per_ml: float) -> tuple[Channels, Channels]:
        """Mixture of physics.ct: linear in the mineral."""
        m = materials()
        soft = m["hu_soft"] if tissue.name == "spongiosa" else tissue.soft_hu
        parts = {"fat_fraction": tissue.fat_fraction, "hu_bone": m["hu_bone"], "hu_fat": m["hu_fat"], "hu_soft": soft}
        empty = float(ct.trabecular_hu(mineral_mg_per_ml=0.0, **parts))
        full = float(ct.trabecular_hu(mineral_mg_per_ml=mineral_mg_per_ml, **parts))
        return (empty,), (full - empty,)
