"""The whole trunk in the order in which it is painted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.alignment import Place
from spinemets.phantom.anatomy.sacrum import Sacrum
from spinemets.phantom.anatomy.sizes import LevelSize, Patient
from spinemets.phantom.anatomy.trunk.column import Column
from spinemets.phantom.anatomy.trunk.contour import Contours, Profile, contours
from spinemets.phantom.anatomy.trunk.couch import couch
from spinemets.phantom.anatomy.trunk.habitus import Habitus, habitus
from spinemets.phantom.anatomy.trunk.head import head
from spinemets.phantom.anatomy.trunk.limbs import flesh, shoulder_bones
from spinemets.phantom.anatomy.trunk.lungs import lungs
from spinemets.phantom.anatomy.trunk.muscles import muscles, tubes
from spinemets.phantom.anatomy.trunk.organs import gut, organs
from spinemets.phantom.anatomy.trunk.pelvis import bars, femora, hip_bones, symphysis
from spinemets.phantom.anatomy.trunk.ribs import ribs, sternum
from spinemets.phantom.anatomy.trunk.structures import Bone, Soft, bone_of, soft_of
from spinemets.phantom.anatomy.trunk.vessels import chest_vessels, trunk_vessels
from spinemets.phantom.shape.block import Block

# Points between which it is looked for whether a structure leaves its cavity.
LOOK_MM = 7.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Trunk:
    """Soft structures in the order in which they are painted, those over the upper end of the canal, the bones over all of them."""

    soft: tuple[Soft, ...]
    brain: tuple[Soft, ...]
    bones: tuple[Bone, ...]


def trunk(
    col: Column,
    column: tuple[Mapping[str, LevelSize], Mapping[str, Place]],
    ends: tuple[Place, Sacrum],
    patient: Patient,
    seed: int,
) -> Trunk:
    """Everything around the spine of a patient.

    Parameters
    ----------
    column
        Sizes and frames of the levels.
    ends
        Frame of the atlas, and the sacrum.
    """
    levels, frames = column
    h = habitus(col, frames["S1"], patient)
    body, top = contours(h), head(ends[0], h.size, h.fat)
    chest = body.cage.inset(table("phantom_trunk")["cage"]["inside_mm"])
    bony = ribs(h, body.cage, levels, frames)
    larynx = table("phantom_trunk")["larynx"]
    bones = (
        *bony.bones,
        *sternum(h, body.cage),
        *shoulder_bones(h),
        *hip_bones(h, ends[1]),
        *femora(h),
        bone_of("hyoid", bars(h, larynx["hyoid"])),
        *top.bones,
    )
    soft = (
        *couch(h, body),
        *_layered([*body.layers(), top.layers, *flesh(h)]),
        *body.contents(),
        *_inside(h, body, chest, seed),
        *trunk_vessels(h),
        *muscles(h),
        *tubes(h),
        *(soft_of(name, "cartilage", bars(h, larynx[name])) for name in ("thyroid_cartilage", "cricoid")),
        *top.outside,
        *bony.cartilages,
        *symphysis(h),
    )
    return Trunk(soft=soft, brain=top.brain, bones=bones)


def _layered(parts: Iterable[tuple[Soft, Soft, Soft]]) -> list[Soft]:
    """All skin, then all fat, then all muscle: parts that meet leave no skin between them."""
    return [soft for layer in zip(*parts, strict=True) for soft in layer]


def _inside(h: Habitus, body: Contours, chest: Profile, seed: int) -> list[Soft]:
    """Lungs, great vessels of the chest, gut and organs, none of them beyond what ribs and wall enclose."""
    solid = organs(h)
    heart = next(organ for organ in solid if organ.name == "heart")
    return [
        *lungs(h, chest, heart),
        *chest_vessels(h),
        *(_kept(soft, body.cavity) for soft in (*gut(h, seed), *solid)),
    ]


def _kept(soft: Soft, cavity: Profile) -> Soft:
    """What of a structure lies in a cavity; the structure itself where all of it does."""
    low, high = np.array(soft.box)
    steps = np.maximum(np.ceil((high - low) / LOOK_MM), 2).astype(int)
    affine = np.diag([*((high - low) / (steps - 1)), 1.0])
    affine[:3, 3] = low
    look = Block(affine=affine, start=(0, 0, 0), shape=(steps[0], steps[1], steps[2]), reach_mm=1.0)
    if not ((soft.distance(look) < LOOK_MM / 2) & (cavity.section(look) > -LOOK_MM)).any():
        return soft
    return replace(
        soft, distance=lambda block: np.maximum(soft.distance(block), cavity.section(block) + np.float32(1.0))
    )
