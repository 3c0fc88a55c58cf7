"""CT-04: share of one wall of the body without a cortical peak."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemets.lesions.contrast import explained
from spinemets.maps.breach import Against, Breach, against, breaches, refuse
from spinemets.model.lesion import Lesion
from spinemets.model.measurement import Estimate, Measured, Refused
from spinemets.model.reference import Reference
from spinemets.model.region import CortexProfile
from spinemets.model.spine import Completeness
from spinemets.model.volume import Volume

Array = NDArray[np.float64]
ENDPLATES = ("superior", "inferior")


def measure(
    *,
    ct: Volume,
    normal: Reference,
    cortex: CortexProfile,
    neighbour_cortex: tuple[CortexProfile, ...],
    lesions: tuple[Lesion, ...],
    completeness: Completeness,
    reference_share: float,
    marrow_sd: float,
    least_patch_mm2: float,
    focal_from: float,
    extensive_from: float,
    weak_bone_hu: float,
    weak_patch_mm2: float,
    adjoining_mm: float,
    soft_hu: list[float],
    good_mm: float,
    thickest_mm: float,
    least_wall_mm2: float,
    unreadable_from: float,
) -> Measured | Refused:
    """Broken share of a wall (judged), its area [mm2] and longest gap [mm].

    Broken: peak < max(0.5 * neighbours' median peak, m0 + 2 s0) without a second peak, in patches of 4 mm2. Interval: the rims
    moved by half a voxel; what the neighbours' own walls show by the same rule is taken off the lower end, and where that is
    5 % or more the shell cannot be told here. Without an adjoining candidate a gap in an endplate, or at voxels above 1.5 mm,
    stays uncertain. Valid up to 3 mm voxels. Source: Dougherty2000, Treece2010 (peak as index); limits are engineering.
    """
    voxel_mm = max(ct.grid.spacing_mm)
    if voxel_mm > thickest_mm * 1.01:
        return refuse("NA-RESOLUTION", f"voxels of {voxel_mm:.1f} mm do not show the cortex")
    usual = against(ct, normal, neighbour_cortex, (reference_share, marrow_sd, least_patch_mm2))
    if usual is None:
        return refuse("NA-REFERENCE", "this wall could not be read in any reference vertebra")
    if usual.usual >= unreadable_from:
        what = f"reference vertebrae too lack a cortical peak over {usual.usual:.0%} of this wall at this resolution"
        return refuse("NA-RESOLUTION", what)
    points = cortex.surface.points_lps_mm
    opening = adjoins(points[cortex.surface.excluded], lesions, adjoining_mm)
    found = breaches(cortex, usual.rule, include_excluded=opening)
    if found.wall_mm2 < least_wall_mm2:
        return refuse("NA-COVERAGE", f"only {found.wall_mm2:.0f} mm2 of this wall lie inside the image")
    beside = adjoins(points[found.broken], tuple(x for x in lesions if not explained(x)), adjoining_mm)
    if not beside and usual.most > 0 and found.broken.any() and found.share_ci95[0] <= usual.most:
        what = f"reference vertebrae lack a cortical peak over up to {usual.most:.0%} of this wall, and this one not surely over more"
        return refuse("NA-RESOLUTION", what)
    if not completeness.complete and not beside:
        return refuse("NA-COVERAGE", "the vertebra is cut off by the edge of the image, and with it part of this wall")
    doubts = _doubts(found, cortex.surface.name, beside, voxel_mm > good_mm)
    if normal.median <= weak_bone_hu and 0 < found.largest_mm2 < weak_patch_mm2:
        doubts.append("CV-OSTEOPOROSIS")
    return Measured(
        values=_values(found, cortex, usual, bool(doubts)),
        n_voxels=int(np.count_nonzero(found.judged)),
        category=category(found.share, focal_from, extensive_from),
        caveats=(*doubts, *normal.caveats),
        notes=_notes(found, cortex, lesions, beside, (soft_hu[0], soft_hu[1])),
    )


def _values(found: Breach, cortex: CortexProfile, usual: Against, doubtful: bool) -> dict[str, Estimate]:
    """Numbers of a wall; a doubtful gap counts in the upper end of the interval only."""
    low, high = max(0.0, found.share_ci95[0] - usual.usual), found.share_ci95[1]
    return {
        "broken_share": Estimate(value=found.share, ci95=(0.0 if doubtful else low, high)),
        "broken_mm2": Estimate(value=found.area_mm2, ci95=(low * found.wall_mm2, high * found.wall_mm2)),
        "largest_gap_mm": Estimate(value=found.gap_mm),
        "median_peak_hu": Estimate(value=float(np.median(cortex.peak_hu[found.judged]))),
        "usual_share": Estimate(value=usual.usual),
        "reference_peak_hu": Estimate(value=usual.reference_hu),
    }


def _doubts(found: Breach, wall: str, beside: bool, coarse: bool) -> list[str]:
    """Caveats that hold a gap without an adjoining candidate back: an endplate (Schmorl node), or voxels that are too coarse."""
    if beside or not found.broken.any():
        return []
    doubts = ["CV-DEGEN"] if wall in ENDPLATES else []
    return [*doubts, "CV-PV"] if coarse else doubts


def category(share: float, focal_from: float, extensive_from: float) -> str:
    """Grade of a broken share: intact, focal or extensive."""
    return "intact" if share < focal_from else "focal" if share < extensive_from else "extensive"


def adjoins(points_lps_mm: Array, lesions: tuple[Lesion, ...], reach_mm: float) -> bool:
    """Whether any lesion voxel lies within `reach_mm` (and half its own diagonal) of any of the points."""
    if not len(points_lps_mm) or not lesions:
        return False
    from scipy.spatial import cKDTree

    tree = cKDTree(points_lps_mm)
    for lesion in lesions:
        grid = lesion.region.grid
        reach = reach_mm + 0.5 * float(np.linalg.norm(grid.spacing_mm))
        nearest = tree.query(grid.to_lps_mm(lesion.region.indices), distance_upper_bound=reach)[0]
        if np.isfinite(nearest).any():
            return True
    return False


def _notes(
    found: Breach, cortex: CortexProfile, lesions: tuple[Lesion, ...], beside: bool, soft_hu: tuple[float, float]
) -> tuple[str, ...]:
    unjudged = cortex.surface.excluded & ~found.judged
    area = float(cortex.surface.areas_mm2[unjudged].sum())
    notes = [f"The opening of the basivertebral vein ({area:.0f} mm2) was not judged."] if area else []
    if not found.broken.any():
        return tuple(notes)
    if beside:
        notes.append(f"A lesion candidate adjoins the gap ({', '.join(x.id for x in lesions)}).")
    else:
        notes.append("No lesion candidate adjoins the gap.")
    outside = float(np.median(cortex.outside_hu[found.broken]))
    if soft_hu[0] <= outside <= soft_hu[1]:
        notes.append(f"Outside the gap lies soft tissue ({outside:.0f} HU).")
    return tuple(notes)
