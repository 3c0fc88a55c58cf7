"""Tumour in the CSF: a film on cord and roots, nodules, thick roots, CSF that enhances, sediment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.canal import Canal
from spinemets.phantom.pathology.canal.deformation import Swelling
from spinemets.phantom.pathology.canal.region import Layer, Region, centre, lasting, tube_box
from spinemets.phantom.pathology.canal.site import Site, Span
from spinemets.phantom.shape.block import Array, Block
from spinemets.phantom.shape.distance import coverage

FILM_TAPER_MM = 4.0
# Nodules stand along the span, in turn at the left, in the middle and at the right, on the dorsal side where roots and cord lie.
PLACES_MM = ((-3.0, 1.5), (2.5, 2.5), (0.0, 3.0), (3.5, 1.0), (-1.5, 2.5))


@dataclass(frozen=True, kw_only=True)
class Leptomeningeal:
    """Tumour in the CSF.

    Attributes
    ----------
    film_mm
        Thickness of the film.
    nodules_mm
        Diameters.
    root_factor
        Diameter of the roots over the usual one.
    enhancing
        Whether the CSF itself is hazy and takes up contrast agent.
    layering_mm
        Depth of sediment behind, in a patient who lies on the back.
    """

    id: str
    span: Span
    film_mm: float = 0.0
    nodules_mm: tuple[float, ...] = ()
    root_factor: float = 1.0
    enhancing: bool = False
    layering_mm: float = 0.0

    def swellings(self, site: Site) -> tuple[Swelling, ...]:
        """Thickening of the roots."""
        if self.root_factor == 1.0:
            return ()
        radius = table("phantom_anatomy")["neural"]["root_diameter_mm"] / 2
        growth = radius * (self.root_factor - 1)
        return (Swelling(of="roots", span=site.heights(self.span), growth_mm=growth, taper_mm=FILM_TAPER_MM),)

    def regions(self, canal: Canal, site: Site) -> tuple[Region, ...]:
        """What it fills, the fluid first."""
        span = site.heights(self.span)
        shared: dict[str, Any] = {
            "level": site.at(sum(span) / 2),
            "levels": site.levels(*span),
            "box": tube_box(canal, *span),
        }
        found: list[Region] = []
        if self.enhancing:
            layer = (Layer(tissue="csf_enhancing"),)
            found.append(_fluid(f"{self.id}-csf", canal, span, layer, shared))
        if self.layering_mm:
            floor = _floor(canal, span) - self.layering_mm
            layer = (Layer(tissue="hematoma_early_subacute"),)
            found.append(_fluid(f"{self.id}-sediment", canal, span, layer, shared, floor))
        if self.film_mm:
            found.append(self._film(canal, span, shared))
        for number in range(len(self.nodules_mm)):
            found.append(self._nodule(canal, site, span, number))
        return tuple(found)

    def _film(self, canal: Canal, span: tuple[float, float], shared: Mapping[str, Any]) -> Region:
        thickness = np.float32(self.film_mm)

        def around(block: Block) -> Array:
            return np.minimum(canal.cord(block), canal.roots(block))

        def distance(block: Block) -> Array:
            near, z = around(block), block.axes[2]
            ends = np.maximum(np.float32(span[0]) - z, z - np.float32(span[1]))
            return np.maximum(np.maximum(np.maximum(near - thickness, -near), canal.sac(block)), ends)

        def share(block: Block) -> Array:
            near, reach = around(block), block.reach_mm
            film = coverage(near - thickness, reach) - coverage(near, reach)
            return film * coverage(canal.sac(block), reach) * lasting(block.axes[2], span, FILM_TAPER_MM)

        return Region(
            id=f"{self.id}-film",
            kind="leptomeningeal",
            layers=(Layer(tissue="leptomeningeal_tumour"),),
            distance=distance,
            share=share,
            **shared,
        )

    def nodule(self, canal: Canal, span: tuple[float, float], number: int) -> tuple[float, float, float]:
        """LPS place of a nodule."""
        z = span[0] + (span[1] - span[0]) * (number + 0.5) / len(self.nodules_mm)
        x, y = centre(canal, z)
        left, back = PLACES_MM[number % len(PLACES_MM)]
        return x + left, y + back, z

    def _nodule(self, canal: Canal, site: Site, span: tuple[float, float], number: int) -> Region:
        at, radius = self.nodule(canal, span, number), self.nodules_mm[number] / 2

        def distance(block: Block) -> Array:
            x, y, z = (axis - np.float32(c) for axis, c in zip(block.axes, at, strict=True))
            ball = np.sqrt(x * x + y * y + z * z) - np.float32(radius)
            return np.asarray(np.maximum(np.maximum(ball, canal.sac(block)), -canal.cord(block)), np.float32)

        low, high = (np.array(at) - radius - 1, np.array(at) + radius + 1)
        return Region(
            id=f"{self.id}-nodule-{number + 1}",
            kind="leptomeningeal",
            level=site.at(at[2]),
            levels=(site.at(at[2]),),
            layers=(Layer(tissue="leptomeningeal_tumour"),),
            distance=distance,
            box=((low[0], low[1], low[2]), (high[0], high[1], high[2])),
        )


def csf_share(canal: Canal, block: Block) -> Array:
    """Share of each sample that is CSF."""
    reach = block.reach_mm
    solid = (1 - coverage(canal.cord(block), reach)) * (1 - coverage(canal.roots(block), reach))
    return np.asarray(coverage(canal.sac(block), reach) * solid, np.float32)


def _fluid(
    name: str,
    canal: Canal,
    span: tuple[float, float],
    layers: tuple[Layer, ...],
    shared: Mapping[str, Any],
    floor: float | None = None,
) -> Region:
    """CSF between two heights, or what lies behind a level in it."""

    def share(block: Block) -> Array:
        part = csf_share(canal, block) * lasting(block.axes[2], span, FILM_TAPER_MM)
        if floor is not None:
            part = part * coverage(np.float32(floor) - block.axes[1], block.reach_mm)
        return np.asarray(part, np.float32)

    return Region(
        id=name,
        kind="fluid",
        layers=layers,
        distance=canal.sac,
        share=share,
        labelled=False,
        **shared,
    )


def _floor(canal: Canal, span: tuple[float, float]) -> float:
    """LPS y of the lowest place of the sac in a patient on the back."""
    lowest = -1e3
    for z in np.linspace(*span, 12):
        x, y = centre(canal, float(z))
        affine = np.diag([1.0, 0.5, 1.0, 1.0])
        affine[:3, 3] = (x, y, z)
        line = Block(affine=affine, start=(0, 0, 0), shape=(1, 40, 1), reach_mm=1.0)
        inside = np.flatnonzero(np.broadcast_to(canal.sac(line), line.shape)[0, :, 0] < 0)
        if inside.size:
            lowest = max(lowest, y + 0.5 * float(inside[-1]))
    return lowest
