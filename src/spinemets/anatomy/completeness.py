"""Whether all of an instance is in view (G-02)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spinemets.anatomy.settings import Settings
from spinemets.model.region import Region
from spinemets.model.spine import Completeness


def border_share(region: Region) -> float:
    """Share of a region's surface [mm2 of voxel faces] that lies on the border of its grid."""
    spacing = region.grid.spacing_mm
    total = border = 0.0
    for axis in range(3):
        if region.grid.shape_ijk[axis] == 1:
            continue
        face = spacing[(axis + 1) % 3] * spacing[(axis + 2) % 3]
        mask = np.moveaxis(region.mask, axis, 0)
        changes = int(np.count_nonzero(mask[1:] != mask[:-1]))
        ends = int(np.count_nonzero(mask[0])), int(np.count_nonzero(mask[-1]))
        total += face * (changes + sum(ends))
        if region.start_ijk[axis] == 0:
            border += face * ends[0]
        if region.start_ijk[axis] + region.mask.shape[axis] == region.grid.shape_ijk[axis]:
            border += face * ends[1]
    return border / total if total else 0.0


def judge(vertebra: Region, body: Region | None, cuts: dict[str, float], settings: Settings) -> Completeness:
    """Verdict from border shares and from what the border cuts.

    Parameters
    ----------
    vertebra, body
        Regions; body None where there is none in view.
    cuts
        `superior`, `inferior`, `posterior`: share of each surface that leaves the image.
    """
    share_vertebra = border_share(vertebra)
    if body is None:
        truncated = share_vertebra > settings.truncated_share
        note = ("cut by the border of the image; no body of it is in view",) if truncated else ()
        return Completeness(complete=not truncated, heights_valid=False, border_share=share_vertebra, notes=note)
    share = border_share(body)
    cut = [name for name, part in cuts.items() if part > settings.cut_share]
    complete = share <= settings.truncated_share and not cut
    notes: list[str] = []
    names = {"superior": "superior endplate", "inferior": "inferior endplate", "posterior": "posterior wall"}
    if cut:
        listed = " and ".join(names[n] for n in cut)
        notes.append(f"the border of the image cuts the {listed}: no heights")
    elif not complete:
        notes.append(
            "the border of the image cuts the body beside its endplates: heights are valid, width and volume not"
        )
    if complete and share_vertebra > settings.truncated_share:
        notes.append("the border of the image cuts the posterior elements")
    return Completeness(complete=complete, heights_valid=not cut, border_share=max(share, 0.0), notes=tuple(notes))


def with_shares(verdicts: list[Completeness], volumes_mm3: list[float | None]) -> list[Completeness]:
    """Add each body's volume in view as a share of the median of its complete neighbours (two on either side)."""
    result = []
    for place, verdict in enumerate(verdicts):
        own = volumes_mm3[place]
        near = [
            volumes_mm3[n]
            for n in range(max(0, place - 2), min(len(verdicts), place + 3))
            if n != place and verdicts[n].complete and volumes_mm3[n]
        ]
        whole = [v for v in near if v is not None]
        share = None if own is None or not whole else own / float(np.median(whole))
        result.append(replace(verdict, body_in_view_share=share))
    return result
