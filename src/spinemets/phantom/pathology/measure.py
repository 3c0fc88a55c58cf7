"""Exact sizes of inserts, counted from their functions on a fine lattice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from spinemets.phantom.anatomy.vertebra import Bone, Vertebra
from spinemets.phantom.pathology.inserts import Insert, body_volume_mm3
from spinemets.phantom.pathology.shapes import BODY_REACH_MM, lattice, part_points
from spinemets.phantom.pathology.walls import Breach, surface
from spinemets.phantom.shape.block import Array, Block
from spinemets.phantom.shape.texture import Field

TRUTH_STEP_MM = 0.25


@dataclass(frozen=True, kw_only=True)
class LesionMeasure:
    """Exact size of an insert.

    Attributes
    ----------
    volume_mm3
        Volume of the region inside the bone (marrow space, and shell where it is broken) that later inserts leave.
    centroid_lps_mm
        Centroid of that region.
    body_share
        Share of the level's body that it takes.
    part_volumes_mm3
        Of it, volume of each part that later parts leave.
    """

    volume_mm3: float
    centroid_lps_mm: tuple[float, float, float]
    body_share: float
    part_volumes_mm3: tuple[float, ...]


def measure(
    insert: Insert, vertebra: Vertebra, fields: Mapping[str, Field], later: tuple[Insert, ...] = ()
) -> LesionMeasure:
    """Volumes and centroid from the functions on a 0.25 mm lattice; of a whole bone its body, on 0.5 mm.

    Parameters
    ----------
    fields
        Random fields of the patterns.
    later
        Inserts of the same vertebra that are written over this one.
    """
    step, block = _lattice(insert, vertebra)
    bone = vertebra.bone(block)
    inside = held(insert, bone)
    if insert.whole:
        inside &= bone.body < 0
    for over in later:
        inside &= ~held(over, bone)
    volume = float(np.count_nonzero(inside)) * step**3 * insert.share
    index = np.argwhere(inside).mean(axis=0) + block.start
    centroid = block.affine[:3, :3] @ index + block.affine[:3, 3]
    in_body = float(np.count_nonzero(inside & (bone.body < 0))) * step**3
    return LesionMeasure(
        volume_mm3=volume,
        centroid_lps_mm=(float(centroid[0]), float(centroid[1]), float(centroid[2])),
        body_share=in_body / body_volume_mm3(vertebra),
        part_volumes_mm3=_part_volumes(insert, (bone, inside), fields, step),
    )


def held(insert: Insert, bone: Bone) -> Array:
    """Points that belong to an insert: inside its region, and inside the bone that it replaces."""
    limit = bone.outer if insert.breaks_cortex else bone.inner
    return np.asarray((np.broadcast_to(insert.distance(bone), limit.shape) < 0) & (limit < 0))


def breaches(insert: Insert, vertebra: Vertebra) -> tuple[Breach, ...]:
    """What an insert breaks of each wall that it touches; the pedicles' roots are no wall."""
    if not insert.breaks_cortex:
        return ()
    found = surface(vertebra, TRUTH_STEP_MM)
    broken = np.broadcast_to(insert.distance(found.bone), found.area_mm2.shape) < 0
    measured = [
        Breach(
            wall=wall,
            area_mm2=float(found.area_mm2[of_wall & broken].sum()),
            wall_area_mm2=float(found.area_mm2[of_wall].sum()),
        )
        for wall, of_wall in found.of_wall.items()
    ]
    return tuple(breach for breach in measured if breach.area_mm2 > 0)


def arch_shares(insert: Insert, vertebra: Vertebra) -> dict[str, float]:
    """Share of each part of the arch that an insert replaces, of those that it touches; a whole bone has all of each."""
    if insert.whole or set(insert.compartments) <= {"body"}:
        return {}
    shares = {}
    for part in vertebra.arch.rods:
        points = part_points(vertebra, part, step_mm=0.5)
        local = tuple(points[:, n].astype(np.float32) for n in range(3))
        nowhere = np.zeros(len(points), np.float32)
        bone = Bone(outer=nowhere, inner=nowhere, local=(local[0], local[1], local[2]), body=nowhere + np.float32(1))
        share = float(np.mean(np.broadcast_to(insert.distance(bone), nowhere.shape) < 0))
        if share > 0:
            shares[part] = share
    return shares


def _lattice(insert: Insert, vertebra: Vertebra) -> tuple[float, Block]:
    """Step, and the points at which an insert may lie: around its region, no farther than the bone."""
    if insert.whole:
        step, block = 2 * TRUTH_STEP_MM, lattice(vertebra.frame.origin, np.array(BODY_REACH_MM), 2 * TRUTH_STEP_MM)
    else:
        centre, reach = insert.region.box
        step, block = TRUTH_STEP_MM, lattice(vertebra.frame.lps(*centre), np.full(3, reach), TRUTH_STEP_MM)
    found = block.within(vertebra.box)
    return step, block if found is None else found[1]


def _part_volumes(
    insert: Insert, where: tuple[Bone, Array], fields: Mapping[str, Field], step_mm: float
) -> tuple[float, ...]:
    """Volume of each part: later ones take from earlier ones."""
    bone, inside = where
    parts = insert.all_parts
    if len(parts) == 1 and parts[0].pattern is None:
        return (float(np.count_nonzero(inside)) * step_mm**3 * insert.share,)
    distance = np.broadcast_to(insert.distance(bone), inside.shape)[inside]
    there = Bone(
        outer=bone.outer[inside],
        inner=bone.inner[inside],
        local=tuple(np.broadcast_to(c, inside.shape)[inside] for c in bone.local),  # type: ignore[arg-type]
        body=bone.body[inside],
    )
    free = np.full(distance.shape, insert.share)
    volumes = []
    for part in reversed(parts):
        taken = free * (distance + part.inset_mm < 0)
        if part.pattern is not None:
            taken = taken * part.pattern.share_at(there, fields, step_mm)
        free = free - taken
        volumes.append(float(taken.sum()) * step_mm**3)
    return tuple(reversed(volumes))
