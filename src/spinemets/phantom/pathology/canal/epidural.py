"""Masses of the epidural space: tumour, blood, pus. They fill the space to the bone and push the sac in.

Angles run around the sac as a reader looks at it: 0 in front, 90 at the patient's left, 180 behind, -90 at the right.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spinemets.phantom.anatomy.arch import SIDES, ArchPlan
from spinemets.phantom.anatomy.canal import Canal
from spinemets.phantom.pathology.canal.region import (
    Distance,
    Layer,
    Region,
    around,
    lasting,
    nowhere,
    outside,
    tube_box,
)
from spinemets.phantom.pathology.canal.site import Site, Span
from spinemets.phantom.shape.block import Array, Block, Box
from spinemets.phantom.shape.distance import Rod, union

# (angle in degrees, how deep the mass reaches inside the sac's own outline there in mm; negative: it ends before it).
Profile = tuple[tuple[float, float], ...]
# Deeper than any epidural space is wide: nothing of a mass is left there.
NONE_MM = -9.0
# A foraminal part fills the foramen: half axes across the root's way, and fillet to its neighbours.
FORAMEN_HALF_MM = ((4.0, 4.5), (6.0, 6.5))
FILLET_MM = 2.0


@dataclass(frozen=True, kw_only=True)
class EpiduralMass:
    """A mass around a part of the sac.

    Attributes
    ----------
    span
        Its upper and lower end.
    profile
        Depth by angle; between the angles it passes smoothly.
    taper_mm
        Length over which it thins out to its ends.
    squeeze
        Share of the CSF around the cord that it takes on all sides; 1 = the sac lies on the cord.
    stop_mm
        It comes no nearer to the cord's own outline; negative: it dents it no deeper. None = no limit.
    cord_shift_mm
        How far the cord gives way to the left and to the back.
    cord_inset_mm
        How much the cord's outline shrinks all round, where it is pressed without being touched.
    foramina
        (level, side) of foramina that it fills.
    """

    id: str
    span: Span
    profile: Profile = ((0.0, NONE_MM),)
    kind: Literal["epidural", "haematoma", "abscess", "phlegmon"] = "epidural"
    layers: tuple[Layer, ...] = (Layer(tissue="epidural_tumour"),)
    taper_mm: float = 6.0
    squeeze: float = 0.0
    stop_mm: float | None = None
    cord_shift_mm: tuple[float, float] = (0.0, 0.0)
    cord_inset_mm: float = 0.0
    foramina: tuple[tuple[str, str], ...] = ()

    def placed(self, site: Site, canal: Canal, pole_mm: float) -> Push:
        """The mass at its heights."""
        span = site.heights(self.span)
        return Push(mass=self, span=span, pole_mm=pole_mm, box=tube_box(canal, *span))

    def region(self, push: Push, canal: Canal, inner: Distance, site: Site) -> Region:
        """What it fills.

        Parameters
        ----------
        canal
            With the sac as the mass has pushed it in.
        inner
            Distance to what the mass leaves of the space inside it.
        """
        low, high = push.span
        rods = tuple(rod for level, side in self.foramina for rod in _foramen(site, level, side))

        def distance(block: Block) -> Array:
            found = push.region(block, canal, inner)
            if rods:
                found = np.minimum(found, np.maximum(union(block, rods, FILLET_MM), -canal.sac(block)))
            return found

        return Region(
            id=self.id,
            kind=self.kind,
            level=site.at((low + high) / 2),
            levels=site.levels(low, high),
            layers=self.layers,
            distance=distance,
            box=around(push.box, *(rod.box for rod in rods)),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Push:
    """A mass at its heights: how far in it reaches, and how the cord gives way.

    Attributes
    ----------
    pole_mm
        Where its angles are counted from, behind the centre of the canal.
    """

    mass: EpiduralMass
    span: tuple[float, float]
    pole_mm: float
    box: Box

    def inner(self, block: Block, canal: Canal, sac: Array, cord: Array) -> Array:
        """Distance to what the mass leaves of the space inside it, given the sac and the cord without it."""
        if outside(block, *self.span):
            return np.full(block.shape, NONE_MM, np.float32)
        u, v, z = canal.across(block)
        behind = v - np.float32(self.pole_mm)
        depth, around_it = _depth(self.mass.profile, np.degrees(np.arctan2(u, -behind)))
        strength, change = _rounded(z, self.span, self.mass.taper_mm)
        none = np.float32(NONE_MM)
        # A border that runs obliquely is nearer than it looks along a ray.
        steep = np.square((depth - none) * change)
        steep = steep + np.square(around_it * strength / np.maximum(np.hypot(u, behind), np.float32(1.0)))
        depth = none + (depth - none) * strength
        if self.mass.squeeze:
            round_about = np.float32(self.mass.squeeze) * strength * (cord - sac) + none * (1 - strength)
            depth = np.maximum(depth, round_about)
        found = (sac + depth) / np.sqrt(1 + steep)
        if self.mass.stop_mm is not None:
            found = np.minimum(found, cord - np.float32(self.mass.stop_mm))
        return np.asarray(found, np.float32)

    def region(self, block: Block, canal: Canal, inner: Distance) -> Array:
        """Distance to the mass inside the canal, without foraminal parts."""
        if outside(block, *self.span):
            return nowhere(block)
        z = canal.across(block)[2]
        ends = np.maximum(np.float32(self.span[0]) - z, z - np.float32(self.span[1]))
        return np.asarray(np.maximum(np.maximum(-inner(block), canal.fat(block)), ends), np.float32)

    def cord(self, block: Block, canal: Canal, cord: Array) -> Array:
        """Distance to the cord that has given way, before the sac limits it."""
        (left, back), inset = self.mass.cord_shift_mm, self.mass.cord_inset_mm
        if outside(block, *self.span) or not (left or back or inset):
            return cord
        u, v, z = canal.across(block)
        behind = v - np.float32(self.pole_mm)
        radius = np.maximum(np.hypot(u, behind), np.float32(1e-3))
        # To first order an outline moved by a step moves outwards by the part of the step along the outward direction.
        moved = (np.float32(left) * u + np.float32(back) * behind) / radius - np.float32(inset)
        return np.asarray(cord - lasting(z, self.span, self.mass.taper_mm) * moved, np.float32)


@lru_cache(maxsize=64)
def _by_degree(profile: Profile) -> NDArray[np.float64]:
    """Depth at every degree from -180 to 180."""
    from scipy.interpolate import PchipInterpolator  # lazy: heavy import

    angles = np.array([a for a, _ in profile])
    depths = np.array([d for _, d in profile])
    order = np.argsort(angles)
    angles, depths = angles[order], depths[order]
    turns = np.concatenate([angles - 360, angles, angles + 360])
    found: NDArray[np.float64] = PchipInterpolator(turns, np.tile(depths, 3))(np.arange(-180.0, 181.0))
    return found


def _depth(profile: Profile, angle: Array) -> tuple[Array, Array]:
    """Depth of a profile at angles (degrees), and its change with the angle in mm per radian."""
    rows = _by_degree(profile).astype(np.float32)
    place = np.clip(angle + np.float32(180), 0, 359.999)
    low = place.astype(np.int16)
    change = rows[low + 1] - rows[low]
    return rows[low] + (place - low) * change, change * np.float32(180 / np.pi)


def _rounded(z: Array, span: tuple[float, float], taper_mm: float) -> tuple[Array, Array]:
    """Share of the full depth at heights, rounded at the ends like a lens, and its change per mm."""
    t = np.clip(np.minimum(z - np.float32(span[0]), np.float32(span[1]) - z) / np.float32(taper_mm), 0.0, 1.0)
    return np.asarray(1 - (1 - t) ** 3, np.float32), np.asarray(3 * (1 - t) ** 2 / np.float32(taper_mm), np.float32)


def _foramen(site: Site, level: str, side: str) -> tuple[Rod, ...]:
    """Bars through a foramen, under the pedicle of the level."""
    plan = ArchPlan(size=site.sizes[level], frame=site.frames[level])
    towards, low = SIDES[side], plan.pedicle_s - plan.size.pedicle[1] / 2 - 5.0
    inner = (towards * plan.size.canal[1] * 0.38, plan.wall - 3.0, low)
    outer = (towards * (plan.pedicle_l + plan.size.pedicle[0] / 2 + 3.0), plan.wall - 3.0, low - 1.0)
    return (plan.rod(inner, outer, (0, 1, 0), FORAMEN_HALF_MM),)
