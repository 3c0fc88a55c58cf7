"""Where the vertebrae stand: bodies and discs stacked from the sacrum upwards, in LPS mm.

The tilt of a level is the angle of its superior axis in the sagittal plane, positive towards the back. Going up, the
tilt falls by the kyphotic wedge of each body and disc, so that lordosis (negative wedge) raises it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.catalogue import table
from spinemets.phantom.anatomy.sizes import LEVELS, LevelSize
from spinemets.phantom.shape.block import Array, Block
from spinemets.phantom.shape.distance import project
from spinemets.phantom.shape.texture import stream

# The inferior endplate of a body is the deeper bowl (1.5 mm against 0.7 mm, table source wang2012).
INFERIOR_BOWL_SHARE = 1.5 / 2.2
# Centre of L3: anywhere but the origin, so that an ignored offset shows.
L3_CENTRE_LPS_MM = (3.5, -12.0, 140.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Place:
    """Local frame: origin and orthonormal axes (left, anterior, superior) in LPS."""

    origin: NDArray[np.float64]
    left: NDArray[np.float64]
    anterior: NDArray[np.float64]
    superior: NDArray[np.float64]

    def local(self, block: Block) -> tuple[Array, Array, Array]:
        """(l, a, s) in mm of a block's points."""
        return project(block, self.origin, (self.left, self.anterior, self.superior))

    def lps(self, l_mm: float, a_mm: float, s_mm: float) -> NDArray[np.float64]:
        """LPS of one local point."""
        point: NDArray[np.float64] = self.origin + l_mm * self.left + a_mm * self.anterior + s_mm * self.superior
        return point

    def tilted(self, degrees: float) -> Place:
        """The frame turned in its sagittal plane, superior towards posterior for positive angles."""
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        superior = c * self.superior - s * self.anterior
        return Place(
            origin=self.origin, left=self.left, anterior=c * self.anterior + s * self.superior, superior=superior
        )


def place(origin: NDArray[np.float64], tilt_deg: float, lateral_deg: float) -> Place:
    """Frame with a sagittal and a lateral tilt (superior axis towards patient left for positive values)."""
    t, b = np.radians(tilt_deg), np.radians(lateral_deg)
    superior = np.array([np.sin(b), np.sin(t) * np.cos(b), np.cos(t) * np.cos(b)])
    left = np.array([1.0, 0.0, 0.0]) - superior[0] * superior
    left /= np.linalg.norm(left)
    return Place(origin=np.asarray(origin, float), left=left, anterior=np.cross(left, superior), superior=superior)


def bowls_mm(size: LevelSize) -> tuple[float, float]:
    """Depth of the superior and the inferior endplate bowl at the centre."""
    total = (size.height[0] + size.height[2]) / 2.0 - size.height[1]
    return total * (1.0 - INFERIOR_BOWL_SHARE), total * INFERIOR_BOWL_SHARE


def stack(levels: Mapping[str, LevelSize], seed: int) -> dict[str, Place]:
    """Frames of all levels and of the superior endplate of S1 (key `S1`), head to feet."""
    rows = table("phantom_anatomy")["curvature"]
    generator = stream(seed, "alignment")
    lordosis = -(rows["lordosis_t12_s1_deg"] + rows["sd"] * float(np.clip(generator.standard_normal(), -1.5, 1.5)))
    discs = _disc_wedges(levels, lordosis, rows["collapse_compensation"])
    lateral = float(np.clip(generator.normal(0.0, 1.5), -3, 3))
    frames: dict[str, Place] = {}
    tilt, point = -rows["sacral_slope_deg"], np.zeros(3)
    frames["S1"] = place(point, tilt, 0.0)
    for step, level in enumerate(reversed(LEVELS)):
        size = levels[level]
        side = lateral * np.sin(2.0 * np.pi * step / len(LEVELS))
        below = tilt
        tilt = below - discs[level]
        point = point + size.disc[1] * place(point, (below + tilt) / 2.0, side).superior
        _, inf_bowl = bowls_mm(size)
        rim = (size.height[0] + size.height[2]) / 4.0
        tilt -= size.wedge_deg / 2.0
        frame = place(point, tilt, side)
        frames[level] = place(point + (rim - inf_bowl) * frame.superior, tilt, side)
        point = point + size.height[1] * frame.superior
        tilt -= size.wedge_deg / 2.0
    shift = np.asarray(L3_CENTRE_LPS_MM) - frames["L3"].origin
    moved = {
        name: Place(origin=f.origin + shift, left=f.left, anterior=f.anterior, superior=f.superior)
        for name, f in frames.items()
    }
    return {name: moved[name] for name in (*LEVELS, "S1")}


def before_deg(size: LevelSize) -> float:
    """Wedge of a body before its collapse."""
    return float(np.degrees(np.arctan((size.before[2] - size.before[0]) / size.mean_depth)))


def _disc_wedges(levels: Mapping[str, LevelSize], lordosis_deg: float, compensation: float) -> dict[str, float]:
    """Wedge of the disc below each level: of its heights, shifted equally so that T12 to S1 holds the lordosis.

    Undeformed bodies keep the wedge of the table and the discs take the whole difference. A collapse adds its own
    kyphosis; the stated share of it is made up for by all discs alike (the patient lies on a table).
    """
    own = {
        name: float(np.degrees(np.arctan((size.disc[2] - size.disc[0]) / size.mean_depth)))
        for name, size in levels.items()
    }
    counted = LEVELS[LEVELS.index("T12") :]
    undeformed = sum(before_deg(levels[n]) for n in counted)
    spread = (lordosis_deg - undeformed - sum(own[n] for n in counted)) / len(counted)
    gained = sum(size.wedge_deg - before_deg(size) for size in levels.values())
    back = -compensation * gained / len(levels)
    return {name: wedge + back + (spread if name in counted else 0.0) for name, wedge in own.items()}
