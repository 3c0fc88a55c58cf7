"""What benign changes write into the bone of their level."""

from __future__ import annotations

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.vertebra import Vertebra
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.imaging.painting.canvas import Canvas
from spinemets.phantom.imaging.painting.lesions import Layer, blurred_share
from spinemets.phantom.pathology.degenerative import SCHMORL
from spinemets.phantom.shape.block import Block
from spinemets.phantom.tissue.tissues import tissue


def benign_layers(canvas: Canvas, anatomy: Anatomy, vertebra: Vertebra, part: Block) -> list[Layer]:
    """Layers of a level's benign changes; a Schmorl node is disc tissue within a dense rim and opens the endplate."""
    rows, palette = table("phantom_anatomy")["benign"], canvas.palette
    host, layers = anatomy.hosts[vertebra.level], []
    for change in anatomy.benign:
        if change.level != vertebra.level:
            continue
        distance = change.distance(vertebra, part)
        if change.kind == SCHMORL:
            rim = tissue(rows["rim_tissue"])
            dense = palette.spongy(rim, rows["rim_gain"] * host.mineral_mg_per_ml)
            around = blurred_share(distance - np.float32(rows["rim_mm"]), part.reach_mm, 1.0)
            layers.append(Layer(share=around, mixture=dense, in_shell=False))
            core = palette.plain(rows["tissue"][change.kind])
            layers.append(Layer(share=blurred_share(distance, part.reach_mm, 0.0), mixture=core, in_shell=True))
        else:
            written = tissue(rows["tissue"][change.kind])
            mixture = palette.spongy(written, rows["gain"][change.kind] * host.mineral_mg_per_ml)
            layers.append(
                Layer(share=blurred_share(distance, part.reach_mm, rows["edge_mm"]), mixture=mixture, in_shell=False)
            )
    return layers
