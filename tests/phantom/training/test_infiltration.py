"""Fat, veins and fluid between the muscles."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.imaging.paint import paint_on
from spinemets.phantom.shape.block import Block
from spinemets.phantom.training.infiltration import Infiltration
from spinemets.phantom.training.materials import CodeCanvas, Codes
from spinemets.phantom.training.parts import part_map, parts_of
from spinemets.phantom.training.recipe import recipe_of

RECIPE = recipe_of()
FAT = {**RECIPE["infiltration"]["layers"]["fat"], "p": 1.0, "above": (2.0, 2.0), "near": (2.0, 2.0)}
STEP_MM = 1.5


@pytest.fixture(scope="module")
def about_l3(normal, cube):
    """Block about L3, and where parts of the spine lie in it."""
    frame = normal.anatomy.frames["L3"]
    block = Block.of_grid(cube(np.add(frame.origin, (0, 40, 0)), (60, 50, 30), STEP_MM))
    parts = parts_of(normal.anatomy, RECIPE["labels"]["codes"])
    return block, part_map(normal.anatomy, block, parts, RECIPE["labels"]) > 0


@pytest.fixture(scope="module")
def painted(normal, about_l3):
    """Function: names of the tissues before and after patches of these layers, over some slices of the block."""

    def of(layers, seed=3, slices=slice(None)):
        block, kept = about_l3
        i = slice(*slices.indices(block.shape[0]))
        part = block.part((i, *(slice(0, n) for n in block.shape[1:])))
        codes = Codes.empty()
        held = np.zeros((3, *part.shape), np.uint8)
        canvas = CodeCanvas(channels=np.empty((1, 0, 0, 0), np.float32), block=part, palette=codes, held=held)
        paint_on(canvas, normal.anatomy)
        before = held[0].copy()
        patches = Infiltration.drawn({"reach_mm": 30.0, "layers": layers}, np.random.default_rng(seed))
        patches.lay_on(canvas, kept[i], normal.anatomy.canal)
        names = np.array([m.tissue.name for m in codes.materials])
        return names[before], names[held[0]]

    return of


def test_fat_takes_the_place_of_muscle(painted, about_l3):
    """Muscle becomes fat and nothing else changes, and nothing that has a label."""
    _, kept = about_l3
    before, after = painted({"fat": FAT})
    changed = before != after
    assert set(after[changed]) == {"subcutaneous_fat"}
    assert set(before[changed]) <= {"muscle", "interspinous"}
    assert not (changed & kept).any()


def test_it_is_denser_near_the_midline(painted, about_l3):
    """`near` lets the patches fill half of the muscle at the midline, `above` 2 % far away."""
    block, _ = about_l3
    before, after = painted({"fat": FAT})
    muscle, changed = before == "muscle", before != after
    aside = np.abs(np.broadcast_to(block.axes[0] - np.float32(block.axes[0].mean()), block.shape))
    near, far = (float((changed & muscle & at).sum() / (muscle & at).sum()) for at in (aside < 12, aside > 50))
    assert 0.2 < near < 0.6
    assert far < 0.12


def test_slabs_agree_with_the_whole(painted):
    """A field is painted slab by slab: patches go on across."""
    whole = painted({"fat": FAT})[1]
    parts = [painted({"fat": FAT}, slices=s)[1] for s in (slice(0, 30), slice(30, None))]
    assert np.array_equal(np.concatenate(parts), whole)


def test_a_patient_may_have_none(painted):
    """Layers come with their probability."""
    before, after = painted({"fat": {**FAT, "p": 0.0}})
    assert np.array_equal(before, after)
