"""What each tissue of a patient shows in one image (PHA-91, 92): physics of MR or CT with random values, or random altogether.

Levels are float32 (3, mixtures): mean, amplitude of the coarse texture, amplitude of the fine one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.phantom.imaging.signals import CtContrast
from spinemets.phantom.tissue.field_strength import at_field
from spinemets.phantom.tissue.tissues import Tissue, fat_pool_ms
from spinemets.phantom.training.materials import Material
from spinemets.phantom.training.recipe import Draw, Row, between, chosen, happens
from spinemets.physics import diffusion, gradient_echo, inversion_recovery, spin_echo

Numbers = NDArray[Any]
FIELDS_T = (1.5, 3.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Contrast:
    """Levels of one image.

    Attributes
    ----------
    failed
        Levels where fat suppression fails; None = it fails nowhere.
    clip
        Limits that values are cut to; None = none.
    """

    way: str
    name: str
    levels: NDArray[np.float32]
    failed: NDArray[np.float32] | None = None
    clip: tuple[float, float] | None = None


class Palette:
    """Tissue values of one patient by code, ready for many contrasts."""

    def __init__(self, materials: Sequence[Material], mixtures: NDArray[np.uint8]) -> None:
        most, rest, share = mixtures.T.astype(np.int64)
        self._mixed = most, rest, (share / 16).astype(np.float32)
        self.names = [m.tissue.name for m in materials]
        self.spongy = np.array([m.mineral_mg_per_ml is not None for m in materials])
        groups = list(dict.fromkeys(self.names))
        # Codes of one tissue (spongy bone of each level) vary together.
        self.group = np.array([groups.index(name) for name in self.names])
        self.n_groups = len(groups)
        self.metal = np.array([m.tissue.kvp_model == "metal" for m in materials])
        self._mr = {field_t: _mr_values(materials, field_t) for field_t in FIELDS_T}
        self._hu = np.array([_hu(m) for m in materials])
        self.bone = self.spongy | np.array([m.tissue.mineral_mg_per_ml > 100 for m in materials])

    def named(self, name: str) -> NDArray[np.bool_]:
        """Codes of a tissue, or of those whose names begin so."""
        return np.array([own.startswith(name) for own in self.names])

    def drawn(self, rows: Row, draw: Draw) -> Contrast:
        """A contrast of one of the three ways."""
        way = chosen(draw, rows["contrast"]["ways"])
        make = {"mr": self._physics, "ct": self._tomography, "random": self._random}[way]
        return make(rows["contrast"][way], rows["texture"], draw)

    def _levels(self, means: Numbers, texture: tuple[Numbers, Numbers]) -> NDArray[np.float32]:
        """Levels of mixtures from means and amplitudes by code."""
        own = np.stack([means, *texture]).astype(np.float32)
        most, rest, share = self._mixed
        return np.ascontiguousarray(own[:, most] + share * (own[:, rest] - own[:, most]))

    def _texture(self, means: Numbers, row: Row, draw: Draw) -> tuple[Numbers, Numbers]:
        """Amplitudes in proportion to the mean, larger in spongy bone, shared between coarse and fine."""
        share = np.where(self.spongy, between(draw, row["spongy"]), between(draw, row["other"]))
        mix = draw.uniform(0.2, 0.8)
        return np.abs(means) * share * mix, np.abs(means) * share * (1 - mix)

    def _physics(self, row: Row, texture: Row, draw: Draw) -> Contrast:
        """MR signals of a random protocol, each tissue's constants times a factor of its own."""
        name = chosen(draw, {key: w["p"] for key, w in row["weightings"].items()})
        protocol = row["weightings"][name]
        values = self._mr[FIELDS_T[happens(draw, row["field_3t"])]]
        factors = {key: draw.uniform(*row["tissue_factor"], self.n_groups)[self.group] for key in ("pd", "t1", "t2")}
        timing = {key: between(draw, protocol[key]) for key in protocol if key not in ("p", "method", "fat_left")}
        train = min(between(draw, row["train_ms"]), 0.4 * timing["tr_ms"])
        fat = values["fat"].copy()
        if happens(draw, row["dark_marrow"]):
            fat = np.where(self.spongy, fat * draw.uniform(0.0, 0.3), fat)
        water_signal = _relaxed(values, factors, (protocol["method"], timing, train))
        fat_values = {**values, "t1": values["fat_t1"], "t2": values["fat_t2"]}
        fat_signal = _relaxed(fat_values, factors, (protocol["method"], timing, train))
        b = timing.get("b_s_per_mm2", 0.0)
        water_signal = (
            water_signal * diffusion.mono_exponential(s0=1.0, adc_mm2_per_s=values["adc"], b_s_per_mm2=[b])[..., 0]
        )
        opposed = protocol["method"] == "gradient_echo" and happens(draw, row["opposed"])
        kept = self._kept(row, draw)
        left = between(draw, protocol["fat_left"]) if "fat_left" in protocol else 1.0
        water, lipid = spin_echo.two_pool(
            pd=values["pd"] * factors["pd"],
            fat_fraction=fat,
            water=water_signal,
            fat=fat_signal * (-1 if opposed else 1),
        )
        means = np.abs(water + left * lipid) * kept
        amplitudes = self._texture(means, texture, draw)
        scale = 1.0 / max(float(np.percentile(means, 90)), 1e-6)
        failed = None
        if left < 1.0 and happens(draw, row["suppression_failed"]):
            bare = np.abs(water + lipid) * kept
            failed = self._levels(scale * bare, (scale * amplitudes[0], scale * amplitudes[1]))
        levels = self._levels(scale * means, (scale * amplitudes[0], scale * amplitudes[1]))
        return Contrast(way="mr", name=name, levels=levels, failed=failed)

    def _kept(self, row: Row, draw: Draw) -> Numbers:
        """What flow leaves of blood and CSF; metal gives no signal."""
        kept = np.where(self.named("aorta"), between(draw, row["flow_void"]), 1.0)
        kept = np.where(self.named("csf"), between(draw, row["csf_kept"]), kept)
        return np.where(self.metal, 0.0, kept)

    def _tomography(self, row: Row, texture: Row, draw: Draw) -> Contrast:
        """HU, each tissue's shifted by an amount of its own, bone brighter or darker, vessels with agent in half of the images."""
        hu = self._hu + draw.normal(0.0, row["hu_sd"] / 2, self.n_groups)[self.group]
        hu = np.where(self.bone, hu * between(draw, row["bone"]), hu)
        if happens(draw, row["enhanced"]):
            for name, limits in row["agent_hu"].items():
                hu = np.where(self.named(name), hu + between(draw, limits), hu)
        hu = np.where(self.named("gas"), -1000.0, np.clip(hu, -1000.0, float(table("tissues")["metal_limit_hu"])))
        # A texture of mineral in bone; in soft tissue a few HU, whatever its own.
        share = np.where(
            self.spongy, between(draw, texture["spongy"]) * np.maximum(hu + 100.0, 40.0), between(draw, (0, 8))
        )
        share = np.where(self.named("gas") | self.metal, 0.0, share)
        mix = draw.uniform(0.2, 0.8)
        clip = None
        if happens(draw, row["clipped"]):
            middle, half = between(draw, row["window_middle_hu"]), between(draw, row["window_half_hu"])
            clip = (middle - half, middle + half)
        levels = self._levels(hu, (share * mix, share * (1 - mix)))
        return Contrast(way="ct", name="ct", levels=levels, clip=clip)

    def _random(self, row: Row, texture: Row, draw: Draw) -> Contrast:
        """Any intensity for any tissue, its codes alike or apart, with a gamma; in some images bright and dark change places."""
        del texture  # it has its own
        means = draw.uniform(0.0, 1.0, self.n_groups)[self.group]
        if happens(draw, row["split"]):
            means = np.clip(means + draw.normal(0.0, row["split_sd"], len(means)), 0.0, 1.0)
        means = means ** np.exp(draw.uniform(*np.log(row["gamma"])))
        inverted = happens(draw, row["inverted"])
        # Air and metal are dark in most images that a network meets.
        if happens(draw, 0.8):
            means = np.where(self.named("gas") | self.metal, 0.0, means)
        means = 1.0 - means if inverted else means
        coarse, fine = (draw.uniform(*row["texture"], self.n_groups)[self.group] for _ in range(2))
        levels = self._levels(means, (coarse, fine))
        return Contrast(way="random", name="inverted" if inverted else "random", levels=levels)


def _relaxed(values: Mapping[str, Numbers], factors: Mapping[str, Numbers], how: tuple[str, Row, float]) -> Numbers:
    """Signed signal of each code for a proton density of 1."""
    method, timing, train_ms = how
    t1, t2 = values["t1"] * factors["t1"], values["t2"] * factors["t2"]
    tr, te = timing["tr_ms"], timing["te_ms"]
    if method == "spin_echo":
        return spin_echo.spin_echo(pd=1.0, t1_ms=t1, t2_ms=t2, tr_ms=tr, te_ms=te)
    if method == "fast_spin_echo":
        return spin_echo.fast_spin_echo(pd=1.0, t1_ms=t1, t2_ms=t2, tr_ms=tr, te_ms=te, train_ms=train_ms)
    if method == "inversion_recovery":
        return inversion_recovery.inversion_recovery(
            t1_ms=t1, t2_ms=t2, te_ms=te, ti_ms=timing["ti_ms"], tr_ms=tr, train_ms=train_ms
        )
    t2star = gradient_echo.t2star_ms(t2_ms=t2, r2_prime_per_ms=values["r2_prime"])
    return gradient_echo.spoiled_echo(
        pd=1.0, t1_ms=t1, t2star_ms=t2star, tr_ms=tr, te_ms=te, flip_deg=timing["flip_deg"]
    )


def _mr_values(materials: Sequence[Material], field_t: float) -> dict[str, Numbers]:
    """Constants by code: proton density, relaxation, fat and its pool, diffusion."""

    def mixed(of: Material, name: str) -> float:
        first = float(getattr(at_field(of.tissue, field_t), name))
        return first if of.second is None else first + of.share * (getattr(at_field(of.second, field_t), name) - first)

    t1, t2, t2star, pd, fat = (
        np.array([mixed(m, name) for m in materials]) for name in ("t1_ms", "t2_ms", "t2star_ms", "pd", "fat_fraction")
    )
    fat_t1, fat_t2 = fat_pool_ms(field_t)
    fat_t2 *= table("tissues")["fast_spin_echo_fat_t2_factor"]["value"]
    adc = np.array([m.tissue.diffusion.adc_mm2_per_s for m in materials])
    r2_prime = np.maximum(gradient_echo.r2_prime_per_ms(t2_ms=t2, t2star_ms=t2star), 0.0)
    n = len(materials)
    return {
        "t1": t1, "t2": t2, "r2_prime": r2_prime, "pd": pd, "fat": fat, "adc": adc,
        "fat_t1": np.full(n, fat_t1), "fat_t2": np.full(n, fat_t2),
    }  # fmt: skip


def _hu(of: Material) -> float:
    """HU at 120 kVp: of the tissue, of spongy bone with its mineral, or of a mixture."""
    if of.mineral_mg_per_ml is not None:
        empty, more = CtContrast().spongy(of.tissue, of.mineral_mg_per_ml)
        return empty[0] + more[0]

    def own(tissue: Tissue) -> float:
        return CtContrast().tissue(tissue)[0]

    return own(of.tissue) if of.second is None else (1 - of.share) * own(of.tissue) + of.share * own(of.second)
