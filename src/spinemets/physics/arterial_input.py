"""Arterial input functions: concentration of contrast agent in blood and plasma after an injection.

Times in min, concentrations in mmol/l (mM). A tissue sees plasma, so every input gives `plasma_mmol_per_l`; where the
published curve is of whole blood, the plasma curve is ``Cb/(1 - Hct)``, and the haematocrit is applied here and nowhere
else. Inputs are 0 before they arrive. Arrays of times may have any shape.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Curve = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class ParkerInput:
    """First pass and recirculation as two Gaussians, washout as an exponential that a sigmoid switches on.

    ``Cb(t) = sum_n A_n/(s_n sqrt(2 pi)) exp(-(t - T_n)^2/(2 s_n^2)) + alpha exp(-beta t)/(1 + exp(-s (t - tau)))``

    Attributes
    ----------
    areas_mmol_min_per_l, centres_min, widths_min
        A_n, T_n and the standard deviations s_n of the Gaussians.
    alpha_mmol_per_l, beta_per_min
        Height and decay of the washout.
    slope_per_min, tau_min
        Steepness and middle of the sigmoid.
    hematocrit
        Share of cells in blood.
    """

    POPULATION_2006: ClassVar[ParkerInput]
    """Population mean in cancer patients, 0.1 mmol/kg. Source: Parker GJM, Magn Reson Med 2006; 56:993 (E-43)."""

    areas_mmol_min_per_l: tuple[float, float]
    centres_min: tuple[float, float]
    widths_min: tuple[float, float]
    alpha_mmol_per_l: float
    beta_per_min: float
    slope_per_min: float
    tau_min: float
    hematocrit: float

    def blood_mmol_per_l(self, time_min: ArrayLike, *, delay_min: float = 0.0) -> Curve:
        """Whole blood. At the moment of arrival it is already 0.08: the Gaussian's tail, part of the published curve."""
        time = np.asarray(time_min, dtype=np.float64) - delay_min
        since = np.maximum(time, 0.0)
        sigmoid = 1.0 + np.exp(-self.slope_per_min * (since - self.tau_min))
        blood = self.alpha_mmol_per_l * np.exp(-self.beta_per_min * since) / sigmoid
        for area, centre, width in zip(self.areas_mmol_min_per_l, self.centres_min, self.widths_min, strict=True):
            height = area / (width * math.sqrt(2.0 * math.pi))
            blood = blood + height * np.exp(-((since - centre) ** 2) / (2.0 * width**2))
        return np.where(time < 0.0, 0.0, blood)

    def plasma_mmol_per_l(self, time_min: ArrayLike, *, delay_min: float = 0.0) -> Curve:
        """Plasma: ``Cb/(1 - Hct)``."""
        return _plasma(self.blood_mmol_per_l(time_min, delay_min=delay_min), self.hematocrit)


ParkerInput.POPULATION_2006 = ParkerInput(
    areas_mmol_min_per_l=(0.809, 0.330),
    centres_min=(0.17046, 0.365),
    widths_min=(0.0563, 0.132),
    alpha_mmol_per_l=1.050,
    beta_per_min=0.1685,
    slope_per_min=38.078,
    tau_min=0.483,
    hematocrit=0.42,
)


@dataclass(frozen=True, kw_only=True)
class GeorgiouInput:
    """Passes through the circulation as gamma variates, each later and broader, under a sum of three exponentials.

    ``Cb(t) = [sum_i A_i exp(-m_i t)] sum_{k=0}^{floor(t/tau)} g(t - k tau; (k + 1) alpha + k)`` with
    ``g(x; q) = x^q exp(-x/beta)/(beta^(q+1) Gamma(q + 1))``. Form: Horsfield MA, Phys Med Biol 2009; 54:2933.

    Attributes
    ----------
    amplitudes_mmol_per_l, rates_per_min
        A_i and m_i of the exponentials. (g has the unit 1/min, which the published amplitudes take up.)
    alpha, beta_min
        Shape and scale of the gamma variate of one pass.
    tau_min
        Time of one pass.
    hematocrit
        Share of cells in blood.
    """

    POPULATION_2018: ClassVar[GeorgiouInput]
    """Population mean. The rounded constants give the published 0.1 s table within 0.082 mmol/l (on the first upslope) and
    within 0.7 % after 1 min. Source: Georgiou L, Magn Reson Med 2018, doi 10.1002/mrm.27524 (E-44)."""

    amplitudes_mmol_per_l: tuple[float, float, float]
    rates_per_min: tuple[float, float, float]
    alpha: float
    beta_min: float
    tau_min: float
    hematocrit: float

    def blood_mmol_per_l(self, time_min: ArrayLike, *, delay_min: float = 0.0) -> Curve:
        """Whole blood."""
        since = np.maximum(np.asarray(time_min, dtype=np.float64) - delay_min, 0.0)
        pairs = zip(self.amplitudes_mmol_per_l, self.rates_per_min, strict=True)
        envelope = sum((a * np.exp(-m * since) for a, m in pairs), start=np.zeros(since.shape))
        passes = np.zeros(since.shape)
        latest = float(since.max(initial=0.0))
        for k in range(int(latest / self.tau_min) + 1):
            passes += self._pass(since - k * self.tau_min, (k + 1) * self.alpha + k)
        return envelope * passes

    def plasma_mmol_per_l(self, time_min: ArrayLike, *, delay_min: float = 0.0) -> Curve:
        """Plasma: ``Cb/(1 - Hct)``."""
        return _plasma(self.blood_mmol_per_l(time_min, delay_min=delay_min), self.hematocrit)

    def _pass(self, x: Curve, q: float) -> Curve:
        """g(x; q), 0 for x <= 0; as a logarithm until the end, since Gamma(q + 1) overflows from the 28th pass on."""
        started = x > 0.0
        since = np.where(started, x, 1.0)
        log_g = q * np.log(since) - since / self.beta_min - (q + 1.0) * math.log(self.beta_min) - math.lgamma(q + 1.0)
        return np.where(started, np.exp(log_g), 0.0)


GeorgiouInput.POPULATION_2018 = GeorgiouInput(
    amplitudes_mmol_per_l=(0.37, 0.33, 10.06),
    rates_per_min=(0.11, 1.17, 16.02),
    alpha=5.26,
    beta_min=0.032,
    tau_min=0.129,
    hematocrit=0.35,
)


@dataclass(frozen=True, kw_only=True)
class BiExponentialInput:
    """Plasma after an instantaneous, fully mixed injection: ``Cp(t) = D sum_i a_i exp(-m_i t)``.

    Valid after the first minutes, not for the first pass. It is plasma: no haematocrit.

    Attributes
    ----------
    dose_mmol_per_kg
        D.
    amplitudes_kg_per_l, rates_per_min
        a_i and m_i.
    """

    WEINMANN: ClassVar[BiExponentialInput]
    """0.1 mmol/kg of Gd-DTPA. Source: Weinmann 1984 as fitted by Tofts PS, Kermode AG, Magn Reson Med 1991; 17:357."""

    dose_mmol_per_kg: float
    amplitudes_kg_per_l: tuple[float, float]
    rates_per_min: tuple[float, float]

    def plasma_mmol_per_l(self, time_min: ArrayLike, *, delay_min: float = 0.0) -> Curve:
        """Plasma."""
        time = np.asarray(time_min, dtype=np.float64) - delay_min
        since = np.maximum(time, 0.0)
        plasma = np.zeros(time.shape)
        for height, rate in self.terms:
            plasma = plasma + height * np.exp(-rate * since)
        return np.where(time < 0.0, 0.0, plasma)

    @property
    def terms(self) -> tuple[tuple[float, float], ...]:
        """Height in mmol/l and rate per min of each exponential."""
        heights = (self.dose_mmol_per_kg * a for a in self.amplitudes_kg_per_l)
        return tuple(zip(heights, self.rates_per_min, strict=True))


BiExponentialInput.WEINMANN = BiExponentialInput(
    dose_mmol_per_kg=0.1, amplitudes_kg_per_l=(3.99, 4.78), rates_per_min=(0.144, 0.0111)
)


def _plasma(blood_mmol_per_l: Curve, hematocrit: float) -> Curve:
    """The agent stays out of the cells: all of it is in the plasma's share of the blood."""
    return blood_mmol_per_l / (1.0 - hematocrit)
