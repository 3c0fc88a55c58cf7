"""Rays across a wall of bone: the peak of each profile as an index of the cortex (CT-04).

The shell of a vertebra (0.09 to 0.86 mm) is thinner than the resolution, so that no threshold finds its edges; the height of
the blurred peak still tells whether it is there (Dougherty2000, Treece2010).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.geometry.rays import sample
from spinemets.knowledge import catalogue
from spinemets.model.region import CortexProfile, Surface
from spinemets.model.volume import Volume

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Rays:
    """How rays are read: lengths in mm, heights in HU."""

    half_length_mm: float
    sample_mm: float
    second_within_mm: float
    second_least_hu: float
    outside_from_mm: float

    @property
    def distances_mm(self) -> Array:
        """Signed distances of the samples from the wall, negative inside the bone."""
        n = round(self.half_length_mm / self.sample_mm)
        distances: Array = np.arange(-n, n + 1, dtype=np.float64) * self.sample_mm
        return distances


def profile(ct: Volume, surface: Surface) -> CortexProfile:
    """Read the rays of a wall with the numbers of `knowledge/tables/cortex_rays.yaml`.

    Parameters
    ----------
    ct
        Attenuation in HU, unsmoothed; sampled trilinearly, never resampled.
    surface
        Points (n, 3) in LPS mm with outward unit normals.
    """
    table = catalogue.table("cortex_rays")
    return read(ct, surface, Rays(**{name: float(row["value"]) for name, row in table.items()}))


def read(ct: Volume, surface: Surface, rays: Rays) -> CortexProfile:
    """Peak [HU], second peak, and outside attenuation [HU] of each ray.

    A ray that leaves the image or meets padding has the peak nan and no second peak.
    """
    n = len(surface.points_lps_mm)
    if n == 0:
        empty = np.zeros(0)
        return CortexProfile(surface=surface, peak_hu=empty, second_peak=np.zeros(0, bool), outside_hu=empty)
    values = sample(ct, surface.points_lps_mm, surface.normals, rays.distances_mm)
    whole = np.isfinite(values).all(axis=1)
    peak = np.full(n, np.nan)
    outside = np.full(n, np.nan)
    second = np.zeros(n, bool)
    if whole.any():
        inside = values[whole]
        peak[whole] = inside.max(axis=1)
        outside[whole] = np.median(inside[:, rays.distances_mm >= rays.outside_from_mm], axis=1)
        second[whole] = second_peak(inside, round(rays.second_within_mm / rays.sample_mm), rays.second_least_hu)
    return CortexProfile(surface=surface, peak_hu=peak, second_peak=second, outside_hu=outside)


def second_peak(values: Array, reach: int, least: float) -> NDArray[np.bool_]:
    """Whether another peak lies within `reach` samples of the highest one, parted by a drop of at least `least`.

    Parameters
    ----------
    values
        (n, m) finite profiles.
    reach
        Number of samples.
    least
        Least drop from both peaks to the valley between them.

    Notes
    -----
    From the highest sample outwards, on each side: the running minimum is the valley so far; a later sample that rises by
    `least` above it, where the valley lies `least` below the first peak, is a second peak.
    """
    m = values.shape[1]
    top = values.argmax(axis=1)
    columns = np.arange(m)[None, :]
    found = np.zeros(len(values), bool)
    for side in (values, values[:, ::-1]):
        start = top if side is values else m - 1 - top
        after = (columns >= start[:, None]) & (columns <= start[:, None] + reach)
        valley = np.minimum.accumulate(np.where(after, side, np.inf), axis=1)
        first = side[np.arange(len(side)), start][:, None]
        rises = after & (side - valley >= least) & (first - valley >= least)
        found |= rises.any(axis=1)
    return found
