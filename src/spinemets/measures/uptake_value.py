"""PET-01: standardised uptake value of a vertebral body."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemets.geometry.components import ML_PER_MM3
from spinemets.model.measurement import Estimate, Measured, Refused
from spinemets.model.region import Region
from spinemets.model.volume import Volume
from spinemets.statistics.intervals import around


def measure(
    *, suv: Volume, body: Region, place_known: bool, sphere_ml: float, least_voxels: int, repeatability: float
) -> Measured | Refused:
    """Peak (highest mean of a sphere of `sphere_ml` whose centre lies in the body), highest and mean SUV [g/mL].

    Interval: 1.96 times the repeatability of a patient's scan. Source: signs.md PET-01; Wahl2009 (peak), Lodge2017.
    """
    values = np.asarray(body.values(suv), dtype=np.float64)
    values = values[np.isfinite(values)]
    if values.size < least_voxels:
        return Refused(
            code="NA-FEW",
            missing=f"only {values.size} voxels of the body in the PET",
            remedy="Needs a PET that covers this level.",
        )
    peak = _peak(suv, body, sphere_ml)
    if peak is None:
        return Refused(
            code="NA-COVERAGE",
            missing="no sphere of 1 mL lies whole in the PET here",
            remedy="Needs a PET that covers this level.",
        )
    note = "Whether the patient moved between the PET and what was outlined is not known: the level may be a neighbour."
    return Measured(
        values={
            name: _with_interval(value, repeatability)
            for name, value in (
                ("suv_peak", peak),
                ("suv_max", float(values.max())),
                ("suv_mean", float(values.mean())),
            )
        },
        n_voxels=int(values.size),
        notes=() if place_known else (note,),
        outline=body,
    )


def _with_interval(value: float, repeatability: float) -> Estimate:
    return Estimate(value=value, ci95=around(value, repeatability * value))


def _peak(suv: Volume, body: Region, sphere_ml: float) -> float | None:
    """Highest mean over spheres whose centres are voxels of the body and that lie whole in what was measured."""
    from scipy import ndimage  # lazy: heavy import

    spacing = np.asarray(suv.grid.spacing_mm)
    radius_mm = (3.0 * sphere_ml / ML_PER_MM3 / (4.0 * np.pi)) ** (1.0 / 3.0)
    reach = np.floor(radius_mm / spacing).astype(int)
    offsets = np.stack(np.meshgrid(*[np.arange(-n, n + 1) for n in reach], indexing="ij"), axis=-1) * spacing
    sphere: NDArray[np.bool_] = np.linalg.norm(offsets, axis=-1) <= radius_mm
    low = np.maximum(np.asarray(body.start_ijk) - reach, 0)
    high = np.minimum(np.asarray(body.start_ijk) + body.mask.shape + reach, suv.array.shape)
    box = tuple(slice(int(a), int(z)) for a, z in zip(low, high, strict=True))
    values = np.asarray(suv.array[box], dtype=np.float64)
    # What lies outside the image, or was not measured, has no value: no sphere that needs it counts.
    sums = ndimage.convolve(values, sphere.astype(np.float64), mode="constant", cval=np.nan)
    inside = tuple(
        slice(int(s - a), int(s - a) + n) for s, a, n in zip(body.start_ijk, low, body.mask.shape, strict=True)
    )
    means = sums[inside][body.mask] / np.count_nonzero(sphere)
    means = means[np.isfinite(means)]
    return float(means.max()) if means.size else None
