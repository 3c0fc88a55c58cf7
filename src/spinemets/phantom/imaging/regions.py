"""Region map: which part of a vertebra, disc or canal a voxel is, from the same functions that the images are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.model.grid import Grid
from spinemets.phantom.anatomy.vertebra import Vertebra
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.imaging.labels import bones_without_body, chunks
from spinemets.phantom.shape.block import Array, Block, Box, Slices
from spinemets.phantom.shape.distance import Rod, union

Codes = dict[str, int]
# Name, box, distance.
Part = tuple[str, Box, Callable[[Block], Array]]
# Fillet between the rods of one part.
JOINED_MM = 1.0


def _codes() -> Codes:
    found: Codes = table("phantom_anatomy")["regions"]["codes"]
    return found


def region_labels(anatomy: Anatomy, grid: Grid) -> NDArray[np.int16]:
    """int16 map on a grid: a voxel belongs to the part that holds its centre; which level it is says the map of structures.

    Integers stand in the table `phantom_anatomy`, block `regions`.

    Inside the surface of a body: `endplate_superior`, `endplate_inferior` and `cortex` where the shell is, else `body`. Elsewhere
    in a vertebra the nearest part of the arch. The shell of the arch belongs to its parts. In the canal `sac` is the fluid around cord
    and roots, `root` also that on its way out, and what no ligament, vein or nerve takes of the epidural space is `epidural_fat`;
    masses have a map of their own.
    """
    labels, codes = np.zeros(grid.shape_ijk, np.int16), _codes()
    for block in chunks(grid):
        here = labels[:, :, block.start[2] : block.start[2] + block.shape[2]]
        for place, inside, part in (*_met(anatomy, block, codes), *_canal(anatomy, block, codes)):
            free = inside & (here[place] == 0)
            here[place][free] = np.broadcast_to(part, free.shape)[free]
    return labels


def _met(anatomy: Anatomy, block: Block, codes: Codes) -> Iterator[tuple[Slices, NDArray[np.bool_], Array]]:
    """Place, what lies inside, and its parts, of each structure that meets a block, in the order in which they win."""
    for vertebra in anatomy.vertebrae:
        found = block.within(vertebra.box)
        if found is not None:
            yield found[0], *_vertebra(vertebra, found[1], codes)
    for name, (place, inside) in bones_without_body(anatomy, block):
        yield place, inside, np.asarray(codes[name], np.int16)
    for disc in anatomy.discs:
        found = block.within(disc.box)
        if found is not None:
            inside = np.broadcast_to(disc.distance(found[1])[0] < 0, found[1].shape)
            yield found[0], inside, np.asarray(codes["disc"], np.int16)


def _canal(anatomy: Anatomy, block: Block, codes: Codes) -> Iterator[tuple[Slices, NDArray[np.bool_], Array]]:
    """What fills and lines the canal, where neither bone nor disc is."""
    canal, lining = anatomy.canal, anatomy.lining

    def ligament(part: Block) -> Array:
        return np.minimum(lining.longitudinal(part), lining.septum(part))

    def bars(name: str, rods: Iterable[Rod]) -> Iterator[Part]:
        return ((name, rod.box, rod.distance) for rod in rods)

    parts: tuple[Part, ...] = (
        ("cord", canal.box, canal.cord),
        ("root", canal.box, canal.roots),
        ("sac", canal.box, canal.sac),
        ("posterior_longitudinal", canal.box, ligament),
        *(("flavum", rod.box, partial(lining.flavum, rod)) for rod in lining.flava.values()),
        *bars("ganglion", lining.ganglia.values()),
        *bars("root", anatomy.roots),
        ("epidural_veins", canal.box, lining.veins),
        ("epidural_fat", canal.box, canal.fat),
        *bars("epidural_fat", lining.pads.values()),
    )
    for name, box, distance in parts:
        found = block.within(box)
        if found is not None:
            inside = np.broadcast_to(distance(found[1]) < 0, found[1].shape)
            yield found[0], inside, np.asarray(codes[name], np.int16)


def _vertebra(vertebra: Vertebra, part: Block, codes: Codes) -> tuple[NDArray[np.bool_], Array]:
    """What lies inside a vertebra, and its parts."""
    bone = vertebra.bone(part)
    names = list(vertebra.arch.rods)
    apart = np.stack([union(part, vertebra.arch.rods[name], JOINED_MM) for name in names])
    arch_of = table("phantom_anatomy")["regions"]["arch"]
    numbers = np.array([codes[arch_of.get(name, name)] for name in names], np.int16)
    parts = numbers[np.argmin(apart, axis=0)]
    near = part.within(vertebra.body_box)
    if near is not None:
        place, block = near
        distance = vertebra.body.distance(*vertebra.frame.local(block))
        at_end = np.maximum(distance.top, distance.bottom) > distance.side
        ends = np.where(distance.top > distance.bottom, codes["endplate_superior"], codes["endplate_inferior"])
        shell = np.where(at_end, ends, codes["cortex"])
        of_body = np.where(bone.inner[place] < 0, codes["body"], shell)
        parts[place] = np.where(bone.body[place] < 0, of_body, parts[place])
    return bone.outer < 0, parts
