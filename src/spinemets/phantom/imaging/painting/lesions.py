"""What an insert writes into bone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinemets.phantom.anatomy.vertebra import Bone
from spinemets.phantom.imaging.painting.canvas import Canvas
from spinemets.phantom.pathology.inserts import Insert
from spinemets.phantom.shape.block import Array
from spinemets.phantom.shape.texture import Field
from spinemets.phantom.tissue.tissues import Tissue, tissue


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """What replaces a part of a bone: share of each sample, (base, slope) by channel, whether the shell is replaced too."""

    share: Array
    mixture: Array
    in_shell: bool


def lesion(canvas: Canvas, insert: Insert, where: tuple[Bone, float], host: tuple[Tissue, Field]) -> list[Layer]:
    """The tissue that an insert writes; where it is mixed, dense tissue with lytic islands in it."""
    bone, reach_mm = where
    around, islands = host
    written = tissue(insert.tissue)
    mineral = written.mineral_mg_per_ml
    if insert.mineral_retained is not None:
        mineral = insert.mineral_retained * around.mineral_mg_per_ml
    member = insert.membership(bone, reach_mm)
    mixture = canvas.palette.spongy(written, mineral)
    if insert.kind != "mixed":
        return [Layer(share=member, mixture=mixture, in_shell=insert.breaks_cortex)]
    blastic = tissue("blastic_tumour")
    lytic = member * insert.lytic_part(bone, islands)
    # Of the host (1 - member) must be left under both layers: (1 - dense)(1 - lytic) = 1 - member.
    dense = (member - lytic) / np.maximum(1 - lytic, np.float32(1e-6))
    return [
        Layer(
            share=dense,
            mixture=canvas.palette.spongy(blastic, blastic.mineral_mg_per_ml),
            in_shell=insert.breaks_cortex,
        ),
        Layer(share=lytic, mixture=mixture, in_shell=insert.breaks_cortex),
    ]
