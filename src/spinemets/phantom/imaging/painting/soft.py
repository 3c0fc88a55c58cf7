"""Soft tissue of the trunk: muscle carries streaks of fat, fat carries vessels."""

from __future__ import annotations

import numpy as np

from spinemets.phantom.anatomy.trunk import Soft
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.imaging.painting.canvas import Canvas, Found, inside
from spinemets.phantom.shape.distance import coverage
from spinemets.phantom.shape.narrow import narrowed


def soft_tissue(canvas: Canvas, anatomy: Anatomy) -> None:
    """All soft structures, in their order."""
    for soft, found in canvas.met(anatomy.soft):
        _soft(canvas, anatomy, soft, found)


def brain(canvas: Canvas, anatomy: Anatomy) -> None:
    """What lies in the skull, over the upper end of the canal."""
    for soft, found in canvas.met(anatomy.brain):
        _soft(canvas, anatomy, soft, found)


def _soft(canvas: Canvas, anatomy: Anatomy, soft: Soft, met: Found) -> None:
    """One soft structure; muscle carries streaks of fat, fat carries vessels."""
    near = narrowed(met[1], soft.distance)
    if near is None:
        return
    place = inside(met[0], near[0])
    part = near[1]
    distance = soft.distance(part)
    if distance.min() > part.reach_mm / 2:
        return
    share = coverage(np.broadcast_to(distance, part.shape), part.reach_mm)
    canvas.fill(place, canvas.palette.tissue(soft.tissue), share)
    if soft.marbled:
        streaks = anatomy.fields["marbling"].where(share > 0, part.axes)
        # Streaks start where the field is in its upper half; their mean is about the stated share.
        streaks -= np.float32(0.6)
        np.clip(streaks, 0.0, 1.0, out=streaks)
        streaks *= np.float32(4 * soft.marbled)
        share *= np.minimum(streaks, np.float32(0.8), out=streaks)
        canvas.fill(place, canvas.palette.tissue(soft.streaks), share)
