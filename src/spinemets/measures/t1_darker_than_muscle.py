"""MR-T1-01: marrow darker than muscle on T1."""

from __future__ import annotations

from spinemets.anatomy.tissue_ratio import Least, darkest, tissue_ratio
from spinemets.model.lesion import Lesion
from spinemets.model.measurement import Estimate, Measured, Refused
from spinemets.model.reference import Reference
from spinemets.model.region import Region
from spinemets.model.volume import Volume


def measure(
    *,
    t1: Volume,
    marrow: Region,
    muscle: Reference,
    lesions: tuple[Lesion, ...],
    field_t: float | None,
    least_voxels: int,
    least_ml: float,
    least_effective: float,
) -> Measured | Refused:
    """r_m = median(focus or marrow) / median(muscle) on unenhanced T1 spin echo; below 1 counts.

    `ratio` is the darkest focus found on this series, else the whole marrow; `marrow_ratio` is always the whole marrow.
    Valid at 1.5 T and 3 T. Source: review, section 2.7; isointense marrow counts with the dark one (Carroll1997), so an
    interval that contains 1 is called isointense and left undecided.
    """
    least = Least(voxels=least_voxels, ml=least_ml, effective=least_effective)
    whole = tissue_ratio(t1, marrow, muscle, least)
    if isinstance(whole, Refused):
        return whole
    judged = darkest(t1, marrow, lesions, muscle, least)
    assert not isinstance(judged, Refused)  # the whole marrow is large enough
    dark = judged.category != "hyperintense"
    what = f"focus {judged.n_voxels} voxels" if judged.region is not marrow else "whole marrow"
    field = "field strength not stated" if field_t is None else f"{field_t:g} T"
    return Measured(
        values={
            "ratio": judged.estimate,
            "marrow_ratio": whole.estimate,
            "signal": Estimate(value=judged.median),
            "muscle": Estimate(value=muscle.median),
        },
        n_voxels=judged.n_voxels,
        category=judged.category,
        caveats=(*(("CV-NONSPECIFIC", "CV-REDMARROW") if dark else ()), *muscle.caveats),
        notes=(
            f"Compared: {what}, signal {judged.median:.0f}; muscle {muscle.median:.0f} "
            f"({', '.join(muscle.members)}; {muscle.n_voxels} voxels); {field}.",
            *(f"Muscle not used at {name}: {why}." for name, why in muscle.refused),
        ),
        outline=judged.region,
    )
