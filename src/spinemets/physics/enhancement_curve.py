"""Enhancement over time without a kinetic model: baseline, peak, slopes and the type of the curve.

Times in s; signals in any unit, voxels lead, time last. What cannot be said is nan, or an empty type, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, kw_only=True)
class CurveCutoffs:
    """Where one type of curve ends and the next begins; values are data of the caller.

    Attributes
    ----------
    arrival_rise_percent
        The agent has arrived at the first point above the baseline by this share of the rise to the peak.
    early_s
        Time after arrival at which a rapid curve has risen.
    none_below_percent
        A: peak enhancement below this.
    slow_up_to_percent
        B: early enhancement up to this share of the enhancement at the end.
    wash_out_below_percent
        D: signal at the end below this share of the peak.
    second_rise_above_percent
        E: signal at the end above this share of the early signal.
    """

    arrival_rise_percent: float
    early_s: float
    none_below_percent: float
    slow_up_to_percent: float
    wash_out_below_percent: float
    second_rise_above_percent: float


@dataclass(frozen=True, kw_only=True, eq=False)
class EnhancementCurve:
    """Shape of enhancement curves, each value (...) for the leading axes of the signal.

    Attributes
    ----------
    baseline
        Mean of the points before the agent, S0, in the unit of the signal.
    peak_enhancement_percent
        ``100 (max - S0)/S0``.
    time_to_peak_s, arrival_s
        From the first point; their difference is the time to peak after arrival. Arrival is nan where nothing rises.
    wash_in_percent_per_s
        Steepest rise between two neighbouring points, in percent of S0.
    wash_out_percent_per_min
        Slope from the peak to the last point, in percent of S0; nan where the last point is the peak.
    curve_type
        A nearly none, B slow, C rapid then plateau, D rapid then wash-out, E rapid then a slower second rise; empty where
        the curve ends before it can be told.
    """

    baseline: NDArray[np.float64]
    peak_enhancement_percent: NDArray[np.float64]
    time_to_peak_s: NDArray[np.float64]
    arrival_s: NDArray[np.float64]
    wash_in_percent_per_s: NDArray[np.float64]
    wash_out_percent_per_min: NDArray[np.float64]
    curve_type: NDArray[np.str_]


def enhancement_curve(
    *, time_s: ArrayLike, signal: ArrayLike, n_baseline: int, cutoffs: CurveCutoffs
) -> EnhancementCurve:
    """Describe enhancement curves (E-56).

    Types after Chen WT, J Magn Reson Imaging 2002; 15:308; of the tests for A, B, D and E, in this order, the first that
    holds names the type, else it is C.

    Parameters
    ----------
    time_s
        (time,) increasing.
    signal
        (..., time).
    n_baseline
        Number of first points before the agent.
    cutoffs
        Cut-offs of the types.
    """
    time, values = np.asarray(time_s, dtype=np.float64), np.asarray(signal, dtype=np.float64)
    if time.ndim != 1 or values.shape[-1:] != time.shape or not np.all(np.diff(time) > 0.0):
        raise ValueError(f"times must increase and match the last axis of the signal: {time.shape}, {values.shape}")
    if not 0 < n_baseline < time.size:
        raise ValueError(f"baseline of {n_baseline} points in a curve of {time.size}")
    mean = values[..., :n_baseline].mean(axis=-1)
    baseline = np.where(mean > 0.0, mean, np.nan)
    percent = 100.0 * (values / baseline[..., None] - 1.0)
    at_peak = percent.argmax(axis=-1)
    peak, last = _at(percent, at_peak), percent[..., -1]
    minutes = (time[-1] - time[at_peak]) / 60.0
    arrival = _arrival_s(time, percent, peak * cutoffs.arrival_rise_percent / 100.0)
    return EnhancementCurve(
        baseline=mean,
        peak_enhancement_percent=peak,
        time_to_peak_s=np.where(np.isnan(peak), np.nan, time[at_peak]),
        arrival_s=arrival,
        wash_in_percent_per_s=(np.diff(percent, axis=-1) / np.diff(time)).max(axis=-1),
        wash_out_percent_per_min=(last - peak) / np.where(minutes > 0.0, minutes, np.nan),
        curve_type=_types(peak, _value_at(time, percent, arrival + cutoffs.early_s), last, cutoffs),
    )


def _types(
    peak: NDArray[np.float64], early: NDArray[np.float64], last: NDArray[np.float64], cutoffs: CurveCutoffs
) -> NDArray[np.str_]:
    """Types of curves from their enhancement in percent at the peak, early after arrival and at the end."""
    tests = [
        (peak < cutoffs.none_below_percent, "A"),
        (np.isnan(early), ""),  # every other type asks for the early value, or comes after one that does
        (early <= cutoffs.slow_up_to_percent / 100.0 * last, "B"),
        (100.0 + last < cutoffs.wash_out_below_percent / 100.0 * (100.0 + peak), "D"),
        (100.0 + last > cutoffs.second_rise_above_percent / 100.0 * (100.0 + early), "E"),
    ]
    return np.select([holds for holds, _ in tests], [name for _, name in tests], default="C")


def _arrival_s(
    time: NDArray[np.float64], percent: NDArray[np.float64], threshold: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Time of the first point above the threshold; nan where there is none."""
    above = percent > threshold[..., None]
    return np.where(above.any(axis=-1), time[above.argmax(axis=-1)], np.nan)


def _value_at(time: NDArray[np.float64], values: NDArray[np.float64], when: NDArray[np.float64]) -> NDArray[np.float64]:
    """Value at one time per curve, straight between points; nan outside the curve."""
    after = np.clip(np.searchsorted(time, when), 1, time.size - 1)
    part = (when - time[after - 1]) / (time[after] - time[after - 1])
    value = (1.0 - part) * _at(values, after - 1) + part * _at(values, after)
    return np.where((when >= time[0]) & (when <= time[-1]), value, np.nan)


def _at(values: NDArray[np.float64], index: NDArray[np.intp]) -> NDArray[np.float64]:
    """One point of each curve."""
    return np.take_along_axis(values, np.asarray(index)[..., None], axis=-1)[..., 0]
