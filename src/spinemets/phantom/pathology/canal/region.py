"""`Region`: a piece of soft tissue that disease fills, as one function for images, label map and truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spinemets.phantom.anatomy.canal import Canal
from spinemets.phantom.anatomy.disc import Disc
from spinemets.phantom.anatomy.vertebra import Vertebra
from spinemets.phantom.shape.block import Array, Block, Box, Slices

# From the canal's centre to beyond its walls at every level.
REACH_MM = 18.0
Distance = Callable[[Block], Array]


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """A tissue of a region: that of the region's own border, or of a part of it.

    Attributes
    ----------
    inset_mm
        How far inside the region's border the layer begins.
    share
        Below 1 the layer is in islands that fill this share.
    """

    tissue: str
    inset_mm: float = 0.0
    share: float = 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Region:
    """One lesion of soft tissue.

    Attributes
    ----------
    kind, level, levels
        What it is; the level of its middle; all levels that it reaches.
    layers
        Tissues, the outer one first.
    distance
        Distance (mm, negative inside) to its border; bone and disc that it does not erode are not cut out of it yet.
    share
        Replaces CSF in that share of each sample instead of covering what is inside `distance`; None = it covers. What is
        thinner than a sample needs this, and what mixes with the fluid.
    erosion_mm
        How deep it eats into bone.
    """

    id: str
    kind: Literal[
        "epidural",
        "haematoma",
        "abscess",
        "phlegmon",
        "leptomeningeal",
        "intramedullary",
        "paraspinal",
        "fluid",
        "bone_focus",
    ]
    level: str
    levels: tuple[str, ...]
    layers: tuple[Layer, ...]
    distance: Distance
    box: Box
    share: Distance | None = None
    erosion_mm: float = 0.0
    labelled: bool = True

    @property
    def erodes(self) -> bool:
        """Whether it eats into bone."""
        return self.erosion_mm > 0


def outside(block: Block, low: float, high: float) -> bool:
    """Whether all of a block lies above or below two heights."""
    z = block.axes[2]
    return bool(float(z.max()) < low or float(z.min()) > high)


def nowhere(block: Block) -> Array:
    """Distance to a region that is not here."""
    return np.full(block.shape, 1e3, np.float32)


def lasting(z: Array, span: tuple[float, float], taper_mm: float) -> Array:
    """1 between two heights, passing smoothly to 0 at them over a taper."""
    low, high = (np.float32(end) for end in span)
    s = np.clip(np.minimum(z - low, high - z) / np.float32(taper_mm), 0.0, 1.0)
    return np.asarray(s * s * (3 - 2 * s), np.float32)


def centre(canal: Canal, z: float) -> tuple[float, float]:
    """LPS (x, y) of the canal's centre at a height, to half a millimetre."""
    (x0, y0, _), (x1, y1, _) = canal.box
    affine = np.eye(4)
    affine[:3, 3] = (x0, y0, z)
    plane = Block(affine=affine, start=(0, 0, 0), shape=(int(x1 - x0) + 1, int(y1 - y0) + 1, 1), reach_mm=1.0)
    u, v, _ = canal.across(plane)
    off = np.broadcast_to(np.hypot(u, v), plane.shape)[:, :, 0]
    i, j = np.unravel_index(int(off.argmin()), off.shape)
    return float(x0 + i), float(y0 + j)


def tube_box(canal: Canal, low: float, high: float) -> Box:
    """Box of the canal between two heights."""
    at = np.array([centre(canal, z) for z in np.linspace(low, high, max(2, round((high - low) / 10)))])
    (x0, y0), (x1, y1) = at.min(axis=0) - REACH_MM, at.max(axis=0) + REACH_MM
    return ((float(x0), float(y0), low - 1.0), (float(x1), float(y1), high + 1.0))


def clear_of_bone_and_disc(region: Region, block: Block, vertebrae: Sequence[Vertebra], discs: Sequence[Disc]) -> Array:
    """Distance to a region at a block's points without the bone and the discs that it does not erode."""
    distance = np.array(np.broadcast_to(region.distance(block), block.shape))

    def near(place: Slices) -> bool:
        """Whether anything there may fill a part of a sample."""
        return bool((distance[place] < block.reach_mm).any())

    for vertebra in vertebrae:
        found = block.within(vertebra.box)
        if found is not None and near(found[0]):
            deep = np.float32(-region.erosion_mm) - vertebra.bone(found[1]).outer
            distance[found[0]] = np.maximum(distance[found[0]], deep)
    for disc in discs:
        found = block.within(disc.box)
        if found is not None and near(found[0]):
            distance[found[0]] = np.maximum(distance[found[0]], -disc.distance(found[1])[0])
    return distance


def held(region: Region, block: Block, vertebrae: Sequence[Vertebra], discs: Sequence[Disc]) -> NDArray[np.bool_]:
    """Points of a block that a region holds: bone and disc that it does not erode are not its own."""
    return np.asarray(clear_of_bone_and_disc(region, block, vertebrae, discs) < 0)


def section_plane(canal: Canal, z: float, step_mm: float) -> Block:
    """Points (x, 1, y) of the canal's axial plane at a height: compiled loops run fastest along a long last axis."""
    x, y = centre(canal, z)
    affine = np.eye(4)
    affine[:3, :3] = step_mm * np.array([[1, 0, 0], [0, 0, 1], [0, 1, 0]])
    affine[:3, 3] = (x - REACH_MM, y - REACH_MM, z)
    side = round(2 * REACH_MM / step_mm) + 1
    return Block(affine=affine, start=(0, 0, 0), shape=(side, 1, side), reach_mm=step_mm)


def around(*boxes: Box) -> Box:
    """Smallest box that holds boxes."""
    corners = np.array(boxes)
    (x0, y0, z0), (x1, y1, z1) = corners[:, 0].min(axis=0).tolist(), corners[:, 1].max(axis=0).tolist()
    return ((x0, y0, z0), (x1, y1, z1))
