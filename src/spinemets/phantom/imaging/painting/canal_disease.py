"""Soft tissue that disease fills, inside the canal and beside the column."""

from __future__ import annotations

import numpy as np

from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.imaging.painting.canvas import Canvas, Found
from spinemets.phantom.pathology.canal.deformation import DeformedCanal
from spinemets.phantom.pathology.canal.region import Region, clear_of_bone_and_disc
from spinemets.phantom.shape.block import Array
from spinemets.phantom.shape.distance import coverage
from spinemets.phantom.shape.texture import islands


def canal_disease(canvas: Canvas, anatomy: Anatomy) -> None:
    """All regions of the canal, before bone and discs are painted over them."""
    _pressed(canvas, anatomy)
    for region, found in canvas.met(tuple(r for r in anatomy.soft_lesions if not r.erodes)):
        if region.share is None:
            _cover(canvas, anatomy, region, found)
        else:
            _exchange(canvas, region, found, region.share(found[1]))


def _pressed(canvas: Canvas, anatomy: Anatomy) -> None:
    """Fill the samples on the border of a pushed-in sac as if there were no mass, which then covers its part of them.

    Otherwise fat would be left between mass and CSF, and CSF between mass and a cord that it touches.
    """
    canal = anatomy.canal
    if not isinstance(canal, DeformedCanal):
        return
    for push in canal.pushes:
        found = canvas.block.within(push.box)
        if found is None:
            continue
        part = found[1]
        width = np.float32(part.reach_mm)
        sac, cord = canal.sac(part), canal.unconfined_cord(part)
        border = np.maximum(np.maximum(sac, -sac) - width, canal.expected_sac(part))
        for name, distance in (
            ("csf", np.maximum(border, -cord)),
            ("nerve_root", np.maximum(border, canal.roots(part))),
            ("cord_white", np.maximum(border, cord)),
        ):
            canvas.cover(found, name, distance)


def masses_beside_bone(canvas: Canvas, anatomy: Anatomy) -> None:
    """Regions that eat into bone, after the bones."""
    for region, (place, part) in canvas.met(tuple(r for r in anatomy.soft_lesions if r.erodes)):
        distance = clear_of_bone_and_disc(region, part, anatomy.vertebrae, anatomy.discs)
        canvas.cover((place, part), region.layers[0].tissue, distance)


def _cover(canvas: Canvas, anatomy: Anatomy, region: Region, found: Found) -> None:
    """The layers of a region, the outer one first."""
    place, part = found
    distance = np.broadcast_to(region.distance(part), part.shape)
    for layer in region.layers:
        share = coverage(distance + np.float32(layer.inset_mm), part.reach_mm)
        if layer.share < 1:
            share = share * islands(anatomy.fields["islands"].at(*part.axes), layer.share)
        canvas.fill(place, canvas.palette.tissue(layer.tissue), share)


def _exchange(canvas: Canvas, region: Region, found: Found, share: Array) -> None:
    """Put another fluid, or what is thinner than a sample, in the place of CSF: what else a sample holds stays."""
    place, part = found
    canvas.exchange(place, region.layers[0].tissue, "csf", np.broadcast_to(share, part.shape))
