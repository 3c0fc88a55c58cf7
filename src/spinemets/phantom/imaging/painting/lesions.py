"""What an insert writes into bone, and discs that another tissue fills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from spinemets.phantom.anatomy.vertebra import Bone
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.imaging.painting.canvas import Canvas
from spinemets.phantom.imaging.painting.discs import MetDisc
from spinemets.phantom.pathology.inserts import Insert
from spinemets.phantom.shape.block import Array
from spinemets.phantom.shape.distance import coverage
from spinemets.phantom.shape.texture import Field
from spinemets.phantom.tissue.tissues import Tissue


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """What replaces a part of a bone: share of each sample, (base, slope) by channel, whether the shell is replaced too."""

    share: Array
    mixture: Array
    in_shell: bool


def blurred_share(distance: Array, reach_mm: float, edge_mm: float) -> Array:
    """Share of a region at each sample, its border blurred by the sample and by its own width."""
    return coverage(distance, float(np.hypot(reach_mm, edge_mm)))


def lesion(
    canvas: Canvas, insert: Insert, where: tuple[Bone, float], host: tuple[Tissue, Mapping[str, Field]]
) -> list[Layer]:
    """The tissues that an insert writes, part by part; an even one without the texture of marrow."""
    bone, reach_mm = where
    around, fields = host
    made = canvas.palette.even if insert.even else canvas.palette.spongy
    return [
        Layer(
            share=share,
            mixture=made(part.written, part.mineral_mg_per_ml(around)),
            in_shell=insert.breaks_cortex,
        )
        for part, share in zip(insert.all_parts, insert.shares(bone, fields, reach_mm), strict=True)
    ]


def altered_discs(canvas: Canvas, anatomy: Anatomy, met: list[MetDisc]) -> None:
    """Nucleus and annulus of some discs in another tissue, as in infection."""
    for disc, (place, part), (outer, _) in met:
        if disc.level in anatomy.altered_discs:
            share = coverage(np.broadcast_to(outer, part.shape), part.reach_mm)
            canvas.fill(place, canvas.palette.tissue(anatomy.altered_discs[disc.level]), share)
