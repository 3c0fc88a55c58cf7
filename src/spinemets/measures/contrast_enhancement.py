"""MR-CE-01: enhancement of the leading focus of a vertebra after contrast."""

from __future__ import annotations

import math

import numpy as np

from spinemets.lesions.quantity import Least, Quantity, look, without_rim
from spinemets.model.lesion import Focus
from spinemets.model.measurement import Estimate, Measured, Refused
from spinemets.model.reference import Reference
from spinemets.model.region import Region
from spinemets.model.volume import Volume
from spinemets.statistics.robust import SD_PER_MAD


def measure(
    *,
    percent: Volume,
    marrow: Region,
    normal: Reference,
    focus: Focus,
    least_voxels: int,
    least_ml: float,
    least_n_eff: float,
    least_share: float,
    enhances_from: float,
    errors_apart: float,
    even_below: float,
    rim_over_core: float,
) -> Measured | Refused:
    """Median of 100 (S_post - S_pre) / S_pre over the focus [%] against normal neighbours, and its pattern.

    Interval: voxel noise of the median; the difference by errors in quadrature (signs.md 0.9). The gain of the pair was compared
    in fat when the map was made. Source: signs.md MR-CE-01; Stabler1996 (normal marrow).
    """
    least = Least(voxels=least_voxels, ml=least_ml, n_eff=least_n_eff, share=least_share)
    seen = look(percent, marrow, focus, least)
    if isinstance(seen, Refused):
        return seen
    values = {
        "enhancement_percent" if seen.judged else "unjudged_percent": seen.of.median,
        "normal_percent": Estimate(value=normal.median),
    }
    notes = list(seen.notes)
    if seen.of.median.value > 0:
        uneven = seen.of.spread / SD_PER_MAD / seen.of.median.value
        values["spread_over_median"] = Estimate(value=uneven)
        if seen.judged and seen.of.median.value >= enhances_from:
            rim = _rim(percent, seen.of, rim_over_core)
            notes.append(f"Pattern: {'rim' if rim else 'even' if uneven < even_below else 'uneven'}.")
    return Measured(
        values=values,
        n_voxels=seen.of.n_voxels,
        category=_category(seen.of, normal, enhances_from, errors_apart) if seen.judged else None,
        caveats=tuple(dict.fromkeys((*seen.of.caveats, *normal.caveats))),
        notes=tuple(notes),
        outline=seen.of.region,
    )


def _category(of: Quantity, normal: Reference, enhances_from: float, errors_apart: float) -> str:
    assert of.median.ci95 is not None
    low, high = of.median.ci95
    apart = errors_apart * math.hypot(of.standard_error, normal.standard_error)
    excess = of.median.value - normal.median
    if high < enhances_from:
        return "hardly"
    if excess <= 0:
        return "no more than reference marrow"
    return (
        "more than reference marrow"
        if low >= enhances_from and excess > apart
        else "perhaps more than reference marrow"
    )


def _rim(percent: Volume, of: Quantity, rim_over_core: float) -> bool:
    """Whether the shell enhances more than what lies within it."""
    core = without_rim(of.region)
    within = np.asarray(core.values(percent), dtype=np.float64) if core.n_voxels else np.zeros(0)
    within = within[np.isfinite(within)]
    shell_n = of.n_voxels - within.size
    if not within.size or not shell_n:
        return False
    shell = (of.values.sum() - within.sum()) / shell_n
    return bool(shell >= rim_over_core * within.mean() and shell > 0)
