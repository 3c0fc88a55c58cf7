"""Planar bone scan of the synthetic patient: anterior and posterior views of uptake and attenuation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from spinemets.model.grid import Grid
from spinemets.model.volume import Volume
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.cases.case import Case
from spinemets.phantom.imaging.acquisition import Acquisition
from spinemets.phantom.imaging.activity import ActivityContrast, AttenuationContrast
from spinemets.phantom.imaging.emission import MOST_COUNTS, divided, seen
from spinemets.physics import counting, gamma_camera

# Below this share of water's attenuation it is air.
AIR = 0.02


def render_views(anatomy: Anatomy, a: Acquisition, grid: Grid, generator: np.random.Generator, case: Case) -> Volume:
    """Counts, uint16, (i, 1, k, view): anterior, then posterior, i to the patient's left and k upwards in both.

    Both views together hold twice the protocol's counts on average; Poisson noise unless `noise` is 0.

    Raises
    ------
    ValueError
        If the grid is no slab from front to back, or the series no planar one.
    """
    if a.emission is None or not a.emission.planar or grid.shape_ijk[1] != 1:
        raise ValueError(f"{a.sequence}: views are of one slab from front to back")
    front, back = expected(anatomy, a, grid, case)
    scale = 2.0 * a.emission.counts / max(float(front.sum(dtype=np.float64) + back.sum(dtype=np.float64)), 1e-9)
    counts = scale * np.stack([front, back], axis=-1).astype(np.float64)
    drawn = np.rint(counts) if a.noise_free else counting.counted(generator, counts)
    array = np.clip(drawn, 0, MOST_COUNTS).astype(np.uint16)[:, np.newaxis]
    return Volume(array=array, grid=grid, quantity="counts", unit="{counts}")


def expected(
    anatomy: Anatomy, a: Acquisition, grid: Grid, case: Case
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Anterior and posterior view (i, k) in SUV times cm of depth, after attenuation and blur."""
    if a.emission is None:
        raise ValueError(f"{a.sequence} is no series of emitted photons")
    n_planes = max(1, round(grid.spacing_mm[1] / a.pixel_mm))
    deep = replace(
        grid,
        shape_ijk=(grid.shape_ijk[0], n_planes, grid.shape_ijk[2]),
        affine_lps_mm=divided(grid, (1, n_planes, 1)),
    )
    contrasts = (ActivityContrast(a.emission.tracer, case.avidity), AttenuationContrast())
    uptake, mu = seen(anatomy, deep, contrasts, (0.0, (1, 1, 1)))
    mu = np.where(mu < AIR, np.float32(0.0), np.float32(a.emission.mu_per_cm) * mu)
    i, j, k = deep.spacing_mm
    return gamma_camera.views(uptake, mu, (i, j, k))
