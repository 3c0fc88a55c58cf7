"""Normal neighbours (G-07): what normal marrow, pedicles and arches measure in one series, near one level."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spinemets.lesions.ground import ARCH, PEDICLE, Ground
from spinemets.model.reference import NoReference, Reference
from spinemets.statistics.robust import SD_PER_MAD, effective_n, median_mad, se_of_median


@dataclass(frozen=True, kw_only=True)
class Neighbourhood:
    """Numbers of G-07."""

    reach_levels: int
    least_bodies: int
    least_voxels: int
    part_voxels: int
    shading_share: float


def neighbours(level_id: str, order: Sequence[str], grounds: Mapping[str, Ground], reach: int) -> tuple[str, ...]:
    """Levels within `reach` vertebrae of one level that could be read in this series, itself left out."""
    here = order.index(level_id)
    near = (x for n, x in enumerate(order) if 0 < abs(n - here) <= reach)
    return tuple(x for x in near if x in grounds)


def reference(
    level_id: str,
    order: Sequence[str],
    grounds: Mapping[str, Ground],
    unfit: Mapping[str, str],
    numbers: Neighbourhood,
) -> Reference | NoReference:
    """Median of the normal bodies' medians, and the robust spread of their voxels around it.

    Parameters
    ----------
    order
        All level ids head to feet.
    grounds
        Levels readable in this series.
    unfit
        Level id -> why it is no reference (lesion candidate, cut off, metal, treated).

    Notes
    -----
    The standard error is the larger of that of the voxels (1.2533 * spread / sqrt(n_eff)) and that of the bodies'
    medians among themselves, so that few bodies that differ give a wide interval.
    """
    near = neighbours(level_id, order, grounds, numbers.reach_levels)
    fit = tuple(x for x in near if x not in unfit and grounds[x].n_marrow >= numbers.least_voxels)
    refused = tuple((x, unfit.get(x, "too few marrow voxels")) for x in near if x not in fit)
    if not fit:
        why = "; ".join(f"{level}: {sentence}" for level, sentence in refused) or "no other vertebra in this series"
        return NoReference(
            tissue="normal_marrow",
            code="NA-REFERENCE",
            missing=f"no reference vertebra within {numbers.reach_levels} levels ({why})",
            remedy="A series that covers more of the spine, or a criterion with its own reference tissue.",
        )
    medians = [float(np.median(grounds[x].marrow)) for x in fit]
    centre = float(np.median(medians))
    spread = _spread_around(centre, [grounds[x].marrow for x in fit])
    n = sum(grounds[x].n_marrow for x in fit)
    n_eff = effective_n(n)
    among = se_of_median(median_mad(medians).spread, len(medians)) if len(medians) > 1 else 0.0
    return Reference(
        tissue="normal_marrow",
        median=centre,
        spread=spread,
        standard_error=max(se_of_median(spread, n_eff), among),
        n_voxels=n,
        n_effective=n_eff,
        members=fit,
        refused=refused,
        caveats=() if len(fit) >= numbers.least_bodies else ("CV-FEWREF",),
    )


def with_shading(normal: Reference, grounds: Mapping[str, Ground], share: float) -> Reference:
    """Caveat where the medians of the bodies of an MR reference differ by more than `share`: coil shading (MR-ART-03)."""
    medians = [float(np.median(grounds[x].marrow)) for x in normal.members]
    if max(medians) - min(medians) <= share * normal.median:
        return normal
    return replace(normal, caveats=tuple(dict.fromkeys((*normal.caveats, "CV-SHADING"))))


def part_centres(members: Sequence[str], grounds: Mapping[str, Ground], least: int) -> dict[int, tuple[float, float]]:
    """Median and spread of pedicle and arch cores over the normal neighbours; a part seen too little is left out."""
    out: dict[int, tuple[float, float]] = {}
    for part in (PEDICLE, ARCH):
        values = [grounds[x].judged[grounds[x].compartment == part] for x in members]
        values = [v for v in values if v.size]
        if sum(v.size for v in values) < least:
            continue
        centre = float(np.median([np.median(v) for v in values]))
        out[part] = (centre, _spread_around(centre, values))
    return out


def _spread_around(centre: float, samples: Sequence[NDArray[np.float32]]) -> float:
    """1.4826 times the median distance of all values from a given centre."""
    return SD_PER_MAD * float(np.median(np.abs(np.concatenate(samples).astype(np.float64) - centre)))


def unfit_levels(
    grounds: Mapping[str, Ground], with_lesion: Collection[str], stated: Mapping[str, str], dense: Mapping[str, str]
) -> dict[str, str]:
    """Why a level is no reference: the first reason that holds."""
    reasons: dict[str, str] = {}
    for level_id, ground in grounds.items():
        completeness = ground.vertebra.completeness
        if not (completeness.complete or completeness.heights_valid):
            reasons[level_id] = "cut off by the edge of the image"
        elif level_id in stated:
            reasons[level_id] = stated[level_id]
        elif level_id in dense:
            reasons[level_id] = dense[level_id]
        elif level_id in with_lesion:
            reasons[level_id] = "lesion candidate"
    return reasons
