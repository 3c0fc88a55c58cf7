"""Breaches of a wall: points whose peak is missing, the patches they form, and their area with its interval (CT-04)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.model.measurement import Refused
from spinemets.model.reference import Reference
from spinemets.model.region import CortexProfile
from spinemets.model.volume import Volume

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Which points are broken.

    Attributes
    ----------
    limit_hu
        Peak below which a point is low: max(0.5 * reference, m0 + 2 s0).
    least_patch_mm2
        Least area of a patch.
    half_voxel_mm
        Shift of each patch's rim for the interval (signs.md 0.9).
    """

    limit_hu: float
    least_patch_mm2: float
    half_voxel_mm: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Breach:
    """Where a wall is broken.

    Attributes
    ----------
    broken
        (n,) points in patches that are large enough.
    judged
        (n,) points that could be judged (ray inside the image, no normal opening).
    area_mm2, wall_mm2
        Area of the patches and of all judged points.
    share, share_ci95
        Their ratio; the interval moves the rim of each patch by half a voxel.
    largest_mm2, gap_mm
        Area and longest extent of the largest patch.
    """

    broken: Mask
    judged: Mask
    area_mm2: float
    wall_mm2: float
    share: float
    share_ci95: tuple[float, float]
    largest_mm2: float
    gap_mm: float


@dataclass(frozen=True, kw_only=True)
class Against:
    """What a wall is compared with.

    Attributes
    ----------
    reference_hu
        Median peak of the same wall in the neighbours.
    rule
        Rule made from it.
    usual, most
        Median and largest broken share of the neighbours' own walls: what partial volume and noise make of a whole wall.
    """

    reference_hu: float
    rule: Rule
    usual: float
    most: float


def against(
    ct: Volume, normal: Reference, neighbours: tuple[CortexProfile, ...], numbers: tuple[float, float, float]
) -> Against | None:
    """Rule for a wall: peak below max(share * neighbours' median peak, m0 + k s0); None if no neighbour can be read.

    Parameters
    ----------
    numbers
        Share of the neighbours' peak, robust SDs k above normal marrow, least area of a patch [mm2].
    """
    share, marrow_sd, least_patch_mm2 = numbers
    reference = reference_peak(neighbours)
    if reference is None:
        return None
    rule = Rule(
        limit_hu=max(share * reference, normal.median + marrow_sd * normal.spread),
        least_patch_mm2=least_patch_mm2,
        half_voxel_mm=0.5 * float(np.median(ct.grid.spacing_mm)),
    )
    shares = [breaches(n, rule, include_excluded=False).share for n in neighbours]
    return Against(reference_hu=reference, rule=rule, usual=float(np.median(shares)), most=max(shares))


REMEDIES = {
    "NA-RESOLUTION": "Thin slices (1 mm or less) in a bone kernel would help.",
    "NA-COVERAGE": "Needs a series that covers the whole vertebra.",
    "NA-REFERENCE": "Needs a complete vertebra without a lesion within three levels.",
    "NA-FEW": "Needs thinner slices or a series that covers this level.",
}


def refuse(code: str, missing: str) -> Refused:
    """Refusal of a cortical criterion, with what would help."""
    return Refused(code=code, missing=missing, remedy=REMEDIES[code])


def reference_peak(neighbours: tuple[CortexProfile, ...]) -> float | None:
    """Median over the neighbours of the median peak of the same wall; None if none can be read."""
    peaks = [float(np.median(p)) for n in neighbours if (p := n.peak_hu[_usable(n)]).size]
    return float(np.median(peaks)) if peaks else None


def _usable(profile: CortexProfile) -> Mask:
    usable: Mask = np.isfinite(profile.peak_hu) & ~profile.surface.excluded
    return usable


def breaches(cortex: CortexProfile, rule: Rule, *, include_excluded: bool) -> Breach:
    """Points with a peak below the limit and no second peak, as patches that are large enough.

    Parameters
    ----------
    include_excluded
        Whether the normal opening (basivertebral foramen) counts: only where lesion marrow adjoins it.
    """
    surface = cortex.surface
    judged = np.isfinite(cortex.peak_hu) & (include_excluded | ~surface.excluded)
    low = judged & (cortex.peak_hu < rule.limit_hu) & ~cortex.second_peak
    broken, largest = _patches(low, surface.points_lps_mm, surface.areas_mm2, rule.least_patch_mm2)
    wall = float(surface.areas_mm2[judged].sum())
    area = float(surface.areas_mm2[broken].sum())
    low_area, high_area = _moved(broken, judged, surface.points_lps_mm, surface.areas_mm2, rule.half_voxel_mm)
    return Breach(
        broken=broken,
        judged=judged,
        area_mm2=area,
        wall_mm2=wall,
        share=area / wall if wall else 0.0,
        share_ci95=(low_area / wall, min(1.0, high_area / wall)) if wall else (0.0, 1.0),
        largest_mm2=float(surface.areas_mm2[largest].sum()),
        gap_mm=_extent(surface.points_lps_mm[largest], surface.areas_mm2[largest]),
    )


def _step(areas_mm2: Array) -> float:
    """Distance of neighbouring points, from the area each stands for."""
    return float(np.sqrt(np.median(areas_mm2))) if areas_mm2.size else 1.0


def _patches(low: Mask, points: Array, areas: Array, least_mm2: float) -> tuple[Mask, Mask]:
    """Low points in connected patches of at least `least_mm2`, and the points of the largest patch."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    kept, largest = np.zeros(len(low), bool), np.zeros(len(low), bool)
    where = np.flatnonzero(low)
    if not where.size:
        return kept, largest
    # Diagonal neighbours on a tilted wall lie up to sqrt(2) steps apart, and the area grows with the tilt.
    pairs = cKDTree(points[where]).query_pairs(1.6 * _step(areas), output_type="ndarray")
    n = len(where)
    links = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    label = connected_components(links, directed=False)[1]
    sizes = np.bincount(label, weights=areas[where])
    kept[where[sizes[label] >= least_mm2]] = True
    if sizes.max() >= least_mm2:
        largest[where[label == int(sizes.argmax())]] = True
    return kept, largest


def _moved(broken: Mask, judged: Mask, points: Array, areas: Array, shift_mm: float) -> tuple[float, float]:
    """Area of the broken points with their rim moved inwards and outwards by `shift_mm`.

    The rim lies half a step from a point towards its nearest neighbour of the other kind.
    """
    from scipy.spatial import cKDTree

    whole = judged & ~broken
    if not broken.any():
        return 0.0, 0.0
    area = float(areas[broken].sum())
    if not whole.any():
        return area, area
    half_step = 0.5 * _step(areas)
    inward = cKDTree(points[whole]).query(points[broken])[0] - half_step
    outward = cKDTree(points[broken]).query(points[whole])[0] - half_step
    return float(areas[broken][inward >= shift_mm].sum()), area + float(areas[whole][outward < shift_mm].sum())


def _extent(points: Array, areas: Array) -> float:
    """Longest distance within a patch, one step added for its outer points."""
    if not len(points):
        return 0.0
    centre = points.mean(axis=0)
    far = points[np.argmax(np.linalg.norm(points - centre, axis=1))]
    return float(np.linalg.norm(points - far, axis=1).max()) + _step(areas)
