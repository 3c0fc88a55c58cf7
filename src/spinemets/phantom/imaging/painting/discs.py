"""Discs, and the longitudinal ligaments around the column of bodies and discs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.disc import Disc
from spinemets.phantom.anatomy.vertebra import Bone, Vertebra
from spinemets.phantom.imaging.painting.canvas import Canvas, Found, inside
from spinemets.phantom.shape.block import Array
from spinemets.phantom.shape.distance import coverage

# Outside the nucleus the annulus darkens from this distance on, over that width, to this share of ligament's fibres (a choice).
FIBRES_FROM_MM, FIBRES_OVER_MM, FIBRES_SHARE = 2.0, 6.0, 0.7
# Cartilage of the endplates, as dark as ligament on MR (PHA-12).
CARTILAGE_MM = 0.8
# Width over which nucleus and annulus pass into each other.
NUCLEUS_EDGE_MM = 3.0

MetDisc = tuple[Disc, Found, tuple[Array, Array]]
MetBone = tuple[Vertebra, Found, Bone]


def ligaments(canvas: Canvas, discs: list[MetDisc], bones: list[MetBone]) -> None:
    """Longitudinal ligaments and annulus border around the column of bodies and discs."""
    for disc, found, (outer, _) in discs:
        ahead = disc.upper_frame.local(found[1])[1]
        canvas.cover(found, "ligament", outer - _coat(ahead, disc.upper.size.mean_depth))
    for vertebra, (place, part), bone in bones:
        near = part.within(vertebra.body_box)
        if near is not None:
            coat = _coat(vertebra.frame.local(near[1])[1], vertebra.body.size.mean_depth)
            canvas.cover((inside(place, near[0]), near[1]), "ligament", bone.body[near[0]] - coat)


def _coat(ahead: Array, depth_mm: float) -> Array:
    """Thickness of the ligaments around a body: that of the anterior one in front, less at the sides and behind."""
    row = table("phantom_anatomy")["lining"]["column_mm"]
    share = np.clip(2 * ahead / np.float32(depth_mm), 0.0, 1.0) ** 2
    return np.asarray(np.float32(row["around"]) + np.float32(row["anterior"] - row["around"]) * share, np.float32)


def discs_of_column(canvas: Canvas, met: list[MetDisc], dried: Mapping[str, float]) -> None:
    """Annulus with its outer fibres and cartilage, then nucleus, of which age and wear have dried a share, then gas."""
    for disc, found, (outer, nucleus) in met:
        place, part = found
        share = coverage(np.broadcast_to(outer, part.shape), part.reach_mm)
        canvas.fill(place, canvas.palette.tissue("annulus"), share)
        canvas.fill(place, canvas.palette.tissue("ligament"), share * _fibres(outer, nucleus, part.reach_mm))
        share *= coverage(nucleus, NUCLEUS_EDGE_MM)
        nucleus_of = canvas.palette.between("nucleus_healthy", "nucleus_degenerated", dried[disc.level])
        canvas.fill(place, nucleus_of, share)
        _cleft(canvas, disc, found, share, dried[disc.level])
        if disc.wear.gas:
            canvas.cover(found, "gas", np.broadcast_to(disc.vacuum(part), part.shape))


def _cleft(canvas: Canvas, disc: Disc, found: Found, nucleus: Array, dried: float) -> None:
    """The band of fibres that splits the nucleus, once that has begun to dry."""
    row = table("phantom_anatomy")["degeneration"]["cleft"]
    fibres = float(row["fibres"]) * float(np.interp(dried, row["from_dried"], [0.0, 1.0]))
    if fibres:
        place, part = found
        band = coverage(np.broadcast_to(disc.cleft(part), part.shape), part.reach_mm)
        canvas.fill(place, canvas.palette.tissue("annulus"), np.float32(fibres) * band * nucleus)


def _fibres(outer: Array, nucleus: Array, reach_mm: float) -> Array:
    """Share of dense fibres and cartilage inside a disc: rising from the nucleus to the rim, all of it along the endplates."""
    dense = np.clip((nucleus - np.float32(FIBRES_FROM_MM)) / np.float32(FIBRES_OVER_MM), 0.0, 1.0)
    cartilage = 1 - coverage(outer + np.float32(CARTILAGE_MM), reach_mm)
    return np.asarray(np.maximum(np.float32(FIBRES_SHARE) * dense, cartilage), np.float32)
