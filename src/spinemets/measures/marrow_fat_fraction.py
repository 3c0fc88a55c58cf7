"""MR-DIX-01: fat fraction of the leading focus of a vertebra."""

from __future__ import annotations

from spinemets.lesions.quantity import Least, look, scaled
from spinemets.model.lesion import Focus
from spinemets.model.measurement import Measured, Refused
from spinemets.model.reference import Reference
from spinemets.model.region import Region
from spinemets.model.volume import Volume

PERCENT = 100.0


def measure(
    *,
    fat: Volume,
    marrow: Region,
    focus: Focus,
    muscle: Reference | None,
    least_voxels: int,
    least_ml: float,
    least_n_eff: float,
    least_share: float,
    swapped_from: float,
) -> Measured | Refused:
    """Median fat fraction [%] of the focus (judged), and of the marrow around it.

    Refused where muscle reads as fat: water and fat are exchanged. Interval: voxel noise of the median (signs.md 0.9); what the
    fit may be wrong by is not in it. Judged for proton density fat fractions only. Source: signs.md MR-DIX-01; Schmeel2018a.
    """
    if muscle is not None and muscle.median >= swapped_from:
        return Refused(
            code="NA-ARTEFACT",
            missing=f"muscle reads a fat fraction of {muscle.median:.0%}: water and fat are exchanged here",
            remedy="Have water and fat parted again by the scanner, or give complex echoes.",
        )
    least = Least(voxels=least_voxels, ml=least_ml, n_eff=least_n_eff, share=least_share)
    seen = look(fat, marrow, focus, least)
    if isinstance(seen, Refused):
        return seen
    values = {"reported_percent": scaled(seen.of.median, PERCENT)}
    if seen.judged:
        values["fat_percent"] = values["reported_percent"]
    if seen.around is not None:
        values["marrow_percent"] = scaled(seen.around.median, PERCENT)
    return Measured(
        values=values,
        n_voxels=seen.of.n_voxels,
        category=seen.what,
        caveats=seen.of.caveats,
        notes=(*seen.notes, f"{fat.quantity.replace('_', ' ')} of the {seen.what}."),
        outline=seen.of.region,
    )
