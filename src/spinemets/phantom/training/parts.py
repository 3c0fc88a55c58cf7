"""Label geometry of a patient: the part that each voxel of a field lies in, from the functions the images are made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinemets.phantom.anatomy.atlas import LEVEL as ATLAS
from spinemets.phantom.anatomy.disc import Disc
from spinemets.phantom.anatomy.vertebra import Vertebra
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.shape.block import Array, Block, Slices
from spinemets.phantom.training.recipe import Row

SACRUM = "sacrum"
MOST = 128
Met = tuple[Slices, NDArray[np.bool_], Array]


@dataclass(frozen=True, kw_only=True, eq=False)
class Parts:
    """Numbers of the parts of a patient: class and instance of each.

    Attributes
    ----------
    classes, instances
        uint8 by part number; number 0 is nothing.
    names
        Level by instance, from 1.
    """

    classes: NDArray[np.uint8]
    instances: NDArray[np.uint8]
    names: tuple[str, ...]

    def number(self, code: int, instance: int) -> int:
        """Part of a class and an instance."""
        return int(np.flatnonzero((self.classes == code) & (self.instances == instance))[0])


def parts_of(anatomy: Anatomy, codes: Row) -> Parts:
    """Parts of a patient: four of each vertebra with the disc below, the rest once."""
    names = (ATLAS, *(vertebra.level for vertebra in anatomy.vertebrae), SACRUM)
    rows = [(codes["background"], 0)]
    for instance, name in enumerate(names, start=1):
        own = ("sacrum", "sacral_body", "border") if name == SACRUM else ("body", "border", "posterior", "disc")
        rows += [(codes[kind], instance) for kind in own]
    rows += [(codes[kind], 0) for kind in ("canal", "cord", "rib")]
    classes, instances = np.array(rows, np.uint8).T
    # Seven bits count them.
    room = (0, MOST - len(rows))
    return Parts(classes=np.pad(classes, room), instances=np.pad(instances, room), names=names)


def part_map(anatomy: Anatomy, block: Block, parts: Parts, labels: Row) -> NDArray[np.uint8]:
    """Number of the part that holds each point of a block; the first structure that claims a point has it."""
    found = np.zeros(block.shape, np.uint8)
    for place, inside, numbers in _met(anatomy, block, parts, labels):
        free = inside & (found[place] == 0)
        found[place][free] = np.broadcast_to(numbers, free.shape)[free]
    return found


def _met(anatomy: Anatomy, block: Block, parts: Parts, labels: Row) -> Iterator[Met]:
    codes, border = labels["codes"], np.float32(labels["border_mm"])
    number = {name: n for n, name in enumerate(parts.names, start=1)}
    for vertebra in anatomy.vertebrae:
        own = {kind: parts.number(codes[kind], number[vertebra.level]) for kind in ("body", "border", "posterior")}
        yield from _vertebra(vertebra, block, own, border)
    yield from _sacrum(anatomy, block, (parts, codes, number[SACRUM]), border)
    ring = anatomy.atlas
    yield from _inside(block, ring, parts.number(codes["posterior"], number[ATLAS]))
    for disc in anatomy.discs:
        met = block.within(disc.box)
        if met is not None:
            inside = np.broadcast_to(disc.distance(met[1])[0] < -_rim(disc, labels["disc_rim"]), met[1].shape)
            yield met[0], inside, np.asarray(parts.number(codes["disc"], number[disc.level]), np.uint8)
    met = block.within(anatomy.canal.box)
    if met is not None:
        for kind, distance in (("cord", anatomy.canal.cord), ("canal", anatomy.canal.sac)):
            inside = np.broadcast_to(distance(met[1]) < 0, met[1].shape)
            yield met[0], inside, np.asarray(parts.number(codes[kind], 0), np.uint8)
    for bone in anatomy.other_bone:
        if bone.name.startswith(labels["rib_names"]):
            yield from _inside(block, bone, parts.number(codes["rib"], 0))


def _rim(disc: Disc, row: Row) -> np.float32:
    """What a disc's label leaves out along its surface: less of a thin disc."""
    return np.float32(min(row["mm"], row["share"] * disc.upper.size.disc[1]))


def _inside(block: Block, thing: object, number: int) -> Iterator[Met]:
    """What lies inside a thing with a box and a distance."""
    met = block.within(thing.box)  # type: ignore[attr-defined]
    if met is not None:
        inside = np.broadcast_to(thing.distance(met[1]) < 0, met[1].shape)  # type: ignore[attr-defined]
        yield met[0], inside, np.asarray(number, np.uint8)


def _vertebra(vertebra: Vertebra, block: Block, own: Row, border: np.float32) -> Iterator[Met]:
    """Marrow and border of a body, and its arch."""
    met = block.within(vertebra.box)
    if met is not None:
        bone = vertebra.bone(met[1])
        of_body = np.where(_border(bone.body, bone.inner, border), own["border"], own["body"])
        yield met[0], bone.outer < 0, np.where(bone.body < 0, of_body, own["posterior"]).astype(np.uint8)


def _border(body: Array, inner: Array | np.float32, border: np.float32) -> Array:
    """Whether a point of a body belongs to its shell, or lies no deeper than a border that voxels can show."""
    return np.asarray((inner >= 0) | (body > -border))


def _sacrum(anatomy: Anatomy, block: Block, of: tuple[Parts, Row, int], border: np.float32) -> Iterator[Met]:
    """Body of S1 with its border, and the rest."""
    low, (parts, codes, number) = anatomy.sacrum, of
    own = {kind: parts.number(codes[kind], number) for kind in ("sacrum", "sacral_body", "border")}
    met = block.within(low.box)
    if met is not None:
        place, part = met
        body = np.broadcast_to(low.s1.distance(*low.s1_frame.local(part)).whole, part.shape)
        of_body = np.where(_border(body, np.float32(-1), border), own["border"], own["sacral_body"])
        yield place, low.distance(part) < 0, np.where(body < 0, of_body, own["sacrum"]).astype(np.uint8)
    met = block.within(low.coccyx_box)
    if met is not None:
        yield met[0], low.coccyx_distance(met[1]) < 0, np.asarray(own["sacrum"], np.uint8)
