"""Regions of a vertebra: where a lesion lies, as distances in the level's frame (left, anterior, superior from the body centre)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.vertebra import Bone, Vertebra
from spinemets.phantom.shape.block import Array, Block
from spinemets.phantom.shape.distance import ellipsoid

Point = tuple[float, float, float]

INSIDE_MM = -1e3
# Half lengths of a box around any body, in the level's frame.
BODY_REACH_MM = (34.0, 30.0, 24.0)


class Shape(Protocol):
    """A region of one vertebra."""

    def fitted(self, vertebra: Vertebra) -> Shape:
        """The region in mm, where its sizes are shares of this vertebra."""
        ...

    def distance(self, bone: Bone) -> Array:
        """Distance to the border in mm, negative inside."""
        ...

    @property
    def box(self) -> tuple[Point, float]:
        """Centre in the level's frame, and the distance from it that holds the region."""
        ...


@dataclass(frozen=True, kw_only=True)
class Ellipsoid:
    """Half axes along left, anterior and superior."""

    centre_mm: Point = (0.0, 0.0, 0.0)
    radii_mm: Point = (8.0, 8.0, 8.0)

    def fitted(self, vertebra: Vertebra) -> Ellipsoid:
        """As it stands."""
        del vertebra
        return self

    def distance(self, bone: Bone) -> Array:
        """Along the ray from the centre."""
        parts = [c - np.float32(m) for c, m in zip(bone.local, self.centre_mm, strict=True)]
        return ellipsoid(parts, self.radii_mm)

    @property
    def box(self) -> tuple[Point, float]:
        """Around the centre."""
        return self.centre_mm, max(self.radii_mm) + 1.0


@dataclass(frozen=True, kw_only=True)
class Spiculated:
    """An ellipsoid with thorns that run into the trabeculae around it.

    Attributes
    ----------
    thorn_mm
        How far a thorn's tip stands out.
    """

    core: Ellipsoid
    thorn_mm: float = 2.5

    def fitted(self, vertebra: Vertebra) -> Spiculated:
        """As it stands."""
        del vertebra
        return self

    def distance(self, bone: Bone) -> Array:
        """Distance to the core less the height of the nearest thorn."""
        rows = table("phantom_pathology")["spicules"]
        l, a, s = (np.asarray(c - np.float32(m)) for c, m in zip(bone.local, self.core.centre_mm, strict=True))  # noqa: E741
        radius = np.maximum(np.sqrt(l * l + a * a + s * s), np.float32(1e-3))
        least = float(np.cos(np.radians(rows["half_angle_deg"])))
        height = np.zeros(radius.shape, np.float32)
        for x, y, z in _directions(rows["number"]):
            cosine = (np.float32(x) * l + np.float32(y) * a + np.float32(z) * s) / radius
            height = np.maximum(height, (cosine - np.float32(least)) / np.float32(1 - least))
        return np.asarray(self.core.distance(bone) - np.float32(self.thorn_mm) * height)

    @property
    def box(self) -> tuple[Point, float]:
        """Around the core and its thorns."""
        centre, reach = self.core.box
        return centre, reach + self.thorn_mm


@dataclass(frozen=True, kw_only=True)
class Whole:
    """The whole bone, body and arch, or its slab between two heights.

    Attributes
    ----------
    low_mm, high_mm
        Along the level's superior axis; None = no end.
    """

    low_mm: float | None = None
    high_mm: float | None = None

    def fitted(self, vertebra: Vertebra) -> Whole:
        """As it stands."""
        del vertebra
        return self

    def distance(self, bone: Bone) -> Array:
        """To the nearer end."""
        distance = np.full(bone.outer.shape, INSIDE_MM, np.float32)
        if self.low_mm is not None:
            distance = np.maximum(distance, np.float32(self.low_mm) - bone.local[2])
        if self.high_mm is not None:
            distance = np.maximum(distance, bone.local[2] - np.float32(self.high_mm))
        return distance

    @property
    def box(self) -> tuple[Point, float]:
        """Around the body: what is measured of a whole bone is its body."""
        return (0.0, 0.0, 0.0), max(BODY_REACH_MM)


@dataclass(frozen=True, kw_only=True)
class EndplateBand:
    """The part of a body that lies near one of its endplates.

    Attributes
    ----------
    depth_mm
        From the rim's plane into the body.
    half_height_mm
        Of the body at mid-depth: fitted.
    """

    side: str
    depth_mm: float
    half_height_mm: float = 0.0

    def fitted(self, vertebra: Vertebra) -> EndplateBand:
        """With the height of this body."""
        size = vertebra.body.size
        return replace(self, half_height_mm=(size.height[0] + size.height[2]) / 4)

    def distance(self, bone: Bone) -> Array:
        """To the plane inside the body, and to the body's surface."""
        sign = np.float32(1.0 if self.side == "superior" else -1.0)
        plane = np.float32(self.half_height_mm - self.depth_mm) - sign * bone.local[2]
        # A millimetre more, so that the shell is held too where it is broken.
        return np.asarray(np.maximum(plane, bone.body - np.float32(1.0)))

    @property
    def box(self) -> tuple[Point, float]:
        """Around the body."""
        return (0.0, 0.0, 0.0), max(BODY_REACH_MM)


@dataclass(frozen=True, kw_only=True)
class ArchPart:
    """A part of the arch (`pedicle_left`, `lamina_right`, `spinous`, ...), from its front or medial end over a share of its volume.

    Attributes
    ----------
    part
        Name in `spinemets.phantom.anatomy.arch.Arch.rods`.
    share
        Share of the part's volume.
    start_mm, end_mm, radius_mm
        Axis and radius of a cylinder around that share: fitted.
    """

    part: str
    share: float = 1.0
    start_mm: Point = (0.0, 0.0, 0.0)
    end_mm: Point = (0.0, 0.0, 0.0)
    radius_mm: float = 0.0

    def fitted(self, vertebra: Vertebra) -> ArchPart:
        """The cylinder whose length holds the share of this vertebra's part."""
        points = part_points(vertebra, self.part, step_mm=1.0)
        rod = vertebra.arch.rods[self.part][0]
        frame = vertebra.frame
        axes = np.stack([frame.left, frame.anterior, frame.superior])
        start, end = (axes @ (np.asarray(p) - frame.origin) for p in (rod.start, rod.end))
        along = (end - start) / np.linalg.norm(end - start)
        t = (points - start) @ along
        off = np.linalg.norm(points - start - t[:, None] * along, axis=1)
        # Half a step more on either side: the samples are centres of cubes.
        first, last = float(t.min()) - 0.5, float(np.quantile(t, self.share)) + (0.5 if self.share >= 1 else 0.0)
        a, b = start + first * along, start + last * along
        return replace(
            self,
            start_mm=(float(a[0]), float(a[1]), float(a[2])),
            end_mm=(float(b[0]), float(b[1]), float(b[2])),
            radius_mm=float(off.max()) + 0.5,
        )

    def distance(self, bone: Bone) -> Array:
        """To the cylinder."""
        start, end = np.asarray(self.start_mm), np.asarray(self.end_mm)
        length = float(np.linalg.norm(end - start))
        along = (end - start) / length
        offset = [c - np.float32(m) for c, m in zip(bone.local, start, strict=True)]
        t = sum(np.float32(u) * c for u, c in zip(along, offset, strict=True))
        square = sum(c * c for c in offset) - t * t
        radial = np.sqrt(np.maximum(square, np.float32(0.0))) - np.float32(self.radius_mm)
        return np.asarray(np.maximum(radial, np.maximum(-t, t - np.float32(length))))

    @property
    def box(self) -> tuple[Point, float]:
        """Around the cylinder."""
        start, end = np.asarray(self.start_mm), np.asarray(self.end_mm)
        centre = (start + end) / 2
        reach = float(np.hypot(np.linalg.norm(end - start) / 2, self.radius_mm)) + 1.0
        return (float(centre[0]), float(centre[1]), float(centre[2])), reach


def part_points(vertebra: Vertebra, part: str, step_mm: float) -> Array:
    """(n, 3) in the level's frame: lattice points of an arch part that lie in the bone and outside the body.

    Raises
    ------
    ValueError
        If the arch has no such part.
    """
    if part not in vertebra.arch.rods:
        raise ValueError(f"{vertebra.level} has no part {part!r}: choose one of {', '.join(vertebra.arch.rods)}")
    rods = vertebra.arch.rods[part]
    low = np.min([rod.box[0] for rod in rods], axis=0)
    high = np.max([rod.box[1] for rod in rods], axis=0)
    block = lattice((low + high) / 2, (high - low) / 2, step_mm)
    bone = vertebra.bone(block)
    rod = np.min([np.broadcast_to(r.distance(block), block.shape) for r in rods], axis=0)
    inside = (rod < 0) & (bone.body > 0) & (bone.outer < 0)
    return np.stack([np.broadcast_to(axis, block.shape)[inside] for axis in bone.local], axis=1).astype(float)


def lattice(centre: np.ndarray, reach_mm: np.ndarray, step_mm: float) -> Block:
    """Cube of points around a centre."""
    n = np.ceil(2 * reach_mm / step_mm).astype(int) + 1
    affine = np.diag([step_mm, step_mm, step_mm, 1.0])
    affine[:3, 3] = centre - (n - 1) / 2 * step_mm
    return Block(affine=affine, start=(0, 0, 0), shape=(int(n[0]), int(n[1]), int(n[2])), reach_mm=step_mm)


def _directions(number: int) -> Array:
    """Unit vectors spread evenly over the sphere (golden spiral)."""
    n = np.arange(number)
    z = 1 - (2 * n + 1) / number
    turn = n * np.pi * (3 - np.sqrt(5))
    across = np.sqrt(1 - z * z)
    return np.stack([across * np.cos(turn), across * np.sin(turn), z], axis=1)
