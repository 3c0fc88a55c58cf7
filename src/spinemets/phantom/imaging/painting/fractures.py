"""What a fracture writes into the bone of its level."""

from __future__ import annotations

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.vertebra import Vertebra
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.imaging.painting.canvas import Canvas
from spinemets.phantom.imaging.painting.lesions import Layer, blurred_share
from spinemets.phantom.pathology.fracture import pedicle, regions
from spinemets.phantom.shape.block import Array, Block
from spinemets.phantom.tissue.tissues import tissue


def fracture_layers(canvas: Canvas, anatomy: Anatomy, vertebra: Vertebra, part: Block) -> list[Layer]:
    """Layers of a broken level, lower first: what changed the marrow, the band, the cleft; none where nothing is broken."""
    if vertebra.level not in anatomy.broken:
        return []
    fracture, measured = anatomy.broken[vertebra.level]
    rows, palette, host = table("phantom_anatomy")["fracture"], canvas.palette, anatomy.hosts[vertebra.level]
    near = part.within(vertebra.body_box)
    if near is None:
        return []
    place, block = near
    found = regions(fracture, vertebra, block, anatomy.fields["islands"])
    reach_mm = block.reach_mm
    changed = blurred_share(found.changed, reach_mm, rows["oedema_edge_mm"]) * (1 - found.spared)
    changed = changed * blurred_share(found.body, reach_mm, 1.0)
    for side in fracture.pedicles:
        behind = pedicle(vertebra, side, block, found.body) - np.float32(rows["margin_mm"])
        changed = np.maximum(changed, blurred_share(behind, reach_mm, 1.0))
    if fracture.tumour:
        written, share = tissue(rows["tumour_tissue"]), rows["tumour_share"]
        mineral = rows["tumour_mineral_retained"] * host.mineral_mg_per_ml
    else:
        written, share = tissue(rows["oedema_tissue"]), rows["oedema_share"][fracture.age]
        mineral = host.mineral_mg_per_ml
    layers = [(changed * np.float32(share), palette.spongy(written, mineral))]
    if fracture.band_mm:
        band = blurred_share(found.band, reach_mm, rows["band_edge_mm"]) * blurred_share(found.body, reach_mm, 1.0)
        # The host shows through the rest of the band's share.
        gain = 1 + (measured.band_gain() - 1) / rows["band_share"]
        dense = palette.spongy(tissue(rows["band_tissue"]), gain * host.mineral_mg_per_ml)
        layers.append((band * np.float32(rows["band_share"]), dense))
    if fracture.cleft_ml:
        name = rows["gas_tissue"] if fracture.gas else rows["fluid_tissue"]
        layers.append((blurred_share(found.cleft, reach_mm, 0.0), palette.plain(name)))
    return [Layer(share=_spread(share, place, part.shape), mixture=m, in_shell=False) for share, m in layers]


def _spread(share: Array, place: tuple[slice, slice, slice], shape: tuple[int, int, int]) -> Array:
    """Shares of a part of a block in the whole of it."""
    whole = np.zeros(shape, np.float32)
    whole[place] = share
    return whole
