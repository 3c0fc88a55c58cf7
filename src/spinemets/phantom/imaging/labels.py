"""Label maps: samples of the same functions that the images are made of."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from spinemets.model.grid import Grid
from spinemets.phantom.anatomy.atlas import LEVEL as ATLAS
from spinemets.phantom.anatomy.levels import COCCYX_ID, SACRUM_ID, column, verse_id
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.pathology.canal.region import held as soft_held
from spinemets.phantom.pathology.measure import held
from spinemets.phantom.shape.block import Block, Slices

DISC_OFFSET = 100
NUMBERS = {"sacrum": SACRUM_ID, "coccyx": COCCYX_ID, "atlas": verse_id(ATLAS)}
CHUNK = 48


def label_names() -> dict[int, str]:
    """Integer -> name: vertebrae and sacrum by VerSe number, disc below a vertebra = 100 + its number."""
    names = {verse_id(level): level for level in (*column("t13"), "L6")}
    discs = {DISC_OFFSET + number: f"disc_below_{level}" for number, level in names.items() if level != "C1"}
    return {**names, SACRUM_ID: "sacrum", COCCYX_ID: "coccyx", **discs}


def structure_labels(anatomy: Anatomy, grid: Grid) -> NDArray[np.int16]:
    """int16 map on a grid: a voxel belongs to the structure that holds its centre."""
    labels = np.zeros(grid.shape_ijk, np.int16)
    for block in chunks(grid):
        part_of_map = labels[:, :, block.start[2] : block.start[2] + block.shape[2]]
        for vertebra in anatomy.vertebrae:
            found = block.within(vertebra.box)
            if found is not None:
                place, part = found
                inside = vertebra.bone(part).outer < 0
                part_of_map[place][inside & (part_of_map[place] == 0)] = verse_id(vertebra.level)
        for name, inside_of in bones_without_body(anatomy, block):
            place, inside = inside_of
            part_of_map[place][inside & (part_of_map[place] == 0)] = NUMBERS[name]
        for disc in anatomy.discs:
            found = block.within(disc.box)
            if found is not None:
                place, part = found
                inside = np.broadcast_to(disc.distance(part)[0] < 0, part.shape)
                part_of_map[place][inside & (part_of_map[place] == 0)] = DISC_OFFSET + verse_id(disc.level)
    return labels


def lesion_labels(anatomy: Anatomy, grid: Grid) -> NDArray[np.int16]:
    """int16 map: n = n-th insert of the case (from 1), inside the bone that it replaces, later ones win; then soft tissue."""
    labels = np.zeros(grid.shape_ijk, np.int16)
    for block in chunks(grid):
        part_of_map = labels[:, :, block.start[2] : block.start[2] + block.shape[2]]
        for number, insert in enumerate(anatomy.inserts, start=1):
            vertebra = anatomy.vertebra(insert.level)
            found = block.within(vertebra.box)
            if found is not None:
                place, part = found
                part_of_map[place][held(insert, vertebra.bone(part))] = number
        for number, region in enumerate(
            (r for r in anatomy.soft_lesions if r.labelled), start=len(anatomy.inserts) + 1
        ):
            found = block.within(region.box)
            if found is not None:
                place, part = found
                filled = soft_held(region, part, anatomy.vertebrae, anatomy.discs)
                part_of_map[place][filled & (part_of_map[place] == 0)] = number
    return labels


def bones_without_body(anatomy: Anatomy, block: Block) -> Iterator[tuple[str, tuple[Slices, NDArray[np.bool_]]]]:
    """Sacrum, coccyx and atlas where they meet a block: name, place, and what lies inside."""
    low, ring = anatomy.sacrum, anatomy.atlas
    for name, box, distance in (
        ("sacrum", low.box, low.distance),
        ("coccyx", low.coccyx_box, low.coccyx_distance),
        ("atlas", ring.box, ring.distance),
    ):
        found = block.within(box)
        if found is not None:
            yield name, (found[0], np.asarray(distance(found[1]) < 0))


def chunks(grid: Grid) -> list[Block]:
    """The grid in slabs along k."""
    reach = float(np.mean(grid.spacing_mm))
    n_i, n_j, n_k = grid.shape_ijk
    return [
        Block(
            affine=np.array(grid.affine_lps_mm),
            start=(0, 0, first),
            shape=(n_i, n_j, min(CHUNK, n_k - first)),
            reach_mm=reach,
        )
        for first in range(0, n_k, CHUNK)
    ]
