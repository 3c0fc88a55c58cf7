"""One training sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """An image with what it shows.

    Attributes
    ----------
    image
        float32 (i, j, k), normalised as the recipe says.
    labels
        uint8 (i, j, k), codes of the recipe.
    instances
        uint8 (i, j, k): number of the vertebra (body, border, posterior), or of the sacrum, from 1 in the order of
        `instance_names`; a disc has the number of the vertebra above. 0 elsewhere.
    seeds_ijk
        float32 (n, 3), centres of the bodies that the grid holds, in voxels.
    seed_instances
        (n,), number of each one's vertebra.
    centres_ijk
        float32 (instances + 1, 3), centre of every instance's body, also beyond the grid; NaN for what has none.
    canal_ijk
        float32 (m, 3), points of the canal's midline in the grid, from the head down.
    spacing_mm
        What the network may be told of the voxels; the anatomy may be stretched against it.
    affine_lps_mm
        4 x 4, voxel index to LPS mm in the patient's own space: where `Phantom.labels` gives the same map.
    instance_names
        Level by number. For checks: a network must not be told.
    about
        How the sample was made: patient, way of the contrast, plane, slices.
    """

    image: NDArray[np.float32]
    labels: NDArray[np.uint8]
    instances: NDArray[np.uint8]
    seeds_ijk: NDArray[np.float32]
    seed_instances: NDArray[np.uint8]
    centres_ijk: NDArray[np.float32]
    canal_ijk: NDArray[np.float32]
    spacing_mm: tuple[float, float, float]
    affine_lps_mm: NDArray[np.float64]
    instance_names: tuple[str, ...]
    about: Mapping[str, Any]
