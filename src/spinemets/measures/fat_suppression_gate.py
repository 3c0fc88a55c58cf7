"""MR-ART-02: whether fat was suppressed at this level."""

from __future__ import annotations

from spinemets.model.measurement import Estimate, Measured, Refused
from spinemets.model.reference import Reference
from spinemets.model.volume import Volume
from spinemets.statistics.intervals import ratio


def measure(
    *,
    fat_suppressed: Volume,
    muscle: Reference,
    fat: Reference | None,
    subcutaneous: Reference | None,
    works_at_most: float,
    fails_at_least: float,
) -> Measured | Refused:
    """Verdict of the use `fat_suppressed` from q = median(fat) / median(muscle) beside the level.

    Fat is told by being bright; where it is suppressed that fails, and the layer under the skin is judged as it is.
    q <= `works_at_most`: works; q >= `fails_at_least`: failed (`NA-FATSAT`); between: `limited`, the local state of a bright
    focus is uncertain. Interval from the standard errors of both medians (signs.md 0.9). Valid for STIR and for spectral fat
    suppression, level by level, because failure is local. Source: signs.md MR-ART-02 (engineering limits).
    """
    del fat_suppressed  # the references were taken from it; the gate needs it only to know which series is meant
    fat = fat or subcutaneous
    if fat is None or not (muscle.median > 0 and fat.median > 0):
        return Refused(
            code="NA-REFERENCE",
            missing="muscle or fat has no positive signal here, so no ratio exists",
            remedy="Needs muscle and fat in view beside the level.",
        )
    q, interval = ratio(fat.median, fat.standard_error, muscle.median, muscle.standard_error)
    if q <= works_at_most:
        verdict, said = "ok", "fat is suppressed here"
    elif q >= fails_at_least:
        verdict, said = "NA-FATSAT", "fat is as bright as or brighter than muscle here: it was not suppressed"
    else:
        verdict, said = "limited", "fat is only partly suppressed here"
    return Measured(
        values={"fat_to_muscle": Estimate(value=q, ci95=interval)},
        n_voxels=min(muscle.n_voxels, fat.n_voxels),
        category=said,
        verdicts={"fat_suppressed": verdict},
        notes=(f"{said} (fat to muscle {q:.2f})",),
        caveats=tuple(dict.fromkeys((*muscle.caveats, *fat.caveats))),
    )
