"""Patterns inside a lesion: the share of each sample that a tissue takes, as grains, islands, patches or struts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.vertebra import Bone
from spinemets.phantom.shape.block import Array
from spinemets.phantom.shape.texture import Field, islands, stream


class Pattern(Protocol):
    """Share of a tissue at each point."""

    def share_at(self, bone: Bone, fields: Mapping[str, Field], reach_mm: float) -> Array:
        """0 to 1 at each point; `reach_mm` = side of the sample."""
        ...


@dataclass(frozen=True, kw_only=True)
class Grains:
    """Where a smooth random field lies above its quantile.

    Attributes
    ----------
    share
        Of the region, on average.
    size
        Row of `grains` in the table `phantom_pathology`: `islands`, `grains` or `patches`.
    """

    share: float
    size: str = "islands"

    def share_at(self, bone: Bone, fields: Mapping[str, Field], reach_mm: float) -> Array:
        """1 well above the quantile, 0 well below."""
        del reach_mm  # grains are wider than samples
        rise = table("phantom_pathology")["grains"][self.size]["rise_per_sd"]
        return islands(fields[self.size].at(*bone.local), self.share, rise)


@dataclass(frozen=True, kw_only=True)
class Struts:
    """Coarse trabeculae along the superior axis on a hexagonal lattice: stripes from the side, dots from above."""

    spacing_mm: float
    thickness_mm: float

    def share_at(self, bone: Bone, fields: Mapping[str, Field], reach_mm: float) -> Array:
        """Share of the sample inside the nearest strut."""
        del fields
        row_mm = self.spacing_mm * np.sqrt(3) / 2
        left, anterior = np.asarray(bone.local[0], np.float32), np.asarray(bone.local[1], np.float32)
        nearest: Array = np.asarray(np.inf, np.float32)
        # A hexagonal lattice is two rectangular ones, one in the middle of the other's cells.
        for shift in (0.0, 0.5):
            u = _to_nearest(left, self.spacing_mm, shift)
            v = _to_nearest(anterior, 2 * row_mm, shift)
            nearest = np.minimum(nearest, np.sqrt(u * u + v * v))
        share = np.clip(0.5 - (nearest - np.float32(self.thickness_mm / 2)) / np.float32(reach_mm), 0.0, 1.0)
        return np.broadcast_to(share.astype(np.float32), bone.outer.shape)


def coarse_struts() -> Struts:
    """Those of a haemangioma."""
    rows = table("phantom_pathology")["struts"]
    return Struts(spacing_mm=rows["spacing_mm"], thickness_mm=rows["thickness_mm"])


def grain_fields(seed: int) -> dict[str, Field]:
    """Random field of each size of grain."""
    rows = table("phantom_pathology")["grains"]
    return {name: Field.make(stream(seed, name), row["length_mm"]) for name, row in rows.items()}


def _to_nearest(values: Array, period: float, shift: float) -> Array:
    """Distance to the nearest multiple of a period, shifted by a share of it."""
    turns = values / np.float32(period) - np.float32(shift)
    return np.asarray((turns - np.rint(turns)) * np.float32(period))
