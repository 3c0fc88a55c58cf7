"""The spinal canal with all that lines and fills it, and the roots that leave it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.imaging.painting.canvas import Canvas, Found, inside
from spinemets.phantom.shape.block import Array, Block
from spinemets.phantom.shape.distance import coverage
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
        near = lining.near(found[1])
        canvas.cover(found, "epidural_veins", near.veins)
        canvas.cover(found, "ligament", np.minimum(near.longitudinal, near.septum))
    for rod, place in canvas.met(tuple(lining.flava.values())):
        canvas.cover(place, "ligament", lining.flavum(rod, place[1]))
    for rod, place in canvas.met(tuple(lining.supraspinous.values())):
        canvas.cover(place, "ligament", rod.distance(place[1]))
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
    canal, tissue = anatomy.canal, canvas.palette.tissue
    outer, sac = _shares(found, anatomy.lining.dura), _shares(found, canal.sac)
    canvas.fill(found[0], tissue("dura"), _around(outer, sac))
    canvas.fill(found[0], tissue("csf"), sac)
    within = _holding(found, sac)
    if within is None:
        return
    canvas.cover(within, "nerve_root", canal.roots(within[1]))
    cord = _shares(within, canal.cord)
    core = _holding(within, cord)
    if core is None:
        return
    grey = np.zeros_like(cord)
    grey[tuple(slice(a.start - b.start, a.stop - b.start) for a, b in zip(core[0], within[0], strict=True))] = _shares(
        core, canal.grey
    )
    canvas.fill(within[0], tissue("cord_white"), _around(cord, grey))
    canvas.fill(within[0], tissue("cord_grey"), grey)


def _shares(found: Found, distance: Callable[[Block], Array]) -> Array:
    """Share of each sample inside a surface."""
    return coverage(np.broadcast_to(distance(found[1]), found[1].shape), found[1].reach_mm)


def _holding(found: Found, share: Array) -> Found | None:
    """The smallest part that has all samples with a share; None if there is none."""
    held = share > 0
    place = []
    for axis in range(3):
        some = np.flatnonzero(held.any(axis=tuple(a for a in range(3) if a != axis)))
        if not some.size:
            return None
        place.append(slice(int(some[0]), int(some[-1]) + 1))
    own = (place[0], place[1], place[2])
    return inside(found[0], own), found[1].part(own)


def _around(outer: Array, inner: Array) -> Array:
    """Share to paint of a shell before its inside is painted over it, so that both fill what the outer surface holds.

    With shares o and i inside the two surfaces, ``1 - (1 - s)(1 - i) = o``. Painted with o, the shell would lose what lies
    under it twice.
    """
    room = np.maximum(1 - inner, np.float32(1e-6))
    return np.asarray(np.clip((outer - inner) / room, 0.0, 1.0), np.float32)
