"""The spinal canal with all that lines and fills it, and the roots that leave it."""

from __future__ import annotations

import numpy as np

from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.imaging.painting.canvas import Canvas, Found, inside
from spinemets.phantom.shape.block import Array, Block
from spinemets.phantom.shape.narrow import narrowed

# Laminae and ligaments lie within this distance around the canal.
AROUND_MM = 6.0


def spinal_canal(canvas: Canvas, anatomy: Anatomy) -> None:
    """Fat, ligaments, veins, roots on their way out, dura, sac, roots, cord; later ones over earlier ones."""
    found = _near(canvas, anatomy)
    lining = anatomy.lining
    for rod, place in canvas.met(tuple(lining.pads.values())):
        canvas.cover(place, "epidural_fat", rod.distance(place[1]))
    if found is not None:
        canvas.cover(found, "epidural_fat", anatomy.canal.fat(found[1]))
        canvas.cover(found, "epidural_veins", lining.veins(found[1]))
        canvas.cover(found, "ligament", np.minimum(lining.longitudinal(found[1]), lining.septum(found[1])))
    for rod, place in canvas.met(tuple(lining.flava.values())):
        canvas.cover(place, "ligament", lining.flavum(rod, place[1]))
    for rod, place in canvas.met(anatomy.roots):
        canvas.cover(place, "nerve_root", rod.distance(place[1]))
    for rod, place in canvas.met(tuple(lining.ganglia.values())):
        canvas.cover(place, "ganglion", rod.distance(place[1]))
    if found is not None:
        _sac(canvas, anatomy, found)


def _near(canvas: Canvas, anatomy: Anatomy) -> Found | None:
    """The part of the block that the canal can meet."""
    met = canvas.block.within(anatomy.canal.box)
    if met is None:
        return None

    def around(block: Block) -> Array:
        return np.asarray(anatomy.canal.fat(block) - np.float32(AROUND_MM))

    near = narrowed(met[1], around)
    return None if near is None else (inside(met[0], near[0]), near[1])


def _sac(canvas: Canvas, anatomy: Anatomy, found: Found) -> None:
    """Dura, CSF, and what hangs in it."""
    canal = anatomy.canal
    for name, distance in (
        ("dura", anatomy.lining.dura),
        ("csf", canal.sac),
        ("nerve_root", canal.roots),
        ("cord_white", canal.cord),
        ("cord_grey", canal.grey),
    ):
        canvas.cover(found, name, distance(found[1]))
