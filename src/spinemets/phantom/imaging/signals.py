"""What each tissue shows in a series: HU, or the signed signals of its water and its fat.

Every mixture is linear in its texture: ``value = base + slope x texture`` with a texture of mean 1 (mineral on CT, fat
on MR), so that texture changes no mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from spinemets.knowledge.catalogue import table
from spinemets.phantom.imaging.acquisition import Acquisition
from spinemets.phantom.tissue.tissues import Tissue, fat_pool_ms, materials
from spinemets.physics import ct, inversion_recovery, spin_echo

Channels = tuple[float, ...]


class Contrast(Protocol):
    """Turns tissue into channel values."""

    n_channels: int
    texture: str

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


@dataclass(frozen=True)
class MrContrast:
    """Signed water and fat signal of a spin echo or inversion recovery fast spin echo; magnitude comes after mixing."""

    acquisition: Acquisition
    n_channels = 2
    texture = "fat"

    def tissue(self, tissue: Tissue) -> Channels:
        """(water, fat), with flow void of blood and inflow of CSF."""
        values = self._pools(tissue, tissue.fat_fraction)
        rows = table("tissues")
        if tissue.name.startswith("aorta"):
            return tuple(v * rows["flow_void"]["factor"] for v in values)
        if tissue.name == "csf" and self.acquisition.sequence == "t1":
            fresh = (
                rows["csf_inflow"]["share"] * tissue.pd * float(spin_echo.decay(self.acquisition.te_ms, tissue.t2_ms))
            )
            return (values[0] + fresh, values[1])
        return values

    def spongy(self, tissue: Tissue, mineral_mg_per_ml: float) -> tuple[Channels, Channels]:
        """Marrow: linear in its fat fraction. Mineral displaces marrow: its own volume gives no signal."""
        del mineral_mg_per_ml  # the proton density of the table is that of spongy bone, mineral included
        base = self._pools(tissue, 0.0)
        full = self._pools(tissue, tissue.fat_fraction)
        return base, tuple(f - b for f, b in zip(full, base, strict=True))

    def _pools(self, tissue: Tissue, fat_fraction: float) -> Channels:
        """Water and fat signal at a fat fraction."""
        fat_t1, fat_t2 = fat_pool_ms(self.acquisition.field_t)
        water = self._signal(tissue.t1_ms, tissue.t2_ms)
        if self.acquisition.echo_train_length > 1:
            fat_t2 *= table("tissues")["fast_spin_echo_fat_t2_factor"]["value"]
        fat = self._signal(fat_t1, fat_t2)
        w, f = spin_echo.two_pool(pd=tissue.pd, fat_fraction=fat_fraction, water=water, fat=fat)
        return (float(w), float(f))

    def _signal(self, t1_ms: float, t2_ms: float) -> float:
        """Signal for a proton density of 1."""
        a = self.acquisition
        if a.sequence == "t1":
            return float(spin_echo.spin_echo(pd=1.0, t1_ms=t1_ms, t2_ms=t2_ms, tr_ms=a.tr_ms, te_ms=a.te_ms))
        return float(
            inversion_recovery.inversion_recovery(
                t1_ms=t1_ms, t2_ms=t2_ms, te_ms=a.te_ms, ti_ms=a.ti_ms, tr_ms=a.tr_ms, train_ms=a.train_ms
            )
        )
