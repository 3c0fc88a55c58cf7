"""Ribs along the cage, their cartilage, and the sternum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.alignment import Place
from spinemets.phantom.anatomy.arch import SIDES
from spinemets.phantom.anatomy.sizes import LevelSize
from spinemets.phantom.anatomy.trunk.contour import Profile
from spinemets.phantom.anatomy.trunk.habitus import Habitus
from spinemets.phantom.anatomy.trunk.structures import Bone, Soft, bone_of, chain, soft_of
from spinemets.phantom.shape.distance import Rod

Points = NDArray[np.float64]
# Steps of the path along the cage, from behind the tubercle to the front.
STEPS = 44
# Points of a bar of a rib.
BARS = 15


@dataclass(frozen=True, kw_only=True, eq=False)
class Ribs:
    """Bones and cartilages of both sides, and where the bone of each rib of the left side ends."""

    bones: tuple[Bone, ...]
    cartilages: tuple[Soft, ...]
    ends: Mapping[str, Points]


def ribs(h: Habitus, cage: Profile, levels: Mapping[str, LevelSize], frames: Mapping[str, Place]) -> Ribs:
    """Ribs of all thoracic levels; those of 1 to 10 go on as cartilage to the sternum or to the rib above."""
    rows, bones, ends = table("phantom_trunk")["ribs"], [], {}
    thoracic = [level for level, size in levels.items() if size.thoracic]
    for level in thoracic:
        for name, side in SIDES.items():
            path, length = _path(h, cage, (levels[level], frames[level]), side), rows_length(level) * h.size
            bony = _cut(path, length)
            bones.append(
                bone_of(
                    f"rib_{level}_{name}", _bars(cage, bony, rows["flat_first"] if level == "T1" else rows["half_mm"])
                )
            )
            if side > 0:
                ends[level] = bony[-1]
    cartilages = []
    for name, side in SIDES.items():
        places = {level: _mirrored(h, end, side) for level, end in ends.items()}
        cartilages += _cartilages(h, cage, places, side, name)
    return Ribs(bones=tuple(bones), cartilages=tuple(cartilages), ends=ends)


def rows_length(level: str) -> float:
    """Length of a rib in the table; one too many is as long as the last."""
    rows = table("phantom_anatomy")["rib_length_mm"]
    return float(rows.get(level, rows["T12"]))


def _mirrored(h: Habitus, place: Points, side: float) -> Points:
    middle = float(h.midline.at(np.asarray(place[2])))
    return np.array([middle + side * (place[0] - middle), place[1], place[2]])


def _path(h: Habitus, cage: Profile, of: tuple[LevelSize, Place], side: float) -> Points:
    """From the joint with the body over that with the transverse process and around the cage to its front."""
    size, frame = of
    rows = table("phantom_trunk")["ribs"]
    wall, head, tip = -size.mean_depth / 2, size.mean_width / 2, size.transverse_mm / 2
    start = [
        frame.lps(side * (head + 2.5), wall + 5.0, 3.0),
        frame.lps(side * (head + 10.0), wall - 5.0, 1.5),
        frame.lps(side * max(head + 18.0, tip - 4.0), wall - 15.0, 0.0),
    ]
    first = start[-1]
    drop = h.size * rows["drop_mm"].get(size.level, rows["drop_mm"]["T12"])
    turns = np.linspace(0.0, np.pi, STEPS)
    fall = np.clip(turns / rows["lowest_at_rad"], 0.0, 1.0) ** rows["fall_exponent"]
    z = first[2] - drop * fall
    around = _around(cage, turns, z, side)
    # The cage is met a little beyond the tubercle, farther out than that.
    out = side * (around[:, 0] - first[0])
    along = around[(out > 12.0) | (turns > np.pi / 2)]
    return np.vstack([start, along])


def _around(cage: Profile, turns: Points, z: Points, side: float) -> Points:
    """Points of the cage at angles from behind (0) to the front (pi) of given heights."""
    power = 2.0 / cage.exponent
    front, back = cage.front.at(z), cage.back.at(z)
    u = cage.half_width.at(z) * np.sin(turns) ** power
    v = (back - front) / 2 * np.sign(np.cos(turns)) * np.abs(np.cos(turns)) ** power
    return np.stack([cage.middle.at(z) + side * u, (front + back) / 2 + v, z], axis=1).astype(np.float64)


def _cut(path: Points, length_mm: float) -> Points:
    """The first part of a path, in pieces of one length."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    end = min(length_mm, float(along[-1]))
    at = np.concatenate([along[:2], np.linspace(along[2], end, BARS)])
    return np.stack([np.interp(at, along, path[:, axis]) for axis in range(3)], axis=1)


def _bars(cage: Profile, path: Points, half_mm: tuple[float, float]) -> tuple[Rod, ...]:
    """A rib: rounder at its neck, flat along the cage, higher at its end."""
    high, thin = half_mm
    rods: tuple[Rod, ...] = ()
    share = np.linspace(0.0, 1.0, len(path))
    halves = [(high * (0.78 + 0.22 * min(4 * s, 1.0) + 0.1 * s), thin) for s in share]
    for n, (p, q) in enumerate(pairwise(path)):
        rods += chain([p, q], halves[n : n + 2], _upwards(cage, (p + q) / 2))
    return rods


def _upwards(cage: Profile, place: Points) -> Points:
    """Direction up along the surface of the cage: it leans forwards in front and outwards at the sides."""
    z = np.array([place[2] - 4.0, place[2] + 4.0])
    front, back, half, middle = (c.at(z) for c in (cage.front, cage.back, cage.half_width, cage.middle))
    deep, centre = (back - front) / 2, (back + front) / 2
    u = (place[0] - middle.mean()) / half.mean()
    v = (place[1] - centre.mean()) / deep.mean()
    x, y = middle + np.clip(u, -1, 1) * half, centre + np.clip(v, -1, 1) * deep
    return np.array([x[1] - x[0], y[1] - y[0], 8.0]) / 8.0


def _cartilages(h: Habitus, cage: Profile, ends: Mapping[str, Points], side: float, name: str) -> list[Soft]:
    """Cartilage of ribs 1 to 10: 1 to 7 to the side of the sternum, 8 to 10 to the one above."""
    rows = table("phantom_trunk")["ribs"]
    meets, made, above = _sternal(h, cage, side), [], None
    for level in (f"T{n}" for n in range(1, 11)):
        if level not in ends:
            continue
        goal = meets.get(level)
        if goal is None:
            assert above is not None
            goal = above
        start = ends[level]
        # It leaves in the rib's direction and turns up: along the cage, not straight through it.
        bend = 0.5 * start + 0.5 * goal
        bend = np.array([bend[0], *_on_cage(cage, bend, min(start[2], bend[2]) - 0.10 * abs(goal[0] - start[0]))])
        above = bend
        path = (start, bend, goal)
        made.append(
            soft_of(f"cartilage_{level}_{name}", "cartilage", chain(path, [tuple(rows["cartilage_half_mm"])] * 3))
        )
    return made


def _on_cage(cage: Profile, place: Points, z: float) -> tuple[float, float]:
    """(y, z) of the front of the cage at the x of a place and a height."""
    at = np.asarray(z)
    front, back, half = (float(c.at(at)) for c in (cage.front, cage.back, cage.half_width))
    share = min(abs(place[0] - float(cage.middle.at(at))) / half, 0.995)
    deep = (back - front) / 2 * (1 - share**cage.exponent) ** (1 / cage.exponent)
    return (front + back) / 2 - deep, z


def _sternal(h: Habitus, cage: Profile, side: float) -> dict[str, Points]:
    """Where the cartilages of ribs 1 to 7 meet the sternum."""
    rows = table("phantom_trunk")["sternum"]
    top, end = sternum_ends(h)
    found = {}
    for level, share in rows["rib_at_share"].items():
        z = top + share * (end - top)
        x = float(h.midline.at(np.asarray(z))) + side * h.size * rows["half_width_mm"]
        found[level] = np.array([x, float(cage.front.at(np.asarray(z))), z])
    return found


def sternum_ends(h: Habitus) -> tuple[float, float]:
    """Heights of the jugular notch and of the end of the body of the sternum."""
    rows = table("phantom_trunk")["sternum"]
    top = h.z("T2") + h.size * rows["notch_above_t2_mm"]
    return top, top - h.size * rows["length_mm"]


def sternum(h: Habitus, cage: Profile) -> tuple[Bone, ...]:
    """Manubrium, body and xiphoid process on the front of the cage, with the joint between the first two."""
    rows = table("phantom_trunk")["sternum"]
    top, end = sternum_ends(h)
    length = end - top

    def at(share: float) -> Points:
        z = np.asarray(top + share * length)
        return np.array([float(h.midline.at(z)), float(cage.front.at(z)), float(z)])

    bones = []
    for name, shares, wide, thick in (
        ("manubrium", (0.04, 0.17, 0.29), (24.0, 26.0, 14.0), 6.0),
        ("sternum", (0.345, 0.6, 0.97), (13.0, 16.0, 15.0), rows["half_depth_mm"]),
        ("xiphoid", (1.0, 1.08, 1.18), (7.0, 6.0, 4.0), 3.0),
    ):
        bones.append(
            bone_of(name, chain([at(s) for s in shares], [(h.size * w, thick) for w in wide], (1.0, 0.0, 0.0)))
        )
    return tuple(bones)
