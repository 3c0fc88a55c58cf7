"""What each tissue shows on MR: the signed signals of its water and of its fat, by the way the signal is made.

A tissue is painted with what its two pools have left at the echo; what turns fat against water in a gradient echo is
`fat_turn`, which the scan applies (`mr_scan`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from spinemets.knowledge.lookup import table
from spinemets.phantom.imaging.acquisition import Acquisition
from spinemets.phantom.imaging.signals import Channels
from spinemets.phantom.tissue.agent import with_agent
from spinemets.phantom.tissue.fat_spectra import fat_spectrum
from spinemets.phantom.tissue.field_strength import at_field
from spinemets.phantom.tissue.tissues import Tissue, fat_pool_ms
from spinemets.physics import diffusion, fat_water, gradient_echo, inversion_recovery, mr_artefacts, spin_echo

# Width of the band that a spectral pulse saturates around fat.
BAND_SIGMA_HZ = {1.5: 60.0, 3.0: 90.0}
GRADIENT_ECHO = "gradient_echo"


def fat_turn(a: Acquisition) -> complex:
    """Fat against water at the echo: the phasor of its peaks in a gradient echo, 1 where an echo refocuses it.

    The components of a separation from two echoes stand upright.
    """
    if a.method != GRADIENT_ECHO or set(a.components) & {"water", "fat"}:
        return 1.0
    return complex(fat_water.phasor(spectrum=fat_spectrum(), field_t=a.field_t, te_ms=a.te_ms))


@dataclass(frozen=True)
class MrContrast:
    """Signals of one volume of an MR series; magnitude comes after mixing.

    Attributes
    ----------
    volume
        Which of the series' volumes: index of its weighting, echo, flip angle, component or time.
    """

    acquisition: Acquisition
    volume: int = 0
    n_channels = 2
    texture = "fat"
    density = "marrow"

    @cached_property
    def one(self) -> Acquisition:
        """Protocol of this volume."""
        return self.acquisition.at(self.volume)

    def tissue(self, tissue: Tissue) -> Channels:
        """(water, fat), with flow void of blood in spin echoes and inflow of CSF."""
        values = self._pools(tissue, tissue.fat_fraction)
        rows, a = table("tissues"), self.one
        if tissue.name.startswith("aorta") and a.method != GRADIENT_ECHO:
            return tuple(v * rows["flow_void"]["factor"] for v in values)
        if tissue.name == "csf" and a.method == "spin_echo":
            t2_ms = at_field(tissue, a.field_t).t2_ms
            fresh = rows["csf_inflow"]["share"] * tissue.pd * float(spin_echo.decay(a.te_ms, t2_ms))
            return (values[0] + fresh, values[1])
        return values

    def spongy(self, tissue: Tissue, mineral_mg_per_ml: float) -> tuple[Channels, Channels]:
        """Marrow: linear in its fat fraction. Mineral displaces marrow: its own volume gives no signal."""
        del mineral_mg_per_ml  # the proton density of the table is that of spongy bone, mineral included
        base = self._pools(tissue, 0.0)
        full = self._pools(tissue, tissue.fat_fraction)
        return base, tuple(f - b for f, b in zip(full, base, strict=True))

    def magnitude(self, channels: Channels) -> float:
        """What is seen of a water and a fat signal in one place."""
        water, fat = channels
        return abs(water + fat * fat_turn(self.one))

    def _pools(self, tissue: Tissue, fat_fraction: float) -> Channels:
        """Water and fat signal at a fat fraction."""
        a = self.one
        of = at_field(tissue, a.field_t)
        fat_t1, fat_t2 = fat_pool_ms(a.field_t)
        if a.echo_train_length > 1:
            fat_t2 *= table("tissues")["fast_spin_echo_fat_t2_factor"]["value"]
        dephasing = float(gradient_echo.r2_prime_per_ms(t2_ms=of.t2_ms, t2star_ms=of.t2star_ms))
        water = self._relaxed(self._water_t1_ms(of), of.t2_ms, dephasing) * self._diffused(of)
        fat = self._relaxed(fat_t1, fat_t2, dephasing) * self._left_of_fat()
        w, f = spin_echo.two_pool(pd=of.pd, fat_fraction=fat_fraction, water=water, fat=fat)
        return (0.0 if a.components == ("fat",) else float(w), 0.0 if a.components == ("water",) else float(f))

    def _water_t1_ms(self, of: Tissue) -> float:
        """T1 of water, with the agent that is there."""
        a = self.one
        if a.agent_min is None:
            return of.t1_ms
        return with_agent(of, minutes=a.agent_min, field_t=a.field_t, first_pass=a.n_times > 0)

    def _relaxed(self, t1_ms: float, t2_ms: float, dephasing_per_ms: float) -> float:
        """Signal for a proton density of 1, without weighting by diffusion."""
        a = self.one
        relaxation = {"t1_ms": t1_ms, "t2_ms": t2_ms}
        if a.method in ("spin_echo", "diffusion"):
            return float(spin_echo.spin_echo(pd=1.0, **relaxation, tr_ms=a.tr_ms, te_ms=a.te_ms))
        if a.method == "fast_spin_echo":
            timing = {"tr_ms": a.tr_ms, "te_ms": a.te_ms, "train_ms": a.train_ms}
            return float(spin_echo.fast_spin_echo(pd=1.0, **relaxation, **timing))
        if a.method == "inversion_recovery":
            timing = {"te_ms": a.te_ms, "ti_ms": a.ti_ms, "tr_ms": a.tr_ms, "train_ms": a.train_ms}
            return float(inversion_recovery.inversion_recovery(**relaxation, **timing))
        if a.method == GRADIENT_ECHO:
            t2star = gradient_echo.t2star_ms(t2_ms=t2_ms, r2_prime_per_ms=dephasing_per_ms)
            timing = {"tr_ms": a.tr_ms, "te_ms": a.te_ms, "flip_deg": a.flip_deg}
            return float(gradient_echo.spoiled_echo(pd=1.0, t1_ms=t1_ms, t2star_ms=t2star, **timing))
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
        """Share of the fat signal that suppression and weighting leave where the field is right."""
        left = 1.0
        if self.one.fat_suppressed:
            left = float(mr_artefacts.residual_fat(b0_offset_hz=0.0, band_sigma_hz=BAND_SIGMA_HZ[self.one.field_t]))
        adc = table("tissues")["fat_pool"]["adc"] / 1000.0
        return left * float(diffusion.mono_exponential(s0=1.0, adc_mm2_per_s=adc, b_s_per_mm2=[self._b])[0])


@dataclass(frozen=True)
class CsfShare:
    """How much of each sample is CSF."""

    n_channels = 1
    texture = "fat"
    density = None

    def tissue(self, tissue: Tissue) -> Channels:
        """1 of CSF, 0 of all else."""
        return (1.0 if tissue.name == "csf" else 0.0,)

    def spongy(self, tissue: Tissue, mineral_mg_per_ml: float) -> tuple[Channels, Channels]:
        """No CSF in bone."""
        del tissue, mineral_mg_per_ml
        return (0.0,), (0.0,)
