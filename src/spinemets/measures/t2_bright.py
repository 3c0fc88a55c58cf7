"""MR-T2-02: marrow brighter on T2 than that of normal neighbours."""

from __future__ import annotations

from spinemets.lesions.contrast import of_vertebra
from spinemets.model.measurement import Estimate, Measured, Refused
from spinemets.model.reference import Reference
from spinemets.model.region import Region
from spinemets.model.volume import Volume
from spinemets.statistics.intervals import ratio


def measure(
    *,
    t2: Volume,
    marrow: Region,
    normal: Reference,
    muscle: Reference | None,
    disc: Reference | None,
    least_voxels: int,
    least_ml: float,
) -> Measured | Refused:
    """C = (S - S0) / S0 of the whole marrow; `contrast` is judged, ratios to muscle and disc are given beside it.

    S = median of the marrow, S0 = median of the normal neighbours' medians in the same series; intervals by signs.md 0.9.
    Foci are not drawn on T2: a small bright focus does not move the median. Valid on `t2` without fat suppression, where
    fat stays bright. Source: signs.md MR-T2-02; Castillo2000; Mehta1995.
    """
    answer = of_vertebra(t2, marrow, normal, (), (least_voxels, least_ml))
    if isinstance(answer, Refused):
        return answer
    whole, _ = answer
    signal = normal.median + whole.difference
    low, high = whole.contrast.ci95 or (whole.contrast.value, whole.contrast.value)
    error = (high - low) / (2 * 1.96) * normal.median
    values = {"contrast": whole.contrast}
    for name, tissue in (("muscle_ratio", muscle), ("disc_ratio", disc)):
        if tissue is not None and tissue.median > 0:
            value, interval = ratio(signal, error, tissue.median, tissue.standard_error)
            values[name] = Estimate(value=value, ci95=interval)
    return Measured(
        values=values,
        n_voxels=whole.n_voxels,
        caveats=normal.caveats,
        notes=(
            f"Whole marrow, signal {signal:.0f}; reference marrow {normal.median:.0f} ({', '.join(normal.members)}).",
        ),
        outline=whole.region,
    )
