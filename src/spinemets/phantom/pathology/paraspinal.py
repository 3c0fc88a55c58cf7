"""Masses beside the column: lobules that lie against bone and may eat into it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinemets.phantom.anatomy.canal import Canal
from spinemets.phantom.pathology.canal.region import Layer, Region
from spinemets.phantom.pathology.canal.site import Site
from spinemets.phantom.shape.block import Array, Block, Box
from spinemets.phantom.shape.distance import Rod, ellipsoid, smooth_min, union

BLEND_MM = 4.0
FILLET_MM = 2.0


@dataclass(frozen=True, kw_only=True)
class Lobule:
    """An ellipsoid: level whose frame it is stated in, centre (left, anterior, superior from the body's centre), half axes."""

    level: str
    centre_mm: tuple[float, float, float]
    half_mm: tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class ParaspinalMass:
    """A mass of joined lobules; ribs and canal keep their place in it, bone is eaten into to a depth."""

    id: str
    lobules: tuple[Lobule, ...]
    tissue: str = "epidural_tumour"
    erosion_mm: float = 2.0

    def region(self, canal: Canal, site: Site, ribs: tuple[Rod, ...]) -> Region:
        """What it fills."""
        places = [site.frames[lobe.level].lps(*lobe.centre_mm) for lobe in self.lobules]
        reach = np.array([max(lobe.half_mm) + BLEND_MM for lobe in self.lobules])[:, None]
        low, high = (np.array(places) - reach).min(axis=0), (np.array(places) + reach).max(axis=0)
        box: Box = ((low[0], low[1], low[2]), (high[0], high[1], high[2]))
        near = tuple(rod for rod in ribs if _meet(rod.box, box))

        def distance(block: Block) -> Array:
            found = self._lobes(block, site)
            if near:
                found = np.maximum(found, -union(block, near, FILLET_MM))
            return np.asarray(np.maximum(found, -canal.fat(block)), np.float32)

        middle = float((low[2] + high[2]) / 2)
        return Region(
            id=self.id,
            kind="paraspinal",
            level=site.at(middle),
            levels=tuple(dict.fromkeys(lobe.level for lobe in self.lobules)),
            layers=(Layer(tissue=self.tissue),),
            distance=distance,
            box=box,
            erosion_mm=self.erosion_mm,
        )

    def _lobes(self, block: Block, site: Site) -> Array:
        """Distance to the joined lobules."""
        joined: Array | None = None
        for lobe in self.lobules:
            local = site.frames[lobe.level].local(block)
            parts = [c - np.float32(m) for c, m in zip(local, lobe.centre_mm, strict=True)]
            one = ellipsoid(parts, lobe.half_mm)
            joined = one if joined is None else smooth_min(joined, one, BLEND_MM)
        assert joined is not None
        return joined


def _meet(one: Box, other: Box) -> bool:
    """Whether two boxes meet."""
    return all(a <= d and c <= b for a, b, c, d in zip(*one, *other, strict=True))
