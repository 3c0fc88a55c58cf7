"""Hip bones with their sockets, the symphysis, and the femora."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.arch import SIDES
from spinemets.phantom.anatomy.sacrum import Sacrum
from spinemets.phantom.anatomy.trunk.habitus import HIP, Habitus
from spinemets.phantom.anatomy.trunk.structures import Bone, Soft, ball, chain, joined, soft_of
from spinemets.phantom.shape.block import Array, Block
from spinemets.phantom.shape.distance import Rod, union


def bars(h: Habitus, row: dict[str, Any], side: float = 1.0) -> tuple[Rod, ...]:
    """Joined bars of a row of the table, on one side."""
    x, y, z = row.get("across", (0.0, 0.0, 1.0))
    halves = [(h.size * a, h.size * b) for a, b in row["half_mm"]]
    return chain([placed(h, place, side) for place in row["path"]], halves, (side * x, y, z))


def placed(h: Habitus, place: list[Any], side: float = 1.0) -> NDArray[np.float64]:
    """A place of the table, on one side."""
    level, left, behind, up = place
    return h.point(level, side * left, behind, up)


def fan(
    h: Habitus,
    ends: tuple[list[Any], list[list[Any]]],
    halves: tuple[list[float], list[float], list[float]],
    side: float,
) -> tuple[Rod, ...]:
    """A flat bone: bars from a root to the points of an edge, wider where they end, and a bar along the edge.

    Parameters
    ----------
    ends
        Root and edge.
    halves
        Half axes of the root, of the plate at the edge, and of the edge: along it and across.
    """
    root, edge = placed(h, ends[0], side), [placed(h, place, side) for place in ends[1]]
    at_root, plate, rim = ([h.size * v for v in half] for half in halves)
    rods: tuple[Rod, ...] = ()
    for n, end in enumerate(edge):
        along = edge[min(n + 1, len(edge) - 1)] - edge[max(n - 1, 0)]
        rods += chain([root, end], [(at_root[0], at_root[1]), (plate[0], plate[1])], along / np.linalg.norm(along))
    middle = np.mean(edge, axis=0) - root
    return rods + chain(edge, [(rim[0], rim[1])] * len(edge), middle / np.linalg.norm(middle))


def hip_bones(h: Habitus, sacrum: Sacrum) -> list[Bone]:
    """Both hip bones: wing, pubis, ischium, less the socket and the joint with the sacrum."""
    rows, made = table("phantom_trunk")["pelvis"], []
    for name, side in SIDES.items():
        rods = fan(
            h, (rows["root"], rows["crest"]), (rows["root_half_mm"], rows["fan_half_mm"], rows["crest_half_mm"]), side
        )
        rods += bars(h, rows["sacroiliac"], side)
        for row in rows["pubis"]:
            rods += bars(h, row, side)
        rods += (ball(placed(h, rows["cup"]["ball_at"], side), h.size * rows["cup"]["ball_mm"]),)
        made.append(_hip_bone(h, sacrum, (name, side), rods))
    return made


def _hip_bone(h: Habitus, sacrum: Sacrum, of: tuple[str, float], rods: tuple[Rod, ...]) -> Bone:
    rows, (name, side) = table("phantom_trunk")["pelvis"], of
    whole, box = joined(rods, rows["blend_mm"])
    centre = placed(h, [HIP, hip_left(), 0.0, 0.0], side)
    neck = bars(h, table("phantom_trunk")["femur"]["parts"][0], side)
    gap, socket = np.float32(rows["joint_with_sacrum_mm"]), np.float32(h.size * rows["cup"]["radius_mm"])

    def distance(block: Block) -> Array:
        found = whole(block)
        x, y, z = (axis - np.float32(c) for axis, c in zip(block.axes, centre, strict=True))
        # The socket opens outwards and a little forwards.
        found = np.asarray(np.maximum(found, socket - np.sqrt(x * x + y * y + z * z)))
        found = np.maximum(found, 2 * gap - union(block, neck, 1.0))
        near = block.within(sacrum.box)
        if near is not None:
            place, part = near
            found[place] = np.maximum(found[place], gap - sacrum.distance(part))
        return found

    return Bone(name=f"hip_bone_{name}", distance=distance, box=box, rods=rods)


def hip_left() -> float:
    """How far the centre of a femoral head lies from the midline, as the table states places."""
    return float(table("phantom_trunk")["habitus"]["pelvis"]["hip_apart_mm"]) / 2


def femora(h: Habitus) -> list[Bone]:
    """Head and neck with a thin cortex, and the shaft with a thick one."""
    rows, made = table("phantom_trunk")["femur"], []
    for name, side in SIDES.items():
        head = placed(h, [HIP, hip_left(), 0.0, 0.0], side)
        rods: tuple[Rod, ...] = (ball(head, h.size * rows["head_mm"]),)
        for row in rows["parts"][:-1]:
            rods += bars(h, row, side)
        shaft = bars(h, rows["parts"][-1], side)
        for part, bone, blend in (("femur_shaft", shaft, 2.0), ("femur", rods + shaft[:1], 8.0)):
            distance, box = joined(bone, blend)
            thick = rows["cortex_mm"]["shaft" if part == "femur_shaft" else "head"]
            made.append(Bone(name=f"{part}_{name}", distance=distance, box=box, rods=bone, shell_mm=thick))
    return made


def symphysis(h: Habitus) -> list[Soft]:
    """Cartilage between the pubic bones, and the cartilage of the hip joints."""
    rows = table("phantom_trunk")["pelvis"]
    made = [soft_of("symphysis", "cartilage", bars(h, rows["symphysis"]))]
    for name, side in SIDES.items():
        head = placed(h, [HIP, hip_left(), 0.0, 0.0], side)
        made.append(soft_of(f"hip_joint_{name}", "cartilage", (ball(head, h.size * rows["cup"]["radius_mm"]),)))
    return made
