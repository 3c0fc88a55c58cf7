"""The canal as disease has changed it: the same functions as before, of a sac that is pushed in and a cord that gives way."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from spinemets.phantom.anatomy.canal import Canal
from spinemets.phantom.pathology.canal.epidural import Push
from spinemets.phantom.pathology.canal.region import lasting, outside
from spinemets.phantom.pathology.canal.section import Section
from spinemets.phantom.shape.block import Array, Block


@dataclass(frozen=True, kw_only=True)
class Swelling:
    """Growth of the radius of the cord, or of the roots, between two heights."""

    of: str
    span: tuple[float, float]
    growth_mm: float
    taper_mm: float

    def grown(self, distance: Array, block: Block) -> Array:
        """Distance to what has grown."""
        if outside(block, *self.span):
            return distance
        strength = lasting(block.axes[2], self.span, self.taper_mm)
        return np.asarray(distance - np.float32(self.growth_mm) * strength, np.float32)


@dataclass(frozen=True, kw_only=True, eq=False)
class DeformedCanal(Canal):
    """A canal with disease in it.

    Attributes
    ----------
    sections
        Stated sections, in place of the patient's own.
    pushes
        Masses that push the sac in.
    swellings
        Growth of cord and roots.
    """

    sections: tuple[Section, ...] = ()
    pushes: tuple[Push, ...] = ()
    swellings: tuple[Swelling, ...] = ()

    def expected_sac(self, block: Block) -> Array:
        """Distance to the sac as it would be without disease."""
        found = super().sac(block)
        for section in self.sections:
            found = section.sac(found, self.across(block))
        return found

    def expected_cord(self, block: Block) -> Array:
        """Distance to the cord as it would be without disease, the conus as the patient has it."""
        found = super().cord(block)
        for section in self.sections:
            found = section.cord(found, self.across(block))
        return found

    def inner(self, push: Push, block: Block) -> Array:
        """Distance to what a mass leaves of the space inside it."""
        return push.inner(block, self, self.expected_sac(block), self.expected_cord(block))

    def sac(self, block: Block) -> Array:
        """Distance to the sac: its own, without what masses take."""
        own = self.expected_sac(block)
        if all(outside(block, *push.span) for push in self.pushes):
            return own
        return self.pressed(block, own, self.expected_cord(block))

    def pressed(self, block: Block, sac: Array, cord: Array) -> Array:
        """Distance to the sac without what masses take, given the sac and the cord without them."""
        found = sac
        for push in self.pushes:
            if not outside(block, *push.span):
                found = np.maximum(found, push.inner(block, self, sac, cord))
        return found

    def cord(self, block: Block) -> Array:
        """Distance to the cord: swollen, moved aside, and dented where the sac leaves it no room."""
        found = self.unconfined_cord(block)
        return np.maximum(found, self.sac(block)) if self.pushes or self.swellings else found

    def unconfined_cord(self, block: Block) -> Array:
        """Distance to the cord, swollen and moved aside, as it would be if the sac left it room."""
        found = self.expected_cord(block)
        for swelling in self.swellings:
            if swelling.of == "cord":
                found = swelling.grown(found, block)
        for push in self.pushes:
            found = push.cord(block, self, found)
        return found

    def cord_middle(self, z: Array) -> tuple[Array, Array]:
        """Middle of the cord: that of stated sections, moved aside with it."""
        left, back = super().cord_middle(z)
        for section in self.sections:
            back = back + section.share(z) * (np.float32(section.centre_mm) - back)
        for push in self.pushes:
            if any(push.mass.cord_shift_mm):
                strength = lasting(z, push.span, push.mass.taper_mm)
                left = left + strength * np.float32(push.mass.cord_shift_mm[0])
                back = back + strength * np.float32(push.mass.cord_shift_mm[1])
        return left, back

    def roots(self, block: Block) -> Array:
        """Distance to the nearest root, thickened where disease thickens it."""
        found = super().roots(block)
        thick = [s for s in self.swellings if s.of == "roots"]
        for swelling in thick:
            found = swelling.grown(found, block)
        return np.maximum(found, self.sac(block)) if thick else found


def deformed(
    canal: Canal, *, sections: tuple[Section, ...], pushes: tuple[Push, ...], swellings: tuple[Swelling, ...]
) -> DeformedCanal:
    """The canal with disease in it."""
    own: dict[str, Any] = {field.name: getattr(canal, field.name) for field in fields(canal)}
    return DeformedCanal(**own, sections=sections, pushes=pushes, swellings=swellings)
