"""Enhancement over time without a kinetic model: peak, slopes, times and the type of the curve (MR-DCE-01)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinemets.knowledge.lookup import table
from spinemets.maps.blocks import in_blocks, voxels
from spinemets.model.errors import UsageError

Numbers = NDArray[np.float32]
SECONDS_PER_MINUTE = 60.0
# Order of the codes of `curve_type`; 0 = it cannot be told.
TYPES = ("", "A", "B", "C", "D", "E")


@dataclass(frozen=True, kw_only=True, eq=False)
class Enhancement:
    """Shape of the curves, each of the leading axes' shape; nan where it cannot be told.

    Attributes
    ----------
    baseline
        Mean before the agent, S0, in the unit of the signal.
    peak_percent
        ``100 (max - S0)/S0``.
    arrival_s, time_to_peak_s
        From the first point; their difference is the time to peak after arrival.
    slope_percent_per_s
        Steepest rise between two neighbouring points, in percent of S0.
    wash_out_percent_per_min
        Slope from the peak to the last point, in percent of S0; nan where the last point is the peak.
    curve_type
        uint8, place in `TYPES`: A nearly none, B slow, C rapid then plateau, D rapid then wash-out, E rapid then a slower
        second rise; 0 where the curve ends before it can be told, or is not valid.
    valid
        Whether every point is a number and the baseline lies above 0.
    """

    baseline: Numbers
    peak_percent: Numbers
    arrival_s: Numbers
    time_to_peak_s: Numbers
    slope_percent_per_s: Numbers
    wash_out_percent_per_min: Numbers
    curve_type: NDArray[np.uint8]
    valid: NDArray[np.bool_]


def fit(series: ArrayLike, times_s: ArrayLike, baseline: int, *, mask: ArrayLike | None = None) -> Enhancement:
    """Describe enhancement curves.

    Parameters
    ----------
    series
        Signals, shape (..., time).
    times_s
        Increasing times [s], shape (time,).
    baseline
        Number of first points before the agent.
    mask
        Boolean, shape (...): voxels to look at; None = all.

    Returns
    -------
    Enhancement

    Raises
    ------
    UsageError
        If times, baseline and signals do not go together.

    Notes
    -----
    Types after Chen WT, J Magn Reson Imaging 2002; 15:308; cut-offs in `knowledge/tables/enhancement.yaml`.
    """
    values, times = np.asarray(series), np.asarray(times_s, dtype=np.float64)
    if times.ndim != 1 or values.shape[-1:] != times.shape or not (np.diff(times) > 0.0).all():
        raise UsageError(
            f"Times of shape {times.shape} do not go with curves of shape {values.shape}, or do not increase.",
            "Give one increasing time in seconds for each point of the last axis.",
        )
    if not 0 < baseline < len(times):
        raise UsageError(
            f"A baseline of {baseline} points leaves no curve of {len(times)}.", "State the points before the agent."
        )
    rules = {name: float(row["value"]) for name, row in table("enhancement").items() if isinstance(row, dict)}
    curves, where = voxels(values, mask)
    names = [f for f in Enhancement.__dataclass_fields__ if f not in ("curve_type", "valid")]
    out: dict[str, Any] = {name: np.full(len(curves), np.nan, np.float32) for name in names}
    out["curve_type"], out["valid"] = np.zeros(len(curves), np.uint8), np.zeros(len(curves), bool)

    def work(part: slice) -> None:
        chosen = np.flatnonzero(where[part]) if where is not None else slice(None)
        found = _described(curves[part][chosen].astype(np.float64), times, baseline, rules)
        for name, array in found.items():
            out[name][part][chosen] = array

    in_blocks(work, len(curves), values.shape[-1] * 8)
    return Enhancement(**{name: array.reshape(values.shape[:-1]) for name, array in out.items()})


def _described(
    curves: NDArray[np.float64], times: NDArray[np.float64], baseline: int, rules: Mapping[str, float]
) -> dict[str, NDArray[Any]]:
    """All of `Enhancement` for the curves of a block."""
    before = curves[:, :baseline].mean(axis=1)
    valid = np.isfinite(curves).all(axis=1) & (before > 0.0)
    # Curves that are not valid are given a flat one, so that nothing warns; what it says is left out at the end.
    percent = 100.0 * (np.where(valid[:, None], curves, 1.0) / np.where(valid, before, 1.0)[:, None] - 1.0)
    rows, at_peak = np.arange(len(curves)), percent.argmax(axis=1)
    peak, last = percent[rows, at_peak], percent[:, -1]
    above = percent > (peak * rules["arrival_rise_percent"] / 100.0)[:, None]
    arrival = np.where(above.any(axis=1), times[above.argmax(axis=1)], np.nan)
    minutes = (times[-1] - times[at_peak]) / SECONDS_PER_MINUTE
    found = {
        "baseline": before,
        "peak_percent": peak,
        "arrival_s": arrival,
        "time_to_peak_s": times[at_peak],
        "slope_percent_per_s": (np.diff(percent, axis=1) / np.diff(times)).max(axis=1),
        "wash_out_percent_per_min": np.divide(
            last - peak, minutes, out=np.full(len(peak), np.nan), where=minutes > 0.0
        ),
    }
    types = _types(peak, _at(times, percent, arrival + rules["early_s"]), last, rules)
    return {
        **{name: np.where(valid, array, np.nan) for name, array in found.items()},
        "curve_type": np.where(valid, types, 0),
        "valid": valid,
    }


def _types(
    peak: NDArray[np.float64], early: NDArray[np.float64], last: NDArray[np.float64], rules: Mapping[str, float]
) -> NDArray[np.int64]:
    """Places in `TYPES`, from the enhancement in percent at the peak, early after arrival and at the end."""
    tests = (
        ("A", peak < rules["none_below_percent"]),
        # All that follow ask for the early value, or come after one that does.
        ("", np.isnan(early)),
        ("B", early <= rules["slow_up_to_percent"] / 100.0 * last),
        ("D", 100.0 + last < rules["wash_out_below_percent"] / 100.0 * (100.0 + peak)),
        ("E", 100.0 + last > rules["second_rise_above_percent"] / 100.0 * (100.0 + early)),
    )
    return np.select([holds for _, holds in tests], [TYPES.index(name) for name, _ in tests], default=TYPES.index("C"))


def _at(times: NDArray[np.float64], curves: NDArray[np.float64], when: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each curve at a time of its own, straight between points; nan outside the curve."""
    after = np.clip(np.searchsorted(times, when), 1, len(times) - 1)
    rows, share = np.arange(len(curves)), (when - times[after - 1]) / (times[after] - times[after - 1])
    value = (1.0 - share) * curves[rows, after - 1] + share * curves[rows, after]
    return np.where((when >= times[0]) & (when <= times[-1]), value, np.nan)
