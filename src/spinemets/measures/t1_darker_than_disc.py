"""MR-T1-02: marrow darker than disc on T1."""

from __future__ import annotations

from dataclasses import replace

from spinemets.anatomy.tissue_ratio import Least, TissueRatio, darkest, tissue_ratio
from spinemets.model.lesion import Lesion
from spinemets.model.measurement import Estimate, Measured, Refused
from spinemets.model.reference import Reference
from spinemets.model.region import Region
from spinemets.model.volume import Volume


def measure(
    *,
    t1: Volume,
    marrow: Region,
    disc: Reference,
    muscle: Reference | None,
    lesions: tuple[Lesion, ...],
    field_t: float | None,
    least_voxels: int,
    least_ml: float,
    least_effective: float,
    doubt_field_t: list[float],
) -> Measured | Refused:
    """r_d = median(focus or marrow) / median(disc) on unenhanced T1 spin echo; below 1 counts.

    `ratio` is the darkest focus found on this series, else the whole marrow; `marrow_ratio` is always the whole marrow. In
    the field range `doubt_field_t` the disc is the weaker reference: where muscle, if there is any, says the opposite,
    the interval is widened to muscle's ratio, so that the answer stays open. Source: review, section 2.7; Carroll1997.
    """
    least = Least(voxels=least_voxels, ml=least_ml, effective=least_effective)
    whole = tissue_ratio(t1, marrow, disc, least)
    if isinstance(whole, Refused):
        return whole
    judged = darkest(t1, marrow, lesions, disc, least)
    assert not isinstance(judged, Refused)  # the whole marrow is large enough
    ratio, category = judged.estimate, judged.category
    caveats, notes = list(disc.caveats), []
    doubtful = field_t is not None and doubt_field_t[0] <= field_t <= doubt_field_t[1]
    against = tissue_ratio(t1, judged.region, muscle, least) if doubtful and muscle is not None else None
    if (
        isinstance(against, TissueRatio)
        and (against.estimate.value < 1) != (ratio.value < 1)
        and category != "isointense"
    ):
        ratio, category = _widened(ratio, against.estimate.value), "disagrees with muscle"
        caveats.append("CV-FIELD")
        notes.append(
            f"At {field_t:g} T muscle says the opposite (ratio to muscle {against.estimate.value:.2f}): left undecided."
        )
    if category != "hyperintense":
        caveats += ["CV-NONSPECIFIC", "CV-REDMARROW"]
    return Measured(
        values={
            "ratio": ratio,
            "marrow_ratio": whole.estimate,
            "signal": Estimate(value=judged.median),
            "disc": Estimate(value=disc.median),
        },
        n_voxels=judged.n_voxels,
        category=category,
        caveats=tuple(dict.fromkeys(caveats)),
        notes=(
            f"Compared: {'whole marrow' if judged.region is marrow else 'focus'}, signal {judged.median:.0f}; disc "
            f"{disc.median:.0f} (below {', '.join(disc.members)}; {disc.n_voxels} voxels).",
            *notes,
            *(f"Disc not used below {name}: {why}." for name, why in disc.refused),
        ),
        outline=judged.region,
    )


def _widened(ratio: Estimate, other: float) -> Estimate:
    """Interval that also covers what the other reference says."""
    assert ratio.ci95 is not None
    low, high = ratio.ci95
    return replace(ratio, ci95=(min(low, other), max(high, other)))
