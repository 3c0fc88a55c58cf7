"""G-08: heights of a vertebral body between its endplates."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from spinemets.model.measurement import Estimate, Measured, Refused
from spinemets.model.spine import Completeness, Endplates

Array = NDArray[np.float64]

NOT_IN_VIEW = Refused(
    code="NA-COVERAGE",
    missing="an endplate or the posterior wall leaves the image",
    remedy="Needs images that cover the whole vertebral body.",
)


def measure(
    *,
    endplates: Endplates,
    completeness: Completeness,
    size_mm: Mapping[str, float],
    depth_share: float,
    width_share: float,
    inner_share: float,
    least_columns: float,
    least_slices: float,
    plate_error_voxels: float,
    mask_spread_mm: float,
) -> Measured | Refused:
    """Anterior, middle and posterior height [mm] of a body, along the superior axis of its own frame.

    Height map h(left, anterior) = superior - inferior endplate over the fitted walls. Anterior, middle and posterior
    heights are medians over the front, middle and back `depth_share` of the depth in the middle `width_share` of the
    width; side heights likewise over the outer `depth_share` of the width in the middle `width_share` of the depth. The
    smallest height is the 2nd percentile inside `inner_share` of both (single columns are noise).

    Standard deviation of a height = sqrt((plate_error_voxels * voxel along superior)^2 + mask_spread_mm^2); ci95 =
    +- 1.96 of it. wedge_deg = atan((posterior - anterior) / distance of their middles), anterior lower positive.

    Refused for a possible sacrum: its heights did not repeat between two series of one patient (13.5 and 26.0 mm).

    Valid if neither endplate leaves the image and at least `least_slices` voxels lie across the body. Source: signs.md
    G-08 of this project.
    """
    refused = _unfit(completeness, size_mm, least_slices)
    if refused is not None:
        return refused
    found = _heights(endplates, depth_share, width_share, least_columns)
    if any(found[name] is None for name in ("ha_mm", "hm_mm", "hp_mm")):
        return Refused(
            code="NA-SEGMENTATION",
            missing="an endplate is missing over a third of the body's depth",
            remedy="Needs a label map that holds the whole body.",
        )
    found["hmin_mm"] = _smallest(endplates, inner_share)
    sd = float(np.hypot(plate_error_voxels * size_mm["voxel_along_s_mm"], mask_spread_mm))
    values = {name: _estimate(height, sd) for name, height in found.items() if height is not None}
    values["wedge_deg"] = _wedge(values, (1 - depth_share) * _length(endplates.anterior_mm), sd)
    values["depth_mm"] = Estimate(value=size_mm["depth_mm"])
    values["width_mm"] = Estimate(value=size_mm["width_mm"])
    return Measured(
        values=values,
        n_voxels=int(np.isfinite(endplates.height_mm).sum()),
        notes=() if completeness.complete else completeness.notes,
    )


def _unfit(completeness: Completeness, size_mm: Mapping[str, float], least_slices: float) -> Refused | None:
    """Why no height of this body would mean anything."""
    if not completeness.heights_valid:
        why = "; ".join(completeness.notes)
        return Refused(code=NOT_IN_VIEW.code, missing=why or NOT_IN_VIEW.missing, remedy=NOT_IN_VIEW.remedy)
    if "possible_sacrum_tilt_deg" in size_mm:
        return Refused(
            code="NA-ANATOMY",
            missing="it may be the sacrum, whose segments have no endplates to measure between",
            remedy="If it is a lumbar vertebra, name the levels (--anchor or --top).",
        )
    if size_mm["width_mm"] < least_slices * size_mm["voxel_across_mm"]:
        return Refused(
            code="NA-RESOLUTION",
            missing=f"fewer than {least_slices:.0f} slices pass through the body",
            remedy="Needs thinner slices.",
        )
    return None


def _heights(
    endplates: Endplates, depth_share: float, width_share: float, least_columns: float
) -> dict[str, float | None]:
    """Medians over the five windows, None where too little of both endplates is seen."""
    across, along = _share(endplates.left_mm), _share(endplates.anterior_mm)
    core_width, core_depth = _middle(across, width_share), _middle(along, width_share)
    windows = {
        "ha_mm": (core_width, along > 1 - depth_share),
        "hm_mm": (core_width, _middle(along, depth_share)),
        "hp_mm": (core_width, along < depth_share),
        "h_side_1_mm": (across > 1 - depth_share, core_depth),
        "h_side_2_mm": (across < depth_share, core_depth),
    }
    return {name: _median(endplates.height_mm, *window, least_columns) for name, window in windows.items()}


def _smallest(endplates: Endplates, inner_share: float) -> float:
    """Second percentile of the height map inside the rim."""
    rows, columns = (_middle(_share(p), inner_share) for p in (endplates.left_mm, endplates.anterior_mm))
    return float(np.nanpercentile(endplates.height_mm[np.ix_(rows, columns)], 2))


def _wedge(values: Mapping[str, Estimate], spread_mm: float, sd: float) -> Estimate:
    """Angle of anterior and posterior height over the distance of their windows, anterior lower positive."""
    rise = values["hp_mm"].value - values["ha_mm"].value
    degrees = float(np.degrees(np.arctan2(rise, spread_mm)))
    return Estimate(value=degrees, sd=float(np.degrees(np.sqrt(2.0) * sd / spread_mm)))


def _share(positions: Array) -> Array:
    """Position of each cell centre as a share of the span of all cells, 0 to 1."""
    shares: Array = (np.arange(len(positions)) + 0.5) / len(positions)
    return shares


def _length(positions: Array) -> float:
    """Span of equidistant cells, from edge to edge."""
    step = float(positions[1] - positions[0]) if len(positions) > 1 else 0.0
    return step * len(positions)


def _middle(shares: Array, share: float) -> NDArray[np.bool_]:
    """Cells of the middle `share`."""
    middle: NDArray[np.bool_] = np.abs(shares - 0.5) <= 0.5 * share
    return middle


def _median(heights: Array, rows: NDArray[np.bool_], columns: NDArray[np.bool_], least_columns: float) -> float | None:
    window = heights[np.ix_(rows, columns)]
    finite = np.isfinite(window)
    if not window.size or finite.mean() < least_columns:
        return None
    return float(np.median(window[finite]))


def _estimate(height: float, sd: float) -> Estimate:
    return Estimate(value=height, ci95=(max(0.0, height - 1.96 * sd), height + 1.96 * sd), sd=sd)
