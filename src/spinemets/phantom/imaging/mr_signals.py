"""What each tissue shows on MR: the signed signals of its water and of its fat, by the way the signal is made."""

from __future__ import annotations

from dataclasses import dataclass

from spinemets.knowledge.catalogue import table
from spinemets.phantom.imaging.acquisition import Acquisition
from spinemets.phantom.imaging.signals import Channels
from spinemets.phantom.tissue.agent import with_agent
from spinemets.phantom.tissue.tissues import Tissue, fat_pool_ms
from spinemets.physics import diffusion, inversion_recovery, mr_artefacts, spin_echo

# Width of the band that a spectral pulse saturates around fat.
BAND_SIGMA_HZ = {1.5: 60.0, 3.0: 90.0}


@dataclass(frozen=True)
class MrContrast:
    """Signals of one volume of an MR series; magnitude comes after mixing.

    Attributes
    ----------
    volume
        Which of the series' volumes: index of its weighting.
    """

    acquisition: Acquisition
    volume: int = 0
    n_channels = 2
    texture = "fat"

    def tissue(self, tissue: Tissue) -> Channels:
        """(water, fat), with flow void of blood and inflow of CSF."""
        values = self._pools(tissue, tissue.fat_fraction)
        rows, a = table("tissues"), self.acquisition
        if tissue.name.startswith("aorta"):
            return tuple(v * rows["flow_void"]["factor"] for v in values)
        if tissue.name == "csf" and a.method == "spin_echo":
            fresh = rows["csf_inflow"]["share"] * tissue.pd * float(spin_echo.decay(a.te_ms, tissue.t2_ms))
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
        a = self.acquisition
        fat_t1, fat_t2 = fat_pool_ms(a.field_t)
        if a.echo_train_length > 1:
            fat_t2 *= table("tissues")["fast_spin_echo_fat_t2_factor"]["value"]
        water_t1 = tissue.t1_ms if a.agent_min is None else with_agent(tissue, minutes=a.agent_min, field_t=a.field_t)
        water = self._relaxed(water_t1, tissue.t2_ms) * self._diffused(tissue)
        fat = self._relaxed(fat_t1, fat_t2) * self._left_of_fat()
        w, f = spin_echo.two_pool(pd=tissue.pd, fat_fraction=fat_fraction, water=water, fat=fat)
        return (float(w), float(f))

    def _relaxed(self, t1_ms: float, t2_ms: float) -> float:
        """Signal for a proton density of 1, without weighting by diffusion."""
        a = self.acquisition
        relaxation = {"t1_ms": t1_ms, "t2_ms": t2_ms}
        if a.method in ("spin_echo", "diffusion"):
            return float(spin_echo.spin_echo(pd=1.0, **relaxation, tr_ms=a.tr_ms, te_ms=a.te_ms))
        if a.method == "fast_spin_echo":
            timing = {"tr_ms": a.tr_ms, "te_ms": a.te_ms, "train_ms": a.train_ms}
            return float(spin_echo.fast_spin_echo(pd=1.0, **relaxation, **timing))
        if a.method == "inversion_recovery":
            timing = {"te_ms": a.te_ms, "ti_ms": a.ti_ms, "tr_ms": a.tr_ms, "train_ms": a.train_ms}
            return float(inversion_recovery.inversion_recovery(**relaxation, **timing))
        raise ValueError(f"no signal model for the method {a.method!r}")

    @property
    def _b(self) -> float:
        weightings = self.acquisition.b_s_per_mm2
        return weightings[self.volume] if weightings else 0.0

    def _diffused(self, tissue: Tissue) -> float:
        """Share of the water signal that the weighting leaves."""
        if not self._b:
            return 1.0
        d = tissue.diffusion
        found = diffusion.ivim(
            s0=1.0, f=d.perfused_share, d_mm2_per_s=d.d_mm2_per_s, dstar_mm2_per_s=d.dstar_mm2_per_s,
            b_s_per_mm2=[self._b],
        )  # fmt: skip
        return float(found[0])

    def _left_of_fat(self) -> float:
        """Share of the fat signal that suppression and weighting leave."""
        left = 1.0
        if self.acquisition.fat_suppressed:
            left = float(
                mr_artefacts.residual_fat(b0_offset_hz=0.0, band_sigma_hz=BAND_SIGMA_HZ[self.acquisition.field_t])
            )
        adc = table("tissues")["fat_pool"]["adc"] / 1000.0
        return left * float(diffusion.mono_exponential(s0=1.0, adc_mm2_per_s=adc, b_s_per_mm2=[self._b])[0])
