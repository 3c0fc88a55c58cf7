"""The structure of marrow: one of each patient, which all contrasts show, each in its own way."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.levels import verse_id
from spinemets.phantom.anatomy.vertebra import Bone, Vertebra
from spinemets.phantom.shape.block import Array
from spinemets.phantom.shape.texture import LATTICE, apart
from spinemets.phantom.tissue.structure import Structure


def textures(
    names: Sequence[str], structure: Structure, where: tuple[Bone, NDArray[np.bool_]], vertebra: Vertebra | None
) -> Array:
    """Fields (name, i, j, k) of mean 1 at the wanted points of a bone, elsewhere near 1.

    Parameters
    ----------
    names
        `fat`: fat fraction over that of the level. `mineral`: mineral likewise. `marrow`: share of the volume that is marrow
        likewise, low where trabeculae are dense.
    where
        Bone, and which of its points are wanted.
    vertebra
        Its level moves the fields, so that no two look alike, and its body is richer in fat and marrow half-way between the
        endplates; None: a bone outside the column.
    """
    bone, wanted = where
    local, middle = bone.local, None
    if vertebra is not None:
        shifts = apart(verse_id(vertebra.level), LATTICE * structure.step_mm)
        local = tuple(  # type: ignore[assignment]
            axis + np.float32(shift) for axis, shift in zip(local, shifts, strict=True)
        )
        half_mm = np.float32(np.mean(vertebra.body.size.height) / 2)
        middle = np.where(bone.body < 0, np.float32(1 / 3) - np.clip((bone.local[2] / half_mm) ** 2, 0.0, 1.0), 0.0)
    centre = table("phantom_anatomy")["texture"]["centre"]
    made = np.empty((len(names), *wanted.shape), np.float32)
    for number, name in enumerate(names):
        field, cv = structure.of(name)
        made[number] = field.log_normal(wanted, local, cv)
        if middle is not None and name in centre:
            made[number] *= 1 + np.float32(centre[name]) * middle
    return made
