"""MR-T1-03: focal darkening on T1 against the marrow of normal neighbours."""

from __future__ import annotations

from dataclasses import replace

from spinemets.lesions.contrast import body_only, lines, of_vertebra
from spinemets.model.lesion import Lesion
from spinemets.model.measurement import Estimate, Measured, Refused
from spinemets.model.reference import Reference
from spinemets.model.region import Region
from spinemets.model.volume import Volume


def measure(
    *,
    t1: Volume,
    marrow: Region,
    normal: Reference,
    lesions: tuple[Lesion, ...],
    voxel_contrast: float,
    voxel_sd: float,
    least_voxels: int,
    least_ml: float,
    thick_slice_mm: float,
) -> Measured | Refused:
    """C = (S - S0) / S0 of the leading focus, or of the whole marrow where there is none; `contrast` is judged.

    S = median of the focus, S0 = median of the normal neighbours' medians in the same series (unitless ratio). Interval: ratio
    of two medians; stretched to the rest of the marrow where the focus hugs an endplate or is too small, and to 0 where the
    marrow is dark as a whole but no group of voxels lies 3 robust SDs below normal. Valid on `t1` (spin
    echo) only. Source: signs.md MR-T1-03; effect sizes Zhao2009, Mehta1995.
    """
    answer = of_vertebra(t1, marrow, normal, lesions, (least_voxels, least_ml))
    if isinstance(answer, Refused):
        return answer
    judged, around = answer
    limit = min(normal.median * (1 + voxel_contrast), normal.median - voxel_sd * normal.spread)
    return Measured(
        values={
            "contrast": judged.contrast if lesions else _held(judged.contrast, voxel_contrast),
            "marrow_contrast": around.contrast,
            "volume_ml": Estimate(value=sum(x.volume_ml for x in lesions)),
        },
        n_voxels=judged.n_voxels,
        caveats=tuple(dict.fromkeys((*(c for x in lesions for c in x.caveats), *normal.caveats))),
        notes=(
            *lines(lesions),
            *body_only(t1, thick_slice_mm),
            f"Dark = signal of {limit:.0f} or less; reference marrow {normal.median:.0f} ({', '.join(normal.members)}).",
        ),
        outline=judged.region,
    )


def _held(whole: Estimate, limit: float) -> Estimate:
    """Contrast of a marrow without a focus: dark as a whole, but no voxels stand out, so the interval reaches to 0."""
    assert whole.ci95 is not None
    low, high = whole.ci95
    return replace(whole, ci95=(low, max(high, 0.0))) if low < limit else whole
