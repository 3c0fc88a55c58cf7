"""What lies beside the bodies of a training patient: fat in their waists, segmental vessels, muscle against bare bone.

The digital spine lays muscle against the ligament around every body. Where that is all that a network sees, it takes any bright
tissue beside a body for marrow.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemets.phantom.anatomy.vertebra import Vertebra
from spinemets.phantom.shape.block import Array, Block, Box
from spinemets.phantom.shape.distance import coverage
from spinemets.phantom.training.materials import CodeCanvas
from spinemets.phantom.training.recipe import Draw, Row, between, chosen, happens

FAT = "subcutaneous_fat"
# Tissues that fat beside a body takes the place of.
GIVE_WAY = ("muscle", "lung", "ligament")
REACH_MM = 14.0


def clothe(canvas: CodeCanvas, parts: NDArray[np.bool_], vertebrae: tuple[Vertebra, ...], row: Row, draw: Draw) -> None:
    """Lay fat and vessels beside the bodies of a slab; drawn alike for every slab of a field.

    Parameters
    ----------
    parts
        Where a part of the spine or a rib is: nothing is painted there.
    row
        `fat_mm`, `waist_mm`: thickness at the rims, and what the waist adds; `vessel`: share of sides that have one,
        `vessel_mm`: its half thickness.
    """
    shielded = CodeCanvas(
        channels=canvas.channels, block=canvas.block, palette=canvas.palette, held=canvas.held, kept=parts
    )
    usual = {name: between(draw, row[name]) for name in ("fat_mm", "waist_mm")}
    for vertebra in vertebrae:
        for side in (1.0, -1.0):
            own = {name: max(usual[name] * draw.uniform(0.4, 1.6), 0.0) for name in usual}
            lobes = draw.uniform(0, 2 * np.pi, 2)
            vessel = (
                (between(draw, row["vessel_mm"]), draw.uniform(-0.25, 0.25), draw.uniform(0.3, 2.0))
                if happens(draw, row["vessel"])
                else None
            )
            tissue = chosen(draw, row["vessel_tissues"])
            found = canvas.block.within(_box(vertebra))
            if found is None:
                continue
            place, part = found
            beside = _Beside(vertebra, part, side)
            thick = (
                beside.aside
                * (np.float32(own["fat_mm"]) + np.float32(own["waist_mm"]) * beside.waist)
                * beside.lobed(lobes)
            )
            share = coverage(np.broadcast_to(beside.wall - thick, part.shape), part.reach_mm) * beside.within
            # Inside the wall lie the endplates' cartilage and the disc's rim, which have no label of their own.
            share = np.where((thick <= 0) | (beside.wall < 0), np.float32(0), share)
            for old in GIVE_WAY:
                shielded.exchange(place, FAT, old, share)
            if vessel is not None:
                shielded.cover(found, tissue, beside.vessel(*vessel))


def _box(vertebra: Vertebra) -> Box:
    low, high = vertebra.body_box
    return tuple(n - REACH_MM for n in low), tuple(n + REACH_MM for n in high)  # type: ignore[return-value]


class _Beside:
    """One side of a body at a block's points."""

    def __init__(self, vertebra: Vertebra, part: Block, side: float) -> None:
        left, ahead, up = vertebra.frame.local(part)
        size = vertebra.body.size
        self.wall, _ = vertebra.body.footprint(left, ahead, up)
        half = np.float32(np.mean(size.height) / 2)
        self.up, self.ahead = up, ahead
        u = np.clip(np.abs(up) / half, 0.0, 1.0)
        self.waist: Array = np.asarray(1 - u * u, np.float32)
        # 0 in front and behind, 1 at the side.
        across = np.float32(side) * left / np.float32(size.mean_width / 2)
        self.aside: Array = np.asarray(np.clip(2 * across - np.float32(0.5), 0.0, 1.0), np.float32)
        # Down to the middle of the disc, and not behind the body, where the foramina are.
        low = np.clip((half + np.float32(size.disc[1] / 2) - np.abs(up)) / 2, 0.0, 1.0)
        back = np.clip((ahead + np.float32(size.mean_depth / 2)) / 2, 0.0, 1.0)
        self.within: Array = np.asarray(low * back, np.float32)

    def lobed(self, phases: NDArray[np.float64]) -> Array:
        """Uneven thickness from front to back and from top to bottom."""
        waves = np.cos(self.ahead / np.float32(5) + np.float32(phases[0])) + np.cos(self.up / 4 + np.float32(phases[1]))
        return np.asarray(1 + np.float32(0.3) * waves, np.float32)

    def vessel(self, half_mm: float, height: float, off_mm: float) -> Array:
        """Distance to a vessel that runs back along the waist."""
        away = self.wall - np.float32(off_mm + half_mm)
        high = self.up - np.float32(height * 20.0)
        tube = np.sqrt(away * away + high * high) - np.float32(half_mm)
        return np.asarray(np.where((self.aside > 0) & (self.within > 0), tube, np.float32(REACH_MM)), np.float32)
