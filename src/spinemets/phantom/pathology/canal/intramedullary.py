"""Lesions of the cord: a nodule with oedema around it, and what may look like one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinemets.phantom.anatomy.canal import Canal
from spinemets.phantom.pathology.canal.deformation import Swelling
from spinemets.phantom.pathology.canal.region import Distance, Layer, Region, tube_box
from spinemets.phantom.pathology.canal.site import Mark, Site
from spinemets.phantom.shape.block import Array, Block
from spinemets.phantom.shape.distance import ellipsoid

# Vessels on the back of the cord: radius, distance from it, swing to the sides and its length.
VESSEL_MM = {"radius": 0.9, "off": 1.2, "swing": 2.2, "wave": 15.0}


@dataclass(frozen=True, kw_only=True)
class Spot:
    """One ellipsoid in the cord: half width, half depth, and where it lies beside the middle of the cord (left, back)."""

    half_mm: tuple[float, float]
    length_mm: float
    beside_mm: tuple[float, float] = (0.0, 0.0)
    layers: tuple[Layer, ...] = (Layer(tissue="cord_metastasis"),)


@dataclass(frozen=True, kw_only=True)
class Intramedullary:
    """Lesions of the cord at one height.

    Attributes
    ----------
    oedema_mm
        Length of the oedema; 0 = none.
    growth_mm
        Growth of the cord's radius along the oedema (or the lesion).
    vessels_mm
        Length over which wide vessels lie on the back of the cord.
    """

    id: str
    at: Mark
    spots: tuple[Spot, ...] = ()
    oedema_mm: float = 0.0
    growth_mm: float = 0.0
    vessels_mm: float = 0.0

    def _around(self, z: float) -> tuple[float, float]:
        """Heights of all that belongs to it."""
        half = max(self.oedema_mm, self.vessels_mm, *(s.length_mm for s in self.spots), 1.0) / 2
        return z - half, z + half

    def swellings(self, site: Site) -> tuple[Swelling, ...]:
        """Growth of the cord."""
        if not self.growth_mm:
            return ()
        low, high = self._around(site.z(self.at))
        return (Swelling(of="cord", span=(low, high), growth_mm=self.growth_mm, taper_mm=(high - low) / 3),)

    def regions(self, canal: Canal, site: Site, pole_mm: float) -> tuple[Region, ...]:
        """Oedema, lesions, vessels; the oedema ends at the lesions."""
        z = site.z(self.at)
        lesions = [self._spot(canal, spot, z, pole_mm) for spot in self.spots]
        found: list[Region] = []

        def region(name: str, distance: Distance, layers: tuple[Layer, ...], length: float) -> Region:
            low, high = z - length / 2, z + length / 2
            return Region(
                id=f"{self.id}-{name}",
                kind="intramedullary",
                level=site.at(z),
                levels=site.levels(low, high),
                layers=layers,
                distance=distance,
                box=tube_box(canal, low, high),
            )

        if self.oedema_mm:
            swollen = self._spot(canal, Spot(half_mm=(3.2, 2.5), length_mm=self.oedema_mm), z, pole_mm)

            def around(block: Block) -> Array:
                distance = swollen(block)
                for lesion in lesions:
                    distance = np.maximum(distance, -lesion(block))
                return distance

            found.append(region("oedema", around, (Layer(tissue="cord_oedema"),), self.oedema_mm))
        for number, (spot, distance) in enumerate(zip(self.spots, lesions, strict=True), start=1):
            found.append(region(f"lesion-{number}", distance, spot.layers, spot.length_mm))
        if self.vessels_mm:
            # Flowing blood: dark on spin echo.
            vessels = _vessels(canal, z, self.vessels_mm, pole_mm)
            found.append(region("vessels", vessels, (Layer(tissue="aorta_blood_pre"),), self.vessels_mm))
        return tuple(found)

    @staticmethod
    def _spot(canal: Canal, spot: Spot, z: float, pole_mm: float) -> Distance:
        """Distance to an ellipsoid inside the cord."""

        def distance(block: Block) -> Array:
            u, v, height = canal.across(block)
            u = u - np.float32(spot.beside_mm[0])
            v = v - np.float32(pole_mm + spot.beside_mm[1])
            w = height - np.float32(z)
            return np.maximum(ellipsoid((u, v, w), (*spot.half_mm, spot.length_mm / 2)), canal.cord(block))

        return distance


def _vessels(canal: Canal, z: float, length_mm: float, pole_mm: float) -> Distance:
    """Distance to two vessels that wind along the back of the cord."""

    def distance(block: Block) -> Array:
        u, v, height = canal.across(block)
        cord, turn = canal.cord(block), 2 * np.pi / VESSEL_MM["wave"] * (height - np.float32(z))
        off = cord - np.float32(VESSEL_MM["off"])
        swing = np.float32(VESSEL_MM["swing"])
        both = np.minimum(np.hypot(u - swing * np.sin(turn), off), np.hypot(u - swing * np.sin(1.3 * turn + 2.1), off))
        found = np.maximum(both - np.float32(VESSEL_MM["radius"]), np.float32(pole_mm) - v)
        ends = np.abs(height - np.float32(z)) - np.float32(length_mm / 2)
        return np.asarray(np.maximum(np.maximum(found, ends), canal.sac(block)), np.float32)

    return distance
