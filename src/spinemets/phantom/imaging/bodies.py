"""Body map: which tissue, organ or bone of the whole trunk a voxel is, from the same functions that the images are made of."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.model.grid import Grid
from spinemets.phantom.anatomy.trunk import Bone, Soft
from spinemets.phantom.anatomy.trunk.structures import Distance
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.imaging.labels import bones_without_body, chunks
from spinemets.phantom.imaging.painting.canvas import inside
from spinemets.phantom.shape.block import Block, Box, Slices
from spinemets.phantom.shape.narrow import narrowed

Met = tuple[str, Slices, NDArray[np.bool_]]


@cache
def class_of(name: str) -> str:
    """Class of a structure by its name.

    Raises
    ------
    KeyError
        If the table has no class for it.
    """
    rows = table("phantom_anatomy")["body_map"]
    for word in reversed(name.split("_")):
        if word in rows["endings"]:
            return str(rows["endings"][word])
    fitting = [start for start in rows["classes"] if name.startswith(start)]
    if not fitting:
        raise KeyError(f"the body map has no class for {name}")
    return str(rows["classes"][max(fitting, key=len)])


def body_labels(anatomy: Anatomy, grid: Grid) -> NDArray[np.int16]:
    """int16 map on a grid: a voxel is what is painted last over its centre; 0 = the air around the patient.

    Integers stand in the table `phantom_anatomy`, block `body_map`. Streaks within a tissue, roots and disease are left out; the parts
    of the spine are one class each of bone, disc and canal (`regions` and `labels` tell them apart).
    """
    labels = np.zeros(grid.shape_ijk, np.int16)
    codes = table("phantom_anatomy")["body_map"]["codes"]
    for block in chunks(grid):
        here = labels[:, :, block.start[2] : block.start[2] + block.shape[2]]
        for name, place, held in _painted(anatomy, block):
            here[place][held] = codes[name]
    return labels


def _painted(anatomy: Anatomy, block: Block) -> Iterator[Met]:
    """Class, place and what lies inside of everything that meets a block, in the order in which it is painted."""
    for soft in anatomy.soft:
        yield from _narrow(class_of(soft.name), soft, block)
    canal = anatomy.canal
    yield from _one("canal", canal.box, canal.fat, block)
    for soft in anatomy.brain:
        yield from _narrow(class_of(soft.name), soft, block)
    for disc in anatomy.discs:
        yield from _one("disc", disc.box, lambda part, of=disc: of.distance(part)[0], block)  # type: ignore[misc]
    for bone in anatomy.other_bone:
        yield from _narrow(class_of(bone.name), bone, block)
    for _, (place, held) in bones_without_body(anatomy, block):
        yield "spine", place, held
    for vertebra in anatomy.vertebrae:
        yield from _one("spine", vertebra.box, lambda part, of=vertebra: of.bone(part).outer, block)  # type: ignore[misc]


def _one(name: str, box: Box, distance: Distance, block: Block) -> Iterator[Met]:
    """One structure where its box meets the block."""
    found = block.within(box)
    if found is not None:
        place, part = found
        yield name, place, np.broadcast_to(distance(part) < 0, part.shape)


def _narrow(name: str, of: Soft | Bone, block: Block) -> Iterator[Met]:
    """One structure near which alone its distance is worked out."""
    found = block.within(of.box)
    near = None if found is None else narrowed(found[1], of.distance)
    if found is not None and near is not None:
        place, part = near
        yield name, inside(found[0], place), np.broadcast_to(of.distance(part) < 0, part.shape)
