"""Shoulders, arms and thighs: their flesh and their bones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.model.errors import UsageError
from spinemets.phantom.anatomy.arch import SIDES
from spinemets.phantom.anatomy.trunk.contour import LAYERS, Layers
from spinemets.phantom.anatomy.trunk.habitus import Habitus
from spinemets.phantom.anatomy.trunk.pelvis import bars, fan, placed
from spinemets.phantom.anatomy.trunk.structures import Bone, Soft, bone_of, chain, joined
from spinemets.phantom.shape.distance import Rod

ARMS = ("above", "beside")
# Fat of the arms against that of the thighs.
ARM_FAT = 0.6
BLEND_MM = 6.0


def flesh(h: Habitus) -> list[Layers]:
    """Skin, fat and muscle of shoulders with arms, and of thighs."""
    rows, made = table("phantom_trunk"), []
    fat = h.fat * rows["thigh"]["fat_mm"]
    for name, side in SIDES.items():
        shoulder: tuple[Rod, ...] = ()
        for row in rows["shoulder"]["flesh"]:
            shoulder += _round(h, row["path"], row["radius_mm"], side)
        made.append(_layers(f"shoulder_{name}", shoulder, ARM_FAT * fat))
        made.append(_layers(f"arm_{name}", _arm(h, side), ARM_FAT * fat))
        thigh = rows["thigh"]["flesh"]
        made.append(_layers(f"thigh_{name}", _round(h, thigh["path"], thigh["radius_mm"], side), fat))
    return made


def _round(h: Habitus, path: list[list[object]], radius_mm: list[float], side: float) -> tuple[Rod, ...]:
    return chain(
        [placed(h, place, side) for place in path], [(h.size * r, h.size * r) for r in radius_mm], (0.4, 1.0, 0.3)
    )


def _held(h: Habitus) -> Mapping[str, Any]:
    """Where elbow and hand are."""
    rows = table("phantom_trunk")["arms"]
    if h.patient.arms not in ARMS:
        raise UsageError(f"arms {h.patient.arms!r}: choose {' or '.join(ARMS)}.")
    return dict(rows[h.patient.arms])


def _arm(h: Habitus, side: float) -> tuple[Rod, ...]:
    rows, row = table("phantom_trunk")["arms"], _held(h)
    path = [
        placed(h, place, side)
        for place in (table("phantom_trunk")["shoulder"]["humerus"]["head"], row["elbow"], row["hand"])
    ]
    upper, elbow, below, hand = (h.size * r for r in rows["radius_mm"])
    across = (0.4, 1.0, 0.3)
    return chain(path[:2], [(upper, upper), (elbow, elbow)], across) + chain(
        path[1:], [(below, below), (hand, hand)], across
    )


def _layers(part: str, rods: tuple[Rod, ...], fat_mm: float) -> Layers:
    """Skin around muscle of these bars, with fat between."""
    low, high = joined(rods, BLEND_MM)[1]
    skin = table("phantom_anatomy")["trunk"]["skin_mm"]
    made = []
    for (name, tissue), out in zip(LAYERS, (skin + fat_mm, fat_mm, 0.0), strict=True):
        box = (
            (low[0] - out, low[1] - out, low[2] - out),
            (high[0] + out, high[1] + out, high[2] + out),
        )
        grown = tuple(_grown(rod, out) for rod in rods)
        distance, _ = joined(grown, BLEND_MM)
        made.append(Soft(name=f"{name}_{part}", tissue=tissue, distance=distance, box=box, marbled=0.05 * (out == 0)))
    return made[0], made[1], made[2]


def _grown(rod: Rod, out_mm: float) -> Rod:
    """A bar with a layer around it."""
    (a, b), (c, d) = rod.half_mm
    return Rod(
        start=rod.start, end=rod.end, across=rod.across, half_mm=((a + out_mm, b + out_mm), (c + out_mm, d + out_mm))
    )


def shoulder_bones(h: Habitus) -> list[Bone]:
    """Clavicles, scapulae, humeri and the bones of the forearms."""
    rows, made = table("phantom_trunk")["shoulder"], []
    for name, side in SIDES.items():
        made.append(bone_of(f"clavicle_{name}", bars(h, rows["clavicle"], side), 3.0))
        blade = rows["scapula"]
        halves = (blade["root_half_mm"], blade["fan_half_mm"], blade["border_half_mm"])
        rods = fan(h, (blade["root"], blade["border"]), halves, side)
        for part in ("spine", "glenoid", "coracoid"):
            rods += bars(h, blade[part], side)
        made.append(bone_of(f"scapula_{name}", rods, 4.0))
        made += _arm_bones(h, name, side)
    return made


def _arm_bones(h: Habitus, name: str, side: float) -> list[Bone]:
    rows, arms = table("phantom_trunk")["shoulder"]["humerus"], table("phantom_trunk")["arms"]
    row = _held(h)
    head, elbow, hand = (placed(h, place, side) for place in (rows["head"], row["elbow"], row["hand"]))
    head_mm, neck, shaft, fore = (
        h.size * v for v in (rows["head_mm"], rows["neck_mm"], rows["shaft_mm"], arms["forearm_mm"])
    )
    along = (elbow - head) / np.linalg.norm(elbow - head)
    below = head + 34 * h.size * along
    ball = chain([head, head + 6 * along], [(head_mm, head_mm), (0.9 * head_mm, 0.9 * head_mm)], (0.4, 1.0, 0.3))
    upper = ball + chain([head + 6 * along, below], [(0.8 * head_mm, 0.8 * head_mm), (neck, neck)], (0.4, 1.0, 0.3))
    bar = chain([below, elbow], [(neck, neck), (shaft, shaft)], (0.4, 1.0, 0.3))
    made = [
        bone_of(f"humerus_shaft_{name}", bar).thick(rows["cortex_mm"]),
        bone_of(f"humerus_{name}", upper, 6.0),
    ]
    apart = np.array([0.0, 13.0, 0.0]) * h.size
    for part, shift in (("radius", -apart), ("ulna", apart)):
        made.append(
            bone_of(f"{part}_{name}", chain([elbow + shift, hand + shift], [(fore, fore)] * 2, (0.4, 1.0, 0.3))).thick(
                3.0
            )
        )
    return made
