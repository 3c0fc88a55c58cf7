"""The field of one patient: tissues and parts of every voxel around a level, made once and read by many samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.phantom.assembly import Anatomy, assemble
from spinemets.phantom.imaging.paint import paint_on
from spinemets.phantom.shape.block import Block
from spinemets.phantom.shape.texture import stream
from spinemets.phantom.tissue.tissues import tissue
from spinemets.phantom.training.distractors import scatter
from spinemets.phantom.training.infiltration import Infiltration
from spinemets.phantom.training.materials import CodeCanvas, Codes, Material
from spinemets.phantom.training.parts import SACRUM, Parts, part_map, parts_of
from spinemets.phantom.training.patients import drawn_patient
from spinemets.phantom.training.recipe import Recipe
from spinemets.phantom.training.shapes import ArchShapes
from spinemets.phantom.training.surroundings import clothe

# Samples painted at once.
SAMPLES = 700_000
# Air kept behind the back.
BEHIND_MM = 18.0
# A spine that bends to the side still lies inside the field with this to spare.
ASIDE_MM = 20.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Field:
    """What a patient is made of, voxel by voxel along left, back and up.

    Attributes
    ----------
    tissues
        uint16, number of the mixture of two materials in each voxel; the highest bit as `layers.mark` sets it.
    mixtures
        uint8 (n, 3): code of most, code of the rest, sixteenths of the rest.
    where
        uint8, number of the part (`parts`) that holds each voxel's centre; the highest bit likewise.
    affine
        4 x 4, voxel to LPS mm.
    materials
        By code.
    bodies
        Centre of each body in LPS mm by instance number.
    canal
        (n, 3), midline of the canal in LPS mm from the head down.
    metal
        (n, 2, 3), ends of the bars of metal in LPS mm.
    about
        Patient, level in the middle, diseases.
    """

    tissues: NDArray[np.uint16]
    mixtures: NDArray[np.uint8]
    where: NDArray[np.uint8]
    affine: NDArray[np.float64]
    materials: tuple[Material, ...]
    parts: Parts
    bodies: Mapping[int, NDArray[np.float64]]
    canal: NDArray[np.float64]
    metal: NDArray[np.float64]
    middle: NDArray[np.float64]
    about: Mapping[str, Any]


def field_of(recipe: Recipe, seed: int, name: str) -> Field:
    """Field of the patient of that name: the same seed and name give the same one."""
    drawn = drawn_patient(recipe, stream(seed, name))
    patient_seed = int(stream(seed, f"{name}/seed").integers(2**31))
    anatomy = assemble(drawn.case, patient_seed, shaped=ArchShapes(recipe["arch"], patient_seed).shaped)
    block = _block(anatomy, drawn.middle, recipe.grid)
    codes, parts = Codes.empty(), parts_of(anatomy, recipe["labels"]["codes"])
    tissues, mixtures, where = _voxels(anatomy, block, (codes, parts), (recipe, patient_seed))
    return Field(
        tissues=tissues,
        mixtures=mixtures,
        where=where,
        affine=block.affine,
        materials=tuple(codes.materials),
        parts=parts,
        bodies=_bodies(anatomy, parts),
        canal=_midline(anatomy, recipe["labels"]["canal_seed_mm"]),
        metal=np.array([(b.start, b.end) for b in anatomy.metal if _metallic(b.material)], float).reshape(-1, 2, 3),
        middle=np.array(anatomy.frames[drawn.middle].origin),
        about={"patient": name, "middle": drawn.middle, "diseases": drawn.diseases, "person": drawn.case.patient},
    )


def _metallic(material: str) -> bool:
    """Whether a material is beyond the scale of CT, which cement and polymers are not."""
    return tissue(material).hu > float(table("tissues")["metal_limit_hu"])


def _block(anatomy: Anatomy, middle: str, grid: Mapping[str, Any]) -> Block:
    """Points of the field: around the column between the heights it shows, from the air behind the back forwards."""
    step = grid["step_mm"]
    size = np.array(grid["field_mm"], float)
    height = float(anatomy.frames[middle].origin[2])
    seen = [f.origin[0] for f in anatomy.frames.values() if abs(f.origin[2] - height) < size[2] / 2]
    size[0] = max(size[0], np.ptp(seen) + 2 * ASIDE_MM)
    heights = height + np.linspace(-0.5, 0.5, 31) * size[2]
    back = float(anatomy.column.back.at(heights.astype(np.float32)).max()) + BEHIND_MM
    affine = np.diag([step, step, step, 1.0])
    affine[:3, 3] = ((min(seen) + max(seen) - size[0]) / 2, back - size[1], height - size[2] / 2)
    n_x, n_y, n_z = (round(length / step) for length in size)
    return Block(affine=affine, start=(0, 0, 0), shape=(n_x, n_y, n_z), reach_mm=step)


def _voxels(
    anatomy: Anatomy, block: Block, of: tuple[Codes, Parts], drawn: tuple[Recipe, int]
) -> tuple[NDArray[np.uint16], NDArray[np.uint8], NDArray[np.uint8]]:
    """Mixture of each voxel, the mixtures, and part of each voxel, slab by slab."""
    from spinemets.phantom.training import layers  # lazy: compiled

    (codes, parts), (recipe, seed) = of, drawn
    tissues, where = np.empty(block.shape, np.uint16), np.empty(block.shape, np.uint8)
    patches = Infiltration.drawn(recipe["infiltration"], stream(seed, "infiltration"))
    known, mixtures, n = np.full(2**21, -1, np.int32), np.zeros((2**15, 3), np.uint8), 0
    n_x, n_y, n_z = block.shape
    thick = max(1, SAMPLES // (n_y * n_z))
    for first in range(0, n_x, thick):
        slab = block.part((slice(first, min(first + thick, n_x)), slice(0, n_y), slice(0, n_z)))
        here = slice(first, first + slab.shape[0])
        held = np.zeros((3, *slab.shape), np.uint8)
        canvas = CodeCanvas(channels=np.empty((1, 0, 0, 0), np.float32), block=slab, palette=codes, held=held)
        paint_on(canvas, anatomy)
        where[here] = part_map(anatomy, slab, parts, recipe["labels"])
        clothe(canvas, where[here] > 0, anatomy.vertebrae, recipe["surroundings"], stream(seed, "surroundings"))
        patches.lay_on(canvas, where[here] > 0, anatomy.canal)
        scatter(canvas, where[here] > 0, block, recipe["distractors"], stream(seed, "distractors"))
        n = layers.compress(tissues[here], held, known, mixtures, n)
    layers.mark(tissues, where)
    return tissues, mixtures[:n].copy(), where


def _bodies(anatomy: Anatomy, parts: Parts) -> dict[int, NDArray[np.float64]]:
    """Centres of the bodies, S1's among them, by instance."""
    number = {name: n for n, name in enumerate(parts.names, start=1)}
    found = {number[v.level]: np.array(v.frame.origin) for v in anatomy.vertebrae}
    return {**found, number[SACRUM]: np.array(anatomy.sacrum.s1_frame.origin)}


def _midline(anatomy: Anatomy, step_mm: float) -> NDArray[np.float64]:
    """Midline of the canal, from the uppermost body down to where the sac ends."""
    tube = anatomy.canal
    z = np.arange(float(anatomy.vertebrae[0].frame.origin[2]), tube.end_z + step_mm, -step_mm).astype(np.float32)
    return np.stack([tube.x.at(z), tube.y.at(z), z], axis=1).astype(np.float64)
