"""CT-08: attenuation of the spongy core of a vertebral body."""

from __future__ import annotations

import numpy as np

from spinemets.geometry.components import ML_PER_MM3
from spinemets.lesions.contrast import without
from spinemets.model.lesion import Lesion
from spinemets.model.measurement import Estimate, Measured, Refused
from spinemets.model.region import Region
from spinemets.model.volume import Volume
from spinemets.statistics.intervals import around
from spinemets.statistics.robust import effective_n, median_mad, se_of_mean, se_of_median


def measure(
    *,
    ct: Volume,
    trabecular_core: Region,
    lesions: tuple[Lesion, ...] | None,
    contrast_agent: bool | None,
    least_voxels: int,
    least_ml: float,
    least_n_eff: float,
    lesion_share: float,
) -> Measured | Refused:
    """Mean attenuation [HU] of the spongy core without lesion candidates (judged), and its median.

    Interval of the mean: 1.96 SD / sqrt(n_eff), n_eff = n / 2.25 (signs.md 0.9); of the median 1.2533 * 1.4826 MAD instead of
    SD. Valid without metal (gate CT-09). `lesions` None = this level was not searched, which is said.
    Source: Pickhardt2013 (bands); the mean is used because they rest on it.
    """
    core = without(trabecular_core, lesions or ())
    if trabecular_core.n_voxels and core.n_voxels < (1 - lesion_share) * trabecular_core.n_voxels:
        return Refused(
            code="NA-FEW",
            missing="lesion candidates take most of the spongy core",
            remedy="The density of an unaffected level may stand in.",
        )
    values = np.asarray(core.values(ct), dtype=np.float64)
    values = values[np.isfinite(values)]
    n_eff = effective_n(values.size)
    if (
        values.size < least_voxels
        or values.size * ct.grid.voxel_volume_mm3 * ML_PER_MM3 < least_ml
        or n_eff < least_n_eff
    ):
        return Refused(
            code="NA-FEW",
            missing=f"only {values.size} voxels of spongy core",
            remedy="Needs thinner slices or a series that covers this level.",
        )
    mean = float(values.mean())
    centre = median_mad(values)
    notes = []
    if lesions is None:
        notes.append("This level was not searched for lesions: one may be part of the number.")
    elif core.n_voxels < trabecular_core.n_voxels:
        notes.append(f"{trabecular_core.n_voxels - core.n_voxels} voxels of lesion candidates were left out.")
    return Measured(
        values={
            "mean": Estimate(value=mean, ci95=around(mean, se_of_mean(float(values.std(ddof=1)), n_eff))),
            "median": Estimate(value=centre.median, ci95=around(centre.median, se_of_median(centre.spread, n_eff))),
        },
        n_voxels=int(values.size),
        caveats=("CV-IVCONTRAST",) if contrast_agent else (),
        notes=tuple(notes),
        outline=core,
    )
