"""Things that are no spine."""

from __future__ import annotations

import numpy as np

from spinemets.phantom.shape.block import Block
from spinemets.phantom.training.distractors import scatter
from spinemets.phantom.training.recipe import recipe_of
from tests.phantom.training.test_materials import canvas_of

ROW = {**recipe_of()["distractors"], "number": [12, 12], "radius_mm": [5.0, 9.0]}
SHAPE = (40, 50, 60)


def scattered(kept, **changes):
    """Codes on a canvas at the origin."""
    canvas = canvas_of(SHAPE)
    scatter(canvas, kept, canvas.block, {**ROW, **changes}, np.random.default_rng(7))
    return canvas


def test_lumps_and_tubes_of_the_tissues_named():
    """Several tissues of the recipe, and air between them."""
    canvas = scattered(np.zeros(SHAPE, bool))
    names = {canvas.palette.materials[c].tissue.name for c in np.unique(canvas.held[0])}
    assert len(names) > 3
    assert names <= set(ROW["tissues"])
    assert 0.02 < (canvas.held[0] != 0).mean() < 0.8
    tubes = scattered(np.zeros(SHAPE, bool), tubes=1.0)
    assert (tubes.held[0] != canvas.held[0]).any()


def test_parts_of_the_spine_stay():
    """Nothing is painted where a part is."""
    kept = np.zeros(SHAPE, bool)
    kept[10:30, 10:40] = True
    canvas = scattered(kept)
    assert (canvas.held[0][kept] == 0).all()
    assert (canvas.held[0][~kept] != 0).any()


def test_slabs_join():
    """Painted slab by slab: the same as at once."""
    whole = scattered(np.zeros(SHAPE, bool))
    joined = []
    for first in (0, 20):
        part = canvas_of((20, *SHAPE[1:]))
        field = Block(affine=np.eye(4), start=(0, 0, 0), shape=SHAPE, reach_mm=1.0)
        slab = field.part((slice(first, first + 20), slice(0, 50), slice(0, 60)))
        canvas = type(part)(channels=part.channels, block=slab, palette=part.palette, held=part.held)
        scatter(canvas, np.zeros(slab.shape, bool), field, ROW, np.random.default_rng(7))
        names = np.array([m.tissue.name for m in canvas.palette.materials])
        joined.append(names[canvas.held[0]])
    names = np.array([m.tissue.name for m in whole.palette.materials])
    assert np.array_equal(np.concatenate(joined), names[whole.held[0]])
