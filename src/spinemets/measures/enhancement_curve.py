"""MR-DCE-01: type of the enhancement curve of the leading focus of a vertebra."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from spinemets.lesions.quantity import Least, look
from spinemets.maps import enhancement
from spinemets.model.lesion import Focus
from spinemets.model.measurement import Estimate, Measured, Refused
from spinemets.model.region import Region
from spinemets.model.volume import Volume
from spinemets.statistics.intervals import around

WORDS = {
    "A": "type A (nearly none)", "B": "type B (slow)", "C": "type C (fast, plateau)", "D": "type D (fast, wash-out)",
    "E": "type E (fast, second rise)", "": "type not told",
}  # fmt: skip
LATE_FROM_S = 67.0
Curves = NDArray[np.float64]


def measure(
    *,
    dynamic: Volume,
    marrow: Region,
    focus: Focus,
    times_s: list[float],
    baseline_volumes: int,
    least_voxels: int,
    least_ml: float,
    least_n_eff: float,
    least_share: float,
    least_baseline: int,
    samples: int,
    samples_agree: int,
) -> Measured | Refused:
    """Type A to E of the mean curve, its peak [%], its end over its peak, slopes and times.

    Intervals: spread of the same figures over interleaved samples of the region, 1.96 SD / sqrt(samples). Source: signs.md
    MR-DCE-01; TIC2002 (types), DCE62 (late slope from 67 s).
    """
    if baseline_volumes < least_baseline:
        return Refused(
            code="NA-CONTRAST",
            missing=f"{baseline_volumes} volumes lie before the agent, {least_baseline} are needed",
            remedy="Start the series earlier than the injection.",
        )
    # Voxels without a signal at some time have no curve.
    mean = replace(dynamic, array=dynamic.array.mean(axis=-1))
    seen = look(mean, marrow, focus, Least(voxels=least_voxels, ml=least_ml, n_eff=least_n_eff, share=least_share))
    if isinstance(seen, Refused):
        return seen
    curves = np.asarray(seen.of.region.values(dynamic), dtype=np.float64)
    curves = curves[np.isfinite(curves).all(axis=1)]
    parts = np.stack([curves.mean(axis=0), *(curves[n::samples].mean(axis=0) for n in range(samples))])
    shape = enhancement.fit(parts, times_s, baseline_volumes)
    if not shape.valid.all():
        return Refused(code="NA-FEW", missing="no signal before the agent in part of the region")
    types = [enhancement.TYPES[code] for code in shape.curve_type]
    agreeing = sum(one == types[0] for one in types[1:])
    told = types[0] if agreeing >= samples_agree else ""
    late = _late(parts, np.asarray(times_s), float(shape.arrival_s[0]))
    values = {
        "peak_percent": _spread(shape.peak_percent),
        "end_over_peak": _spread(parts[:, -1] / parts.max(axis=1)),
        "time_to_peak_s": _spread(shape.time_to_peak_s - shape.arrival_s),
        "slope_percent_per_s": _spread(shape.slope_percent_per_s),
        "agreeing": Estimate(value=float(agreeing)),
    }
    if late is not None:
        values["late_slope_percent"] = _spread(late)
    return Measured(
        values={name: one for name, one in values.items() if np.isfinite(one.value)},
        n_voxels=len(curves),
        category=WORDS[told] if seen.judged else None,
        caveats=seen.of.caveats,
        notes=(*seen.notes, *_about_type(types[0], agreeing, samples, told)),
        outline=seen.of.region,
    )


def _spread(figures: NDArray[np.floating]) -> Estimate:
    """Figure of the whole region, with the interval that its samples tell."""
    whole, samples = float(figures[0]), np.asarray(figures[1:], dtype=np.float64)
    error = float(np.std(samples, ddof=1)) / np.sqrt(len(samples)) if np.isfinite(samples).all() else np.inf
    return Estimate(value=whole, ci95=around(whole, float(error)) if np.isfinite(error) else None)


def _late(parts: Curves, times: Curves, arrival_s: float) -> Curves | None:
    """Change in percent from 67 s after arrival to the end; None where the series ends before."""
    when = arrival_s + LATE_FROM_S
    if not when < times[-1]:
        return None
    return np.array([100.0 * (one[-1] / np.interp(when, times, one) - 1.0) for one in parts])


def _about_type(found: str, agreeing: int, samples: int, told: str) -> tuple[str, ...]:
    name = WORDS[found]
    if told or not found:
        return (f"{name[0].upper()}{name[1:]} in {agreeing} of {samples} samples of the region.",)
    return (
        f"The mean curve is of {name}, but only {agreeing} of {samples} samples of the region are: noise decides the type.",
    )
