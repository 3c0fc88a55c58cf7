"""The spinal canal and the roots that leave it."""

from __future__ import annotations

from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.imaging.painting.canvas import Canvas


def exiting_roots(canvas: Canvas, anatomy: Anatomy) -> None:
    """Roots on their way out."""
    for rod, found in canvas.met(anatomy.roots):
        canvas.cover(found, "nerve_root", rod.distance(found[1]))


def spinal_canal(canvas: Canvas, anatomy: Anatomy) -> None:
    """Flavum, epidural fat, sac, roots, cord."""
    found = canvas.block.within(anatomy.canal.box)
    if found is None:
        return
    canal = anatomy.canal
    for name, distance in (
        ("ligament", canal.flavum),
        ("epidural_fat", canal.fat),
        ("csf", canal.sac),
        ("nerve_root", canal.roots),
        ("cord_white", canal.cord),
    ):
        canvas.cover(found, name, distance(found[1]))
