"""`labels.nii.gz`: the vertebrae and discs that were used, as a label map in the project's own scheme.

Integers are those of the VerSe challenge (C1 = 1 ... L6 = 25, sacrum 26, T13 = 28); the disc below a vertebra has 100
more. Where no level is named the numbers only count: 1..n from the top, discs 100 more, and the name of the scheme and
the names inside the file say so. Where some are named, a vertebra without a name gets 300 + its place from above, its disc
400 + place: a number must not name what nothing named.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spinemets.model.level import CERVICAL, LUMBAR, THORACIC, Level
from spinemets.model.region import Region
from spinemets.model.spine import Spine

SACRUM = 26
DISC_OFFSET = 100
UNNAMED_OFFSET = 300
NAMED_SCHEME, COUNTED_SCHEME = "spinemets", "relative numbers, 1 = highest vertebra in view"
_DESCRIPTIONS = {
    NAMED_SCHEME: "spinemets labels (VerSe integers)",
    COUNTED_SCHEME: "spinemets labels (counted from the top, no level named)",
}
NAMED = {
    **{name: n for n, name in enumerate((*CERVICAL, *THORACIC[:12], *LUMBAR), start=1)},
    "S1": SACRUM,
    "T13": 28,
}


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """Integers of one label map.

    Attributes
    ----------
    scheme
        Its name.
    unnamed
        What is added to the place of a vertebra without a name.
    """

    scheme: str
    unnamed: int

    def of(self, level: Level) -> int:
        """Integer of a vertebra.

        Raises
        ------
        KeyError
            For a name the scheme has no number for (sacral segments below S1).
        """
        return NAMED[level.name] if level.name is not None else self.unnamed + level.position


def label_map_numbers(spine: Spine) -> Numbers:
    """Integers of a spine's label map: names where there are any, else a count."""
    if any(v.level.name is not None for v in spine.vertebrae):
        return Numbers(scheme=NAMED_SCHEME, unnamed=UNNAMED_OFFSET)
    return Numbers(scheme=COUNTED_SCHEME, unnamed=0)


def label_map(spine: Spine) -> tuple[NDArray[np.int16], dict[int, str]]:
    """Label map on the grid of the segmentation, and the name of every integer in it.

    Where two structures share voxels the vertebra wins over disc and sacrum, as it was measured there.

    Returns
    -------
    labels, names
        `labels[i, j, k]` on `spine.grid`; names in the order of the integers.

    Raises
    ------
    ValueError
        If there is no spine to write.
    """
    if spine.grid is None:
        raise ValueError("there is no label map to write: no vertebra was found")
    labels = np.zeros(spine.grid.shape_ijk, np.int16)
    names: dict[int, str] = {}
    for number, name, region in _structures(spine):
        spine.grid.require_same(region.grid, f"label {name}")
        labels[region.slices][region.mask] = number
        names[number] = name
    return labels, dict(sorted(names.items()))


def write_labels(spine: Spine, path: Path) -> dict[int, str]:
    """Write the label map as NIfTI, names inside its header extension; returns integer -> name."""
    from spinemets.exports.nifti import write_nifti

    labels, names = label_map(spine)
    assert spine.grid is not None
    write_nifti(labels, spine.grid, path, _DESCRIPTIONS[label_map_numbers(spine).scheme], names)
    return names


def _structures(spine: Spine) -> Iterator[tuple[int, str, Region]]:
    """(integer, name, region), weakest claim first."""
    number = label_map_numbers(spine).of
    if "sacrum" in spine.others:
        yield SACRUM, "sacrum", spine.others["sacrum"]
    levels = {v.level.id: v.level for v in spine.vertebrae}
    for level_id, disc in spine.discs.items():
        yield DISC_OFFSET + number(levels[level_id]), f"disc below {levels[level_id].words}", disc
    for vertebra in spine.vertebrae:
        region = vertebra.regions.get("vertebra", vertebra.regions.get("body"))
        if region is not None:
            yield number(vertebra.level), vertebra.level.words, region
