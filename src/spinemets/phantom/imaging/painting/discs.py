"""Discs, and the longitudinal ligaments around the column of bodies and discs."""

from __future__ import annotations

import numpy as np

from spinemets.phantom.anatomy.disc import Disc
from spinemets.phantom.anatomy.vertebra import Bone, Vertebra
from spinemets.phantom.imaging.painting.canvas import Canvas, Found, inside
from spinemets.phantom.shape.block import Array
from spinemets.phantom.shape.distance import coverage

LIGAMENT_MM = 1.2
# Width over which nucleus and annulus pass into each other.
NUCLEUS_EDGE_MM = 3.0

MetDisc = tuple[Disc, Found, tuple[Array, Array]]
MetBone = tuple[Vertebra, Found, Bone]


def ligaments(canvas: Canvas, discs: list[MetDisc], bones: list[MetBone]) -> None:
    """Longitudinal ligaments and annulus border around the column of bodies and discs."""
    for _, found, (outer, _) in discs:
        canvas.cover(found, "ligament", outer - np.float32(LIGAMENT_MM))
    for vertebra, (place, part), bone in bones:
        near = part.within(vertebra.body_box)
        if near is not None:
            body = bone.body[near[0]]
            canvas.cover((inside(place, near[0]), near[1]), "ligament", body - np.float32(LIGAMENT_MM))


def discs_of_column(canvas: Canvas, met: list[MetDisc]) -> None:
    """Annulus, then nucleus, of which wear has dried a share, then gas."""
    for disc, found, (outer, nucleus) in met:
        place, part = found
        share = coverage(np.broadcast_to(outer, part.shape), part.reach_mm)
        canvas.fill(place, canvas.palette.tissue("annulus"), share)
        share *= coverage(nucleus, NUCLEUS_EDGE_MM)
        dried = np.float32(disc.wear.dried)
        healthy, worn = (canvas.palette.tissue(f"nucleus_{state}") for state in ("healthy", "degenerated"))
        canvas.fill(place, healthy + dried * (worn - healthy), share)
        if disc.wear.gas:
            canvas.cover(found, "gas", np.broadcast_to(disc.vacuum(part), part.shape))
