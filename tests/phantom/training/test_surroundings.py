"""Fat and vessels beside the bodies."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.phantom.imaging.paint import paint_on
from spinemets.phantom.shape.block import Block
from spinemets.phantom.training.materials import CodeCanvas, Codes
from spinemets.phantom.training.parts import part_map, parts_of
from spinemets.phantom.training.recipe import recipe_of
from spinemets.phantom.training.surroundings import FAT, clothe

RECIPE = recipe_of()
ROW = {**RECIPE["surroundings"], "fat_mm": (1.0, 1.0), "waist_mm": (4.0, 4.0), "vessel": 0.0}


@pytest.fixture(scope="module")
def painted(normal, cube):
    """Function: names of the tissues about L3 at 1 mm before and after, with the parts there."""
    frame = normal.anatomy.frames["L3"]
    block = Block.of_grid(cube(frame.origin, (76, 60, 36), 1.0))
    parts = parts_of(normal.anatomy, RECIPE["labels"]["codes"])
    kept = part_map(normal.anatomy, block, parts, RECIPE["labels"]) > 0

    def of(row, seed=3):
        codes = Codes.empty()
        held = np.zeros((3, *block.shape), np.uint8)
        canvas = CodeCanvas(channels=np.empty((1, 0, 0, 0), np.float32), block=block, palette=codes, held=held)
        paint_on(canvas, normal.anatomy)
        before = held[0].copy()
        clothe(canvas, kept, normal.anatomy.vertebrae, row, np.random.default_rng(seed))
        names = np.array([m.tissue.name for m in codes.materials])
        return names[before], names[held[0]], kept

    return of


def test_waist_holds_fat(painted):
    """At the middle of the body fat lies at its sides where muscle and ligament were; in front and behind nothing changes."""
    before, after, kept = painted(ROW)
    changed = before != after
    assert set(after[changed]) == {FAT}
    assert set(before[changed]) <= {"muscle", "ligament"}
    assert not (changed & kept).any()
    # Not inside the column: the line through the middle of each disc holds what it held.
    column = np.abs(np.arange(changed.shape[0]) - changed.shape[0] // 2) < 16
    assert not changed[column, changed.shape[1] // 2].any()
    thick = changed.sum(axis=0)
    across, up = (n // 2 for n in thick.shape)
    assert 3 <= thick[across, up] / 2 <= 10
    # More in the waist than at the rims.
    assert thick[across, up] > thick[across, up - 13]


def test_vessels_run_beside_the_body(painted):
    """Of the tissues of the recipe, outside what has a label."""
    before, after, kept = painted({**ROW, "vessel": 1.0})
    vessels = np.isin(after, list(ROW["vessel_tissues"])) & (before != after)
    assert vessels.sum() > 20
    assert not (vessels & kept).any()


def test_none_is_possible(painted):
    """Nothing where the recipe has nothing."""
    before, after, _ = painted({**ROW, "fat_mm": (-9.0, -9.0), "waist_mm": (0.0, 0.0)})
    assert np.array_equal(before, after)
