"""MR-DCE-02: Ktrans of the leading focus of a vertebra against normal vertebrae."""

from __future__ import annotations

from spinemets.lesions.quantity import Least, look
from spinemets.model.lesion import Focus
from spinemets.model.measurement import Estimate, Measured, Refused
from spinemets.model.reference import Reference
from spinemets.model.region import Region
from spinemets.model.volume import Volume
from spinemets.statistics.intervals import ratio


def measure(
    *,
    ktrans: Volume,
    marrow: Region,
    normal: Reference,
    focus: Focus,
    least_voxels: int,
    least_ml: float,
    least_n_eff: float,
    least_share: float,
) -> Measured | Refused:
    """Median Ktrans [1/min] of the focus over that of normal neighbours, with the interval of a ratio of medians (signs.md 0.9).

    Measured and not judged: no absolute cut-off is portable. Source: signs.md MR-DCE-02; Arevalo2014.
    """
    seen = look(ktrans, marrow, focus, Least(voxels=least_voxels, ml=least_ml, n_eff=least_n_eff, share=least_share))
    if isinstance(seen, Refused):
        return seen
    if normal.median <= 0 or seen.of.median.value <= 0:
        return Refused(
            code="NA-REFERENCE", missing="no transfer above zero here or in the reference vertebrae: no ratio exists"
        )
    value, interval = ratio(seen.of.median.value, seen.of.standard_error, normal.median, normal.standard_error)
    return Measured(
        values={
            "ratio": Estimate(value=value, ci95=interval),
            "ktrans_per_min": seen.of.median,
            "normal_ktrans_per_min": Estimate(value=normal.median),
        },
        n_voxels=seen.of.n_voxels,
        category=seen.what,
        caveats=tuple(dict.fromkeys((*seen.of.caveats, *normal.caveats))),
        notes=seen.notes,
        outline=seen.of.region,
    )
