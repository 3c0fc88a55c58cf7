"""The six walls of a body (G-04): their areas, patches of a stated share of one, and what a lesion breaks of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.vertebra import Bone, Vertebra
from spinemets.phantom.pathology.shapes import BODY_REACH_MM, Point, lattice
from spinemets.phantom.shape.block import Array

# Outward axis of each wall in the level's frame: (index, sign).
WALLS = {
    "anterior": (1, 1.0), "posterior": (1, -1.0), "left": (0, 1.0), "right": (0, -1.0), "superior": (2, 1.0), "inferior": (2, -1.0),
}  # fmt: skip
# A surface is counted as a layer of this thickness.
LAYER_MM = 1.0
# A patch ends so far outside the body.
OUTWARD_MM = 1.5
# Steeper is no slope but the step to where distances are not worked out.
STEEPEST = 2.0
# Where the bone's surface lies further from the body's than this, a pedicle springs from the body.
ROOT_MM = 0.3


@dataclass(frozen=True, kw_only=True, eq=False)
class Surface:
    """Sample points of a body's surface.

    Attributes
    ----------
    local
        (n, 3) in the level's frame.
    area_mm2
        Area that each point stands for.
    of_wall
        Points of each wall; rims and rounded edges may belong to none.
    bone
        The bone at these points.
    """

    local: Array
    area_mm2: Array
    of_wall: dict[str, Array]
    bone: Bone


def surface(vertebra: Vertebra, step_mm: float) -> Surface:
    """Surface of a body without the roots of the pedicles, wall by wall by its outward normal."""
    size = vertebra.body.size
    reach = np.minimum(
        BODY_REACH_MM, np.hypot(size.mean_width / 2, size.mean_depth / 2 + max(size.before) / 2) * np.ones(3) + 5
    )
    block = lattice(vertebra.frame.origin, reach, step_mm)
    bone = vertebra.bone(block)
    frame = vertebra.frame
    slope = np.stack([np.gradient(bone.body, step_mm, axis=axis) for axis in range(3)])
    steepness = np.sqrt((slope**2).sum(axis=0))
    # First-order distances may be steeper or flatter than 1: the layer is as thick as the true distance says.
    layer = np.abs(bone.body) < LAYER_MM / 2 * np.minimum(steepness, STEEPEST)
    on = layer & (bone.outer > bone.body - ROOT_MM)
    axes = np.stack([frame.left, frame.anterior, frame.superior])
    normal = axes @ (slope[:, on] / steepness[on])
    least = np.cos(np.radians(table("phantom_pathology")["wall_angle_deg"]))
    local = tuple(np.broadcast_to(axis, block.shape)[on] for axis in bone.local)
    return Surface(
        local=np.stack(local, axis=1),
        area_mm2=np.full(int(on.sum()), step_mm**3 / LAYER_MM),
        of_wall={wall: sign * normal[axis] > least for wall, (axis, sign) in WALLS.items()},
        bone=Bone(outer=bone.outer[on], inner=bone.inner[on], local=(local[0], local[1], local[2]), body=bone.body[on]),
    )


@dataclass(frozen=True, kw_only=True)
class WallPatch:
    """A patch in the middle of a wall, and what lies some millimetres behind it.

    Attributes
    ----------
    wall
        Key of `WALLS`.
    share
        Share of the wall's area.
    depth_mm
        How deep it reaches behind the wall; None = as in the table.
    centre_mm, half_mm
        Middle and half lengths of the patch along the two axes across the wall's: fitted.
    """

    wall: str
    share: float
    depth_mm: float | None = None
    centre_mm: tuple[float, float] = (0.0, 0.0)
    half_mm: tuple[float, float] = (0.0, 0.0)

    def fitted(self, vertebra: Vertebra) -> WallPatch:
        """The superellipse that holds the share of this vertebra's wall.

        Raises
        ------
        ValueError
            If the share lies outside 0 to 1.
        """
        if not 0.0 < self.share < 1.0:
            raise ValueError(f"a share of {self.share} of a wall: choose one between 0 and 1")
        found = surface(vertebra, 0.5)
        axis, _ = WALLS[self.wall]
        points = np.delete(found.local[found.of_wall[self.wall]], axis, axis=1)
        low, high = points.min(axis=0), points.max(axis=0)
        centre, half = (low + high) / 2, (high - low) / 2
        exponent = table("phantom_pathology")["breach"]["exponent"]
        norm = (np.abs((points - centre) / half) ** exponent).sum(axis=1) ** (1 / exponent)
        half = half * float(np.quantile(norm, self.share))
        return replace(self, centre_mm=(float(centre[0]), float(centre[1])), half_mm=(float(half[0]), float(half[1])))

    def distance(self, bone: Bone) -> Array:
        """To the rim of the patch, and to the depth behind the wall."""
        rows = table("phantom_pathology")["breach"]
        axis, sign = WALLS[self.wall]
        across = [c for n, c in enumerate(bone.local) if n != axis]
        norm = sum(
            np.abs((c - np.float32(m)) / np.float32(h)) ** np.float32(rows["exponent"])
            for c, m, h in zip(across, self.centre_mm, self.half_mm, strict=True)
        ) ** np.float32(1 / rows["exponent"])
        rim = (norm - 1) * np.float32(min(self.half_mm))
        depth = rows["depth_mm"] if self.depth_mm is None else self.depth_mm
        behind = np.maximum(-bone.body - np.float32(depth), np.float32(-sign) * bone.local[axis])
        # No farther out than the shell's surface: laminae and spinous process lie behind the back wall too.
        return np.asarray(np.maximum(np.maximum(rim, behind), bone.body - np.float32(OUTWARD_MM)))

    @property
    def box(self) -> tuple[Point, float]:
        """Around the body."""
        return (0.0, 0.0, 0.0), max(BODY_REACH_MM)


@dataclass(frozen=True, kw_only=True)
class Breach:
    """What a lesion breaks of one wall."""

    wall: str
    area_mm2: float
    wall_area_mm2: float

    @property
    def share(self) -> float:
        """Of the wall's area."""
        return self.area_mm2 / self.wall_area_mm2
