"""What the network is asked for in a sample: labels, cores and offsets of the middle slice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spinemets.phantom.training import Sample

# Parts of a vertebra that are drawn to the centre of its body.
DRAWN = ("body", "border", "posterior", "sacral_body")
SOLID = ("body", "border", "sacral_body")


@dataclass(frozen=True, kw_only=True, eq=False)
class Slab:
    """One slab as the network sees it, and the middle slice's targets.

    Attributes
    ----------
    image
        float16 (slices, rows, columns).
    labels, core
        uint8 (rows, columns): class; deep in a body or not.
    offset
        float16 (2, rows, columns): way down and back to the own body's centre; NaN where none is asked for.
    """

    image: NDArray[np.float16]
    labels: NDArray[np.uint8]
    core: NDArray[np.uint8]
    offset: NDArray[np.float16]


def slab_of(sample: Sample, codes: Mapping[str, int], row: Mapping[str, Any]) -> Slab:
    """Slab of a sample whose first axis lies across the slices."""
    middle = sample.image.shape[0] // 2
    labels, instances = sample.labels[middle], sample.instances[middle]
    spacing_mm = float(sample.spacing_mm[1])
    return Slab(
        image=sample.image.astype(np.float16),
        labels=labels,
        core=_core(labels, instances, codes, row["core_depth"]),
        offset=_offset(sample, (labels, instances), codes, spacing_mm / row["offset_unit_mm"]),
    )


def _core(
    labels: NDArray[np.uint8], instances: NDArray[np.uint8], codes: Mapping[str, int], share: float
) -> NDArray[np.uint8]:
    """Deeper in the own body than a share of its height: neighbours that touch still have cores of their own."""
    solid = np.isin(labels, [codes[name] for name in SOLID])
    core = np.zeros(labels.shape, np.uint8)
    for number in np.unique(instances[solid]):
        own = solid & (instances == number)
        rows, columns = np.flatnonzero(own.any(axis=1)), np.flatnonzero(own.any(axis=0))
        box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        part = own[box]
        height = float(np.median(part.sum(axis=0)[part.any(axis=0)]))
        depth = ndimage.distance_transform_edt(np.pad(part, 1))[1:-1, 1:-1]
        core[box][part & (depth > share * height)] = 1
    return core


def _offset(
    sample: Sample, of: tuple[NDArray[np.uint8], NDArray[np.uint8]], codes: Mapping[str, int], unit: float
) -> NDArray[np.float16]:
    labels, instances = of
    asked = np.isin(labels, [codes[name] for name in DRAWN])
    centre = sample.centres_ijk[:, 1:][instances]
    place = np.stack(np.indices(labels.shape), axis=-1)
    way = np.where(asked[..., None], (centre - place) * unit, np.nan)
    return np.ascontiguousarray(np.moveaxis(way, -1, 0), np.float16)
