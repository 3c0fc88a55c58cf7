"""MR-CSI-01: opposed-phase over in-phase signal of the leading focus of a vertebra."""

from __future__ import annotations

from spinemets.lesions.quantity import Least, look
from spinemets.model.lesion import Focus
from spinemets.model.measurement import Estimate, Measured, Refused
from spinemets.model.region import Region
from spinemets.model.volume import Volume


def measure(
    *,
    ratio: Volume,
    marrow: Region,
    focus: Focus,
    least_voxels: int,
    least_ml: float,
    least_n_eff: float,
    least_share: float,
) -> Measured | Refused:
    """Median of S_op / S_ip over the focus (judged), the drop 100 (1 - ratio) [%], and the median of the marrow around it.

    The noise's power was taken off when the map was made. Interval: voxel noise of the median (signs.md 0.9). Source: signs.md
    MR-CSI-01.
    """
    least = Least(voxels=least_voxels, ml=least_ml, n_eff=least_n_eff, share=least_share)
    seen = look(ratio, marrow, focus, least)
    if isinstance(seen, Refused):
        return seen
    assert seen.of.median.ci95 is not None
    low, high = (100.0 * (1.0 - end) for end in reversed(seen.of.median.ci95))
    values = {
        "ratio" if seen.judged else "unjudged_ratio": seen.of.median,
        "drop_percent": Estimate(value=100.0 * (1.0 - seen.of.median.value), ci95=(low, high)),
    }
    if seen.around is not None:
        values["marrow_ratio"] = seen.around.median
    return Measured(
        values=values,
        n_voxels=seen.of.n_voxels,
        category=seen.what,
        caveats=seen.of.caveats,
        notes=seen.notes,
        outline=seen.of.region,
    )
