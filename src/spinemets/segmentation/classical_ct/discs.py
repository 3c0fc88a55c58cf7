"""Discs along the canal: two bright endplates that face each other across something darker, at regular distances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.segmentation.classical_ct.curve import ACROSS_MM, FRONT_MM, LEFT_MM
from spinemets.segmentation.classical_ct.settings import Settings

Array = NDArray[np.float64]
Picture = NDArray[np.float32]
# Middle of the spine: a slab this wide to either side is averaged; profiles run this deep into the body.
SLAB_MM = 6.0
DEPTH_MM = np.arange(-8.0, 8.1, 2.0)
# Attenuation beyond these says nothing more of a disc or an endplate.
SHOWN_HU = (-50.0, 400.0)


@dataclass(frozen=True, kw_only=True)
class Disc:
    """A plane across the column.

    Attributes
    ----------
    along_mm
        Where the plane crosses the middle of the bodies.
    tilt
        Rise per mm to the front.
    half_mm
        Half the distance of the endplates.
    """

    along_mm: int
    tilt: float
    half_mm: int


def middle_of(straight: Picture) -> Picture:
    """Sagittal picture (along, front): mean of a slab around the midline."""
    picture: Picture = straight[:, np.abs(LEFT_MM) <= SLAB_MM].mean(axis=1)
    return picture


def posterior_wall(sagittal: Picture, settings: Settings) -> Array:
    """Distance [mm] of the bodies' posterior wall in front of the curve, at every mm along it, smoothed over vertebrae."""
    from scipy.ndimage import gaussian_filter1d, median_filter

    near, far = settings.wall_mm
    bone = (sagittal > settings.bone_hu) & (near < FRONT_MM) & (far > FRONT_MM)
    seen = bone.any(axis=1)
    if not seen.any():
        return np.full(len(sagittal), (near + far) / 2)
    first = FRONT_MM[bone.argmax(axis=1)]
    filled = np.where(seen, first, np.median(first[seen]))
    wall: Array = gaussian_filter1d(median_filter(filled, 41, mode="nearest"), 10.0, mode="nearest")
    return wall


def find(sagittal: Picture, wall_mm: Array, slice_mm: float, settings: Settings) -> tuple[Disc, ...]:
    """Discs, feet to head; empty if none are seen or what is seen is too faint for a column.

    Parameters
    ----------
    sagittal, wall_mm
        From `middle_of` and `posterior_wall`.
    slice_mm
        Extent of one voxel of the image along the patient: thick ones join the two endplates to one bright band.
    """
    response, tilt, half = responses(sagittal, wall_mm, slice_mm > settings.thick_mm, settings)
    places = _chain(response, settings)
    if len(places) < 2 or float(np.median(response[places])) < settings.disc_least_hu:
        return ()
    return tuple(Disc(along_mm=int(n), tilt=float(tilt[n]), half_mm=int(half[n])) for n in places)


def responses(
    sagittal: Picture, wall_mm: Array, thick: bool, settings: Settings
) -> tuple[Array, Array, NDArray[np.intp]]:
    """Best response [HU] at each place over tilts and half distances h of the endplates, with its tilt and h.

    Response = min(endplates) - disc + min(endplate - marrow behind it), with the profile p along the column: endplates
    p(+-h), disc mean p(|u| <= h - 2), marrow mean of p(+-(h + 3)) and p(+-(h + 5)). Both terms need two peaks, which the
    middle of a body lacks. In thick slices one band may stand for both endplates: p(0) - mean(p(+-5), p(+-8)).
    """
    tilts = np.tan(np.deg2rad(np.arange(-settings.tilt_deg[0], settings.tilt_deg[0] + 0.1, settings.tilt_deg[1])))
    profiles = _profiles(sagittal, wall_mm, settings.body_middle_mm, tilts)
    n, reach = profiles.shape[1], max(8, settings.half_disc_mm[1] + 5)
    padded = np.pad(profiles, ((0, 0), (reach, reach)), mode="edge")

    def at(u: int) -> Array:
        return padded[:, reach + u : reach + u + n]

    found = []
    halves = list(range(settings.half_disc_mm[0], settings.half_disc_mm[1] + 1))
    for h in halves:
        disc = np.mean([at(u) for u in range(-(h - 2), h - 1)], axis=0)
        above, below = (at(h + 3) + at(h + 5)) / 2, (at(-h - 3) + at(-h - 5)) / 2
        found.append(np.minimum(at(h), at(-h)) - disc + np.minimum(at(h) - above, at(-h) - below))
    if thick:
        halves.append(halves[0])
        found.append(at(0) - (at(5) + at(-5) + at(8) + at(-8)) / 4)
    cost = settings.tilt_cost_hu * np.abs(np.rad2deg(np.arctan(tilts))) / settings.tilt_deg[0]
    every = (np.array(found) - cost[:, None]).reshape(-1, n)
    best = every.argmax(axis=0)
    return every.max(axis=0), tilts[best % len(tilts)], np.asarray(halves, np.intp)[best // len(tilts)]


def _profiles(sagittal: Picture, wall_mm: Array, middle_mm: float, tilts: Array) -> Array:
    """Mean attenuation across the bodies at each place along the column, for each tilt: (tilt, along)."""
    from scipy.ndimage import gaussian_filter1d, map_coordinates

    shown = np.clip(sagittal, *SHOWN_HU)
    place = np.arange(len(sagittal), dtype=np.float64)[:, None]
    depth = (wall_mm[:, None] + middle_mm + DEPTH_MM - FRONT_MM[0]) / ACROSS_MM
    lines = [
        map_coordinates(shown, [place + DEPTH_MM * tilt, depth], order=1, mode="nearest").mean(axis=1) for tilt in tilts
    ]
    smooth: Array = gaussian_filter1d(np.array(lines, np.float64), 0.8, axis=1, mode="nearest")
    return smooth


def _chain(response: Array, settings: Settings) -> NDArray[np.intp]:
    """Places with the greatest sum of gains, where each distance resembles the one before (dynamic programming).

    Gain = response / least - 1, with least = `disc_least` times the third quartile of all local peaks; a step from one
    distance g to the next h costs `irregular_cost` * log(h / g)^2.
    """
    from scipy.ndimage import maximum_filter1d

    gaps = np.arange(settings.disc_gap_mm[0], settings.disc_gap_mm[1] + 1)
    peaks = response[(maximum_filter1d(response, 2 * int(gaps[0]) - 1) == response) & (response > 0)]
    if len(peaks) < 2 or len(response) <= gaps[0]:
        return np.zeros(0, np.intp)
    gain = response / (settings.disc_least * np.percentile(peaks, 75)) - 1.0
    cost = settings.irregular_cost * np.log(gaps[:, None] / gaps[None, :]) ** 2
    best = np.full((len(gain), len(gaps)), -np.inf)
    previous = np.full(best.shape, -1, np.intp)
    for n in range(int(gaps[0]), len(gain)):
        for g, gap in enumerate(gaps[gaps <= n]):
            through = best[n - gap] - cost[:, g]
            before = int(through.argmax())
            first = gain[n - gap]
            best[n, g] = gain[n] + max(first, through[before])
            previous[n, g] = before if through[before] > first else -1
    n, g = (int(x) for x in np.unravel_index(int(best.argmax()), best.shape))
    places = [n]
    while g >= 0:
        n, g = n - int(gaps[g]), int(previous[n, g])
        places.append(n)
    return np.array(places[::-1], np.intp)
