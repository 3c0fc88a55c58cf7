"""MR-STIR-01: marrow brighter on STIR than that of normal neighbours."""

from __future__ import annotations

from dataclasses import replace

from spinemets.lesions.contrast import Contrast, body_only, lines, of_vertebra
from spinemets.model.lesion import Lesion
from spinemets.model.measurement import Estimate, Measured, Refused
from spinemets.model.reference import Reference
from spinemets.model.region import Region
from spinemets.model.volume import Volume


def measure(
    *,
    stir: Volume,
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

    S = median of the focus, S0 = median of the normal neighbours' medians in the same series; cnr = abs(S - S0) / noise, the
    noise being the robust SD of the reference marrow (it holds texture too, so the ratio is a low estimate). Below the least
    cnr the interval reaches down to 0: bright alone is not enough. Valid on `stir`. Source: signs.md MR-STIR-01; Mehta1995.
    """
    answer = of_vertebra(stir, marrow, normal, lesions, (least_voxels, least_ml))
    if isinstance(answer, Refused):
        return answer
    judged, around = answer
    if normal.spread <= 0:
        return Refused(code="NA-REFERENCE", missing="reference marrow has no measurable noise in this series")
    cnr = abs(judged.difference) / normal.spread
    limit = max(normal.median * (1 + voxel_contrast), normal.median + voxel_sd * normal.spread)
    return Measured(
        values={
            "contrast": _held(judged, cnr, voxel_sd),
            "cnr": Estimate(value=cnr),
            "marrow_contrast": around.contrast,
            "volume_ml": Estimate(value=sum(x.volume_ml for x in lesions)),
        },
        n_voxels=judged.n_voxels,
        caveats=tuple(dict.fromkeys((*(c for x in lesions for c in x.caveats), *normal.caveats))),
        notes=(
            *lines(lesions),
            *body_only(stir, thick_slice_mm),
            f"Bright = signal of {limit:.0f} or more; reference marrow {normal.median:.0f} ({', '.join(normal.members)}); "
            "the noise is the spread of the reference marrow.",
        ),
        outline=judged.region,
    )


def _held(judged: Contrast, cnr: float, least_cnr: float) -> Estimate:
    """Contrast whose interval reaches to 0 where the contrast-to-noise ratio is too low."""
    assert judged.contrast.ci95 is not None
    if cnr >= least_cnr:
        return judged.contrast
    low, high = judged.contrast.ci95
    return replace(judged.contrast, ci95=(min(low, 0.0), high))
