"""CT-05: lesion share, ring loss and least width of one pedicle."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from spinemets.maps.breach import against, breaches, refuse
from spinemets.model.lesion import Lesion
from spinemets.model.measurement import Estimate, Measured, Refused
from spinemets.model.reference import Reference
from spinemets.model.region import CortexProfile, Region
from spinemets.model.spine import Completeness, Frame
from spinemets.model.volume import Volume


def measure(
    *,
    ct: Volume,
    pedicle: Region,
    normal: Reference,
    cortex: CortexProfile,
    neighbour_cortex: tuple[CortexProfile, ...],
    lesions: tuple[Lesion, ...],
    frame: Frame,
    completeness: Completeness,
    reference_share: float,
    marrow_sd: float,
    least_patch_mm2: float,
    lesion_share: float,
    ring_involved: float,
    ring_destroyed: float,
    thickest_mm: float,
    least_voxels: int,
    least_ring_mm2: float,
    unreadable_from: float,
) -> Measured | Refused:
    """Share of the pedicle's voxels in lesion candidates, share of its shell without a cortical peak, least width [mm].

    Lesion share: interval from the lesions' volumes (surface moved by half a voxel). Ring loss as in CT-04 on the pedicle's
    shell, less what the neighbours' own shells show. Valid up to 3 mm voxels. Source: signs.md CT-05
    (engineering limits); the sign: review, sections 2.1 and 3.
    """
    voxel_mm = max(ct.grid.spacing_mm)
    if voxel_mm > thickest_mm * 1.01:
        return refuse("NA-RESOLUTION", f"voxels of {voxel_mm:.1f} mm do not show a pedicle")
    if pedicle.n_voxels < least_voxels:
        return refuse("NA-FEW", f"only {pedicle.n_voxels} voxels of this pedicle")
    usual = against(ct, normal, neighbour_cortex, (reference_share, marrow_sd, least_patch_mm2))
    if usual is None:
        return refuse("NA-REFERENCE", "this pedicle could not be read in any reference vertebra")
    ring = breaches(cortex, usual.rule, include_excluded=True)
    if ring.wall_mm2 < least_ring_mm2:
        return refuse("NA-COVERAGE", f"only {ring.wall_mm2:.0f} mm2 of this pedicle's shell lie inside the image")
    share = share_taken(pedicle, lesions)
    readable = usual.usual < unreadable_from
    low, high = max(0.0, ring.share_ci95[0] - usual.usual), ring.share_ci95[1]
    loss = Estimate(value=ring.share, ci95=(low, high) if readable else (0.0, 1.0))
    answer = category(share, loss, (lesion_share, ring_involved, ring_destroyed))
    if not readable and answer == "uncertain":
        what = f"reference vertebrae too lack a cortical peak over {usual.usual:.0%} of this ring at this resolution"
        return refuse("NA-RESOLUTION", what)
    if not completeness.complete and answer in ("whole", "uncertain"):
        return refuse(
            "NA-COVERAGE", "the vertebra is cut off by the edge of the image, perhaps with part of this pedicle"
        )
    width = Estimate(value=least_width_mm(pedicle, frame))
    return Measured(
        values={"lesion_share": share, "ring_loss": loss, "width_mm": width},
        n_voxels=pedicle.n_voxels,
        category=answer,
        caveats=normal.caveats,
        notes=tuple(f"{x.id} ({x.kind}) reaches into it." for x in lesions if _overlap(pedicle, x)),
        outline=pedicle,
    )


def category(share: Estimate, ring: Estimate, limits: tuple[float, float, float]) -> str:
    """`destroyed`, `involved`, `whole`, or `uncertain` where an interval spans the limit that would decide.

    Parameters
    ----------
    limits
        Lesion share and ring loss that mean involved, ring loss that means destroyed.
    """
    taken, involved, destroyed = limits
    share_low, share_high = share.ci95 or (share.value, share.value)
    ring_low, ring_high = ring.ci95 or (ring.value, ring.value)
    if ring_low >= destroyed:
        return "destroyed"
    if ring_low >= involved or share_low >= taken:
        return "involved"
    return "uncertain" if ring_high >= involved or share_high >= taken else "whole"


def share_taken(pedicle: Region, lesions: tuple[Lesion, ...]) -> Estimate:
    """Part of a pedicle's voxels that lie in lesion candidates; the interval scales with each lesion's volume interval."""
    value = low = high = 0.0
    for lesion in lesions:
        part = _overlap(pedicle, lesion) / pedicle.n_voxels
        value += part
        low += part * lesion.volume_ci95_ml[0] / lesion.volume_ml
        high += part * lesion.volume_ci95_ml[1] / lesion.volume_ml
    return Estimate(value=min(1.0, value), ci95=(min(1.0, low), min(1.0, high)))


def _overlap(pedicle: Region, lesion: Lesion) -> int:
    """Number of voxels common to a pedicle and a lesion on the same grid."""
    pedicle.grid.require_same(lesion.region.grid, f"{pedicle.name} and {lesion.id}")
    index = lesion.region.indices - np.asarray(pedicle.start_ijk)
    index = index[np.all((index >= 0) & (index < pedicle.mask.shape), axis=1)]
    return int(np.count_nonzero(pedicle.mask[tuple(index.T)]))


def least_width_mm(pedicle: Region, frame: Frame) -> float:
    """Least width [mm]: along the pedicle (the anterior axis) the smallest, over 2 mm slabs of its middle half, of the
    root area, 2 * sqrt(area * least moment / greatest moment / pi).

    The cross-section of a slab is taken as an ellipse with the area of its voxels and the axis ratio of their second moments;
    the least width is its short axis.
    """
    local = frame.to_local_mm(pedicle.grid.to_lps_mm(pedicle.indices))
    low, high = np.percentile(local[:, 1], [25, 75])
    edges = np.arange(low, max(high, low + 2.0) + 1e-9, 2.0)
    widths: list[float] = []
    for start, stop in pairwise(edges):
        slab = local[(local[:, 1] >= start) & (local[:, 1] < stop)][:, [0, 2]]
        if len(slab) < 5:
            continue
        area = len(slab) * pedicle.grid.voxel_volume_mm3 / (stop - start)
        small, great = np.sqrt(np.maximum(np.linalg.eigvalsh(np.cov(slab.T)), 1e-6))
        widths.append(float(2.0 * np.sqrt(area * (small / great) / np.pi)))
    return min(widths, default=float(np.cbrt(pedicle.volume_mm3)))
