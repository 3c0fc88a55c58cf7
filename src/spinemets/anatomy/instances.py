"""Vertebra instances: debris removed, ordered head to feet along the spine's curve."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spinemets.model.region import Region
from spinemets.model.segmentation import Segmentation

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Instance:
    """One labelled vertebra before anything is known of its shape.

    Attributes
    ----------
    name
        Name the label map gives, None for a plain instance.
    vertebra
        Whole vertebra, None where only the body is labelled.
    body
        Body as labelled, None where it must be found.
    naming
        How the name is known (`Segmentation.naming`).
    flags
        Sentences.
    confidence
        How sure the segmenter is of the outline, None where it does not say.
    first_map
        Segmentation that showed it first.
    one_map
        Whether body and vertebra come from one segmentation: then what lies around the body is no margin of another map.
    """

    name: str | None
    vertebra: Region | None
    body: Region | None
    naming: str = "none"
    flags: tuple[str, ...] = ()
    confidence: float | None = None
    first_map: Segmentation | None = None
    one_map: bool = False

    @property
    def region(self) -> Region:
        """Whole vertebra if labelled, else the body."""
        region = self.vertebra if self.vertebra is not None else self.body
        if region is None:
            raise ValueError("an instance has a vertebra or a body")
        return region


def without_debris(region: Region, debris_share: float) -> tuple[Region, str | None]:
    """Drop small separate pieces of one label; larger pieces (a fragmented body, a free arch) stay.

    Parameters
    ----------
    debris_share
        Pieces below this share of the label's voxels are dropped.

    Returns
    -------
    region, flag
        The cleaned region, and a sentence if anything was dropped.
    """
    from scipy.ndimage import label

    pieces, n = label(region.mask, np.ones((3, 3, 3), bool))
    if n <= 1:
        return region, None
    counts = np.bincount(pieces.ravel())
    counts[0] = 0
    keep = counts >= debris_share * region.n_voxels
    dropped = int(counts[~keep].sum())
    if not dropped:
        return region, None
    cleaned = Region.from_mask(region.name, keep[pieces], region.grid, source=region.source, start_ijk=region.start_ijk)
    millilitres = dropped * region.grid.voxel_volume_mm3 / 1000.0
    n_pieces = int((~keep[1:]).sum())
    words = "1 small separate piece" if n_pieces == 1 else f"{n_pieces} small separate pieces"
    return cleaned, f"{words} of the label ({millilitres:.2f} mL) not used"


def clean(instance: Instance, debris_share: float) -> Instance:
    """`without_debris` for both masks of an instance."""
    flags = list(instance.flags)
    parts: dict[str, Region | None] = {"vertebra": instance.vertebra, "body": instance.body}
    for key, region in parts.items():
        if region is not None:
            parts[key], flag = without_debris(region, debris_share)
            if flag:
                flags.append(flag)
    return replace(instance, vertebra=parts["vertebra"], body=parts["body"], flags=tuple(flags))


def head_to_feet(centroids_lps_mm: Array) -> list[int]:
    """Order of points along the curve through them, the end nearer the head first.

    The shortest open path through the points, found by 2-opt from the craniocaudal order: right also where kyphosis or a
    tilted sacrum puts a lower vertebra above a higher one in z. Label integers play no part.
    """
    order = sorted(range(len(centroids_lps_mm)), key=lambda n: -centroids_lps_mm[n, 2])
    distance = np.linalg.norm(centroids_lps_mm[:, None] - centroids_lps_mm[None], axis=2)
    improved = True
    while improved:
        improved = False
        for first in range(len(order) - 1):
            for last in range(first + 1, len(order)):
                if _gain(order, distance, first, last) > 1e-6:
                    order[first : last + 1] = order[first : last + 1][::-1]
                    improved = True
    ends = centroids_lps_mm[order]
    return order if ends[0, 2] >= ends[-1, 2] else order[::-1]


def _gain(order: list[int], distance: Array, first: int, last: int) -> float:
    """How much shorter the path gets if the stretch first..last is reversed."""
    gain = 0.0
    if first > 0:
        gain += distance[order[first - 1], order[first]] - distance[order[first - 1], order[last]]
    if last < len(order) - 1:
        gain += distance[order[last], order[last + 1]] - distance[order[first], order[last + 1]]
    return float(gain)


def tangents(centroids_lps_mm: Array) -> Array:
    """Unit direction of the curve towards the head at each of the ordered points, (n, 3).

    Central differences inside, one-sided at the ends; patient superior where there is only one point.
    """
    if len(centroids_lps_mm) < 2:
        return np.tile([0.0, 0.0, 1.0], (len(centroids_lps_mm), 1))
    raw = -np.gradient(centroids_lps_mm, axis=0)
    units: Array = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    return units
