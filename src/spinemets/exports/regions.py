"""`regions.nii.gz`: what kind of structure each voxel of the spine belongs to, whatever its level."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spinemets.model.region import Region
from spinemets.model.spine import Spine

REGIONS = {1: "body", 2: "posterior elements", 3: "disc", 4: "canal", 5: "cord", 6: "sacrum", 7: "rib"}
_NUMBER = {name: number for number, name in REGIONS.items()}


def region_map(spine: Spine) -> NDArray[np.uint8]:
    """Numbers of `REGIONS` on the grid of the segmentation; bone wins over what lies beside it, the cord over the canal.

    Raises
    ------
    ValueError
        If there is no spine.
    """
    if spine.grid is None:
        raise ValueError("there are no regions to write: no vertebra was found")
    found = np.zeros(spine.grid.shape_ijk, np.uint8)
    for name in ("rib", "canal", "cord", "sacrum"):
        for key, region in spine.others.items():
            if key == name or key.startswith(f"{name}_"):
                _lay(found, region, _NUMBER[name])
    for disc in spine.discs.values():
        _lay(found, disc, _NUMBER["disc"])
    for vertebra in spine.vertebrae:
        whole, body = vertebra.regions.get("vertebra"), vertebra.regions.get("body")
        if whole is not None:
            _lay(found, whole, _NUMBER["posterior elements"])
        if body is not None:
            _lay(found, body, _NUMBER["body"])
    return found


def _lay(found: NDArray[np.uint8], region: Region, number: int) -> None:
    found[region.slices][region.mask] = number


def write_regions(spine: Spine, path: Path) -> None:
    """Write the map as NIfTI, names inside its header extension."""
    from spinemets.exports.nifti import write_nifti

    assert spine.grid is not None
    write_nifti(region_map(spine), spine.grid, path, "spinemets regions", REGIONS)
