"""Spoiled gradient echo: contrast agent concentration to signal ratio and back.

The ratio is signal over the signal before the agent came; proton density and coil cancel. Times in ms, concentrations in
mmol/l (mM), relaxivity in l/mmol/s. T2* is neglected: valid for TE < 2 ms and less than 5 mmol/l.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

SATURATED = "signal ratio at or above what full recovery between two pulses gives"
NO_SIGNAL = "signal ratio not above 0"


@dataclass(frozen=True, kw_only=True, eq=False)
class SpoiledEcho:
    """A tissue before the agent and the acquisition that sees it.

    Attributes
    ----------
    t10_ms
        T1 without agent, a number or an array of voxels.
    tr_ms, flip_deg
        Repetition time and true flip angle (B1 included).
    r1_per_mmol_per_s
        Relaxivity: ``R1 = R10 + r1 C``.
    """

    t10_ms: ArrayLike
    tr_ms: float
    flip_deg: float
    r1_per_mmol_per_s: float

    @property
    def r10_per_s(self) -> NDArray[np.float64]:
        """Relaxation rate without agent."""
        return 1000.0 / np.asarray(self.t10_ms, dtype=np.float64)

    @property
    def one_minus_cos(self) -> float:
        """``1 - cos a``, without cancellation at small angles."""
        return float(2.0 * np.sin(np.deg2rad(self.flip_deg) / 2.0) ** 2)

    @property
    def max_ratio(self) -> NDArray[np.float64]:
        """Ratio that no concentration reaches: ``(1 - E10 cos a)/(1 - E10)`` (E-55)."""
        return 1.0 / self.steady_state(self.r10_per_s)

    def steady_state(self, r1_per_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """``(1 - E1)/(1 - E1 cos a)``, the signal relative to that of full recovery."""
        recovered = -np.expm1(-self.tr_ms / 1000.0 * r1_per_s)
        signal: NDArray[np.float64] = recovered / (recovered + (1.0 - recovered) * self.one_minus_cos)
        return signal


@dataclass(frozen=True, kw_only=True, eq=False)
class Concentration:
    """What a signal ratio says about the concentration.

    Attributes
    ----------
    conc_mmol_per_l
        nan where not valid.
    valid
        Whether a concentration gives this ratio.
    reason
        `SATURATED` or `NO_SIGNAL` where not valid, else empty.
    max_ratio
        Limit that a ratio must stay below.
    """

    conc_mmol_per_l: NDArray[np.float64]
    valid: NDArray[np.bool_]
    reason: NDArray[np.str_]
    max_ratio: NDArray[np.float64]


def signal_ratio(*, conc_mmol_per_l: ArrayLike, echo: SpoiledEcho) -> NDArray[np.float64]:
    """Signal with agent over signal without: ``[(1-E1)/(1-E1 cos a)] / [(1-E10)/(1-E10 cos a)]`` (E-53).

    A T1 of voxels broadcasts against the concentrations: give it a last axis of 1 for curves over time.
    """
    r10 = echo.r10_per_s
    r1 = r10 + echo.r1_per_mmol_per_s * np.asarray(conc_mmol_per_l, dtype=np.float64)
    return echo.steady_state(r1) / echo.steady_state(r10)


def concentration(*, signal_ratio: ArrayLike, echo: SpoiledEcho) -> Concentration:
    """Exact inverse of `signal_ratio` (E-53); refuses a ratio that no concentration gives (E-55).

    ``B = ratio (1-E10)/(1-E10 cos a)``, ``E1 = (1-B)/(1-B cos a)``, ``C = (-ln E1/TR - R10)/r1``. Ratios below 1, from
    noise, give negative concentrations, so that means stay unbiased.
    """
    ratio, limit = np.broadcast_arrays(np.asarray(signal_ratio, dtype=np.float64), echo.max_ratio)
    saturated, dark = ratio >= limit, ratio <= 0.0
    valid = (ratio > 0.0) & (ratio < limit)
    b = np.where(valid, ratio / limit, 0.5)
    # 1 - E1 = B (1 - cos a)/(1 - B cos a): no difference of nearly equal numbers when TR << T1
    recovered = b * echo.one_minus_cos / (1.0 - b + b * echo.one_minus_cos)
    r1 = -np.log1p(-recovered) / (echo.tr_ms / 1000.0)
    conc = (r1 - echo.r10_per_s) / echo.r1_per_mmol_per_s
    return Concentration(
        conc_mmol_per_l=np.where(valid, conc, np.nan),
        valid=valid,
        reason=np.where(saturated, SATURATED, np.where(dark, NO_SIGNAL, "")),
        max_ratio=limit,
    )


def concentration_linear(*, signal_ratio: ArrayLike, echo: SpoiledEcho) -> NDArray[np.float64]:
    """``(ratio - 1) R10/r1``: what is often taken for the concentration, a third of it at 3 mmol/l (E-54).

    Valid for small ``r1 C TR`` and flip angles far above Ernst's. Kept to show its error, not to measure with.
    """
    change = np.asarray(signal_ratio, dtype=np.float64) - 1.0
    return change * echo.r10_per_s / echo.r1_per_mmol_per_s
