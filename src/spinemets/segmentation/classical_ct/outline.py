"""Closed outlines in the plane across the column: of a vertebral body, and of the canal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemets.segmentation.classical_ct.curve import ACROSS_MM, FRONT_MM, LEFT_MM, Curve
from spinemets.segmentation.classical_ct.discs import Disc
from spinemets.segmentation.classical_ct.settings import Settings

Array = NDArray[np.float64]
Picture = NDArray[np.float32]
ANGLES = np.arange(48) * (2 * np.pi / 48)
STEP_MM = 1.0
# An edge is the mean over these distances inside a radius less the mean outside it.
INSIDE_MM = (0.5, 1.5, 2.5)
OUTSIDE_MM = (1.0, 2.0, 3.5)
SHOWN_HU = (-50.0, 300.0)
HU_PER_UNIT = 100.0
# The outline may pass the posterior wall by this much.
BEHIND_WALL_MM = 1.5


def body(straight: Picture, discs: tuple[Disc, Disc], wall_mm: float, settings: Settings) -> Array:
    """Radius [mm] of a vertebral body in each of `ANGLES` (0 left, 90 degrees front) around its middle.

    The closed path of the strongest edges from bright to dark (dynamic programming), in the mean of the slices below the
    pedicles. A vessel with contrast medium shows no such edge towards bone: there the path runs on smoothly.
    """
    low, high = discs[0].along_mm, discs[1].along_mm
    first, last = (round(low + share * (high - low)) for share in settings.outline_slab)
    section = np.clip(straight[first : last + 1].mean(axis=0), *SHOWN_HU)
    radii = np.arange(settings.outline_mm[0], settings.outline_mm[1] + STEP_MM / 2, STEP_MM)
    edge = _edges(section, wall_mm + settings.body_middle_mm, radii) / HU_PER_UNIT
    down = -np.sin(ANGLES)
    reach = np.where(down > 0.3, (settings.body_middle_mm + BEHIND_WALL_MM) / np.maximum(down, 0.3), np.inf)
    edge = np.where(radii[None, :] > reach[:, None], -HU_PER_UNIT, edge)
    return np.asarray(radii[_closed_path(edge, settings.outline_cost)], np.float64)


def _edges(section: Picture, middle_mm: float, radii: Array) -> Array:
    """Brightness inside less brightness outside, (angle, radius)."""

    def ring(offset_mm: float) -> Array:
        return _polar(section, middle_mm, radii + offset_mm)

    inside = np.mean([ring(-mm) for mm in INSIDE_MM], axis=0)
    outside = np.mean([ring(mm) for mm in OUTSIDE_MM], axis=0)
    return np.asarray(inside - outside, np.float64)


def _polar(section: Picture, middle_mm: float, radii: Array) -> Array:
    """Values of a section (left, front) at (angle, radius) around a point on the midline."""
    from scipy.ndimage import map_coordinates

    left = (np.cos(ANGLES)[:, None] * radii - LEFT_MM[0]) / ACROSS_MM
    front = (middle_mm + np.sin(ANGLES)[:, None] * radii - FRONT_MM[0]) / ACROSS_MM
    return np.asarray(map_coordinates(section, [left, front], order=1, mode="nearest"), np.float64)


def _closed_path(gain: Array, cost: float) -> NDArray[np.intp]:
    """Index of the radius at each angle: greatest sum of gains, at most one step between neighbours, closed."""
    best_total, best_path = -np.inf, np.zeros(len(gain), np.intp)
    n = gain.shape[1]
    for start in range(n):
        total = np.full(n, -np.inf)
        total[start] = gain[0, start]
        steps = []
        for row in gain[1:]:
            padded = np.pad(total, 1, constant_values=-np.inf)
            options = np.stack([padded[:-2] - cost, total, padded[2:] - cost])
            steps.append(options.argmax(axis=0))
            total = options.max(axis=0) + row
        ends = range(max(0, start - 1), min(n, start + 2))
        end = max(ends, key=lambda r: float(total[r]))
        if total[end] > best_total:
            path = [end]
            for choice in steps[::-1]:
                path.append(path[-1] + int(choice[path[-1]]) - 1)
            best_total, best_path = float(total[end]), np.array(path[::-1], np.intp)
    return best_path


def canal(straight: Picture, bone_hu: float, settings: Settings) -> Array:
    """Radius [mm] of the canal around the curve at (along, angle): distance of bone, across gaps that of its neighbours."""
    from scipy.ndimage import gaussian_filter, percentile_filter

    radii = np.arange(STEP_MM, settings.ring_mm - 1, STEP_MM)
    distance = np.full((len(straight), len(ANGLES)), np.nan)
    for n, section in enumerate(straight):
        bone = _polar(section, 0.0, radii) > bone_hu
        hit = bone.any(axis=1)
        distance[n, hit] = radii[bone[hit].argmax(axis=1)]
    if np.isnan(distance).all():
        return np.zeros(distance.shape)
    distance = np.where(np.isnan(distance), np.inf, distance)
    window = 2 * round(settings.canal_window_mm) + 1
    bridged = percentile_filter(distance, 25, size=(window, 1), mode="nearest")
    bridged = np.where(np.isfinite(bridged), bridged, np.median(bridged[np.isfinite(bridged)]))
    smooth: Array = gaussian_filter(np.minimum(bridged, distance), (2.0, 1.0), mode=("nearest", "wrap"))
    return smooth


def inside(curve: Curve, radius_mm: Array, place: tuple[Array, Array, Array]) -> NDArray[np.bool_]:
    """Whether points in local coordinates lie inside a tube whose radius is given at (along, angle)."""
    along, left, front = place
    n = np.clip(np.rint(along), 0, len(curve) - 1).astype(np.intp)
    angle = np.rint(np.mod(np.arctan2(front, left), 2 * np.pi) / ANGLES[1]).astype(np.intp) % len(ANGLES)
    within: NDArray[np.bool_] = (np.hypot(left, front) < radius_mm[n, angle]) & (along >= 0) & (along <= len(curve) - 1)
    return within
