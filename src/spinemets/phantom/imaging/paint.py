"""Painting: tissue by tissue, later over earlier, each with the share of the sample it fills.

Several contrasts of the same samples are painted together: geometry and texture are worked out once.
"""

from __future__ import annotations

import numpy as np

from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.imaging.painting.bones import atlas, other_bones, sacrum, vertebra_with_lesions
from spinemets.phantom.imaging.painting.canal import spinal_canal
from spinemets.phantom.imaging.painting.canal_disease import canal_disease, masses_beside_bone
from spinemets.phantom.imaging.painting.canvas import Canvas, palette_of
from spinemets.phantom.imaging.painting.discs import discs_of_column, ligaments
from spinemets.phantom.imaging.painting.lesions import altered_discs
from spinemets.phantom.imaging.painting.soft import brain, soft_tissue
from spinemets.phantom.imaging.signals import Contrast
from spinemets.phantom.shape.block import Array, Block


def paint(anatomy: Anatomy, block: Block, *contrasts: Contrast) -> Array:
    """Channel images (channel, i, j, k) of the patient at a block's points, before blur and noise.

    The channels of several contrasts follow one another. One more contrast costs little: it shares the geometry.
    """
    palette = palette_of(contrasts)
    channels = np.empty((len(palette.texture_of), *block.shape), np.float32)
    channels[:] = palette.tissue("gas")[:, None, None, None]
    canvas = Canvas(channels=channels, block=block, palette=palette)
    paint_on(canvas, anatomy)
    return channels


def paint_on(canvas: Canvas, anatomy: Anatomy) -> None:
    """Paint the patient on a canvas that holds air."""
    soft_tissue(canvas, anatomy)
    discs = [(disc, found, disc.distance(found[1])) for disc, found in canvas.met(anatomy.discs)]
    bones = [(vertebra, found, vertebra.bone(found[1])) for vertebra, found in canvas.met(anatomy.vertebrae)]
    ligaments(canvas, discs, bones)
    spinal_canal(canvas, anatomy)
    brain(canvas, anatomy)
    canal_disease(canvas, anatomy)
    discs_of_column(canvas, discs, anatomy.dried)
    altered_discs(canvas, anatomy, discs)
    other_bones(canvas, anatomy)
    sacrum(canvas, anatomy)
    atlas(canvas, anatomy)
    for vertebra, found, bone in bones:
        vertebra_with_lesions(canvas, anatomy, vertebra, (found, bone))
    masses_beside_bone(canvas, anatomy)
    for rod, found in canvas.met(anatomy.metal):
        canvas.cover(found, rod.material, rod.distance(found[1]))
