"""Organs of chest and belly: ellipsoids of the table, and the gut as tubes with their filling and gas."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.trunk.habitus import Habitus
from spinemets.phantom.anatomy.trunk.structures import Soft, chain, soft_of, turned
from spinemets.phantom.shape.distance import Rod
from spinemets.phantom.shape.texture import stream

# Bars of wall, filling and gas.
Piece = tuple[tuple[Rod, ...], tuple[Rod, ...], tuple[Rod, ...]]
# Length of a piece of gut, as a share of its radius.
BEAD = 1.6
# Thickness of the wall of gut; where gas lies in it, and how wide it is, as shares of its radius.
WALL_MM, GAS_FORWARD, GAS_WIDE = 2.2, 0.38, 0.5


def organs(h: Habitus) -> list[Soft]:
    """Ellipsoids of the table, in its order."""
    made = []
    for name, row in table("phantom_trunk")["organs"].items():
        level, left, behind, up = row["at"]
        a, b, c = (h.size * value for value in row["half_mm"])
        distance, box = turned(h.point(level, left, behind, up), (a, b, c), directions(row["turn_deg"]))
        made.append(Soft(name=name, tissue=row["tissue"], distance=distance, box=box))
    return made


def directions(turn_deg: tuple[float, float, float]) -> NDArray[np.float64]:
    """Axes as rows, turned about x, then y, then z."""
    turned_axes = np.eye(3)
    for axis, angle in enumerate(np.radians(turn_deg)):
        c, s = np.cos(angle), np.sin(angle)
        i, j = (axis + 1) % 3, (axis + 2) % 3
        turn = np.eye(3)
        turn[i, i], turn[i, j], turn[j, i], turn[j, j] = c, -s, s, c
        turned_axes = turn @ turned_axes
    return turned_axes.T


def gut(h: Habitus, seed: int) -> list[Soft]:
    """Small bowel, then colon and rectum: of each piece its wall, filling and gas."""
    generator = stream(seed, "bowel")
    made = _small_bowel(h, generator)
    for name, row in table("phantom_trunk")["gut"].items():
        path = np.array([h.point(level, left, behind, up) for level, left, behind, up in row["path"]])
        made += _painted(name, row["filling"], _tube(path, h.size * row["radius_mm"], row["gas_share"], generator))
    return made


def _small_bowel(h: Habitus, generator: np.random.Generator) -> list[Soft]:
    """Loops: short bent tubes that lie anyhow in the middle of the belly, those of one layer over those of the one before."""
    rows = table("phantom_trunk")["small_bowel"]
    within = rows["within"]
    layers: list[list[Piece]] = [[] for _ in range(rows["layers"])]
    low, high = (h.z(level) + h.size * up for level, up in (within["from"], within["to"]))
    for number in range(rows["loops"]):
        z = low + (high - low) * (number + generator.uniform(0.1, 0.9)) / rows["loops"]
        x = float(h.midline.at(np.asarray(z))) + h.size * generator.uniform(*within["left"])
        y = float(h.col.y.at(np.asarray(z))) + h.size * generator.uniform(*within["behind"])
        radius = h.size * generator.uniform(*rows["radius_mm"])
        heading, bend = generator.uniform(0, np.pi), generator.uniform(-1.0, 1.0)
        ahead = np.array([np.cos(heading), 0.4 * np.sin(heading), 0.6 * np.sin(heading)]) * radius * 2.2
        aside = np.array([-np.sin(heading), 0.3, np.cos(heading)]) * radius * bend
        path = np.array([x, y, z]) + np.array([-ahead, aside, ahead])
        # Neighbours in height fall into different layers.
        layers[number % len(layers)].append(_tube(path, radius, rows["gas_share"], generator))
    made = []
    for number, loops in enumerate(layers):
        wall, filling, gas = (tuple(rod for loop in loops for rod in loop[part]) for part in range(3))
        made += _painted(f"small_bowel_{number}", rows["filling"], (wall, filling, gas))
    return made


def _painted(name: str, filling: str, piece: Piece) -> list[Soft]:
    """Wall, filling and gas of pieces of gut."""
    wall, inner, gas = piece
    made = [soft_of(name, "bowel", wall, 4.0), soft_of(f"{name}_filling", filling, inner, 4.0)]
    return [*made, soft_of(f"{name}_gas", "gas", gas, 4.0)] if gas else made


def _tube(path: NDArray[np.float64], radius: float, gas_share: float, generator: np.random.Generator) -> Piece:
    """Wall, filling and gas of a piece of gut that is wider in some places than in others."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    number = max(int(along[-1] / (BEAD * radius)), 2)
    at = np.linspace(0.0, along[-1], number)
    places = np.stack([np.interp(at, along, path[:, axis]) for axis in range(3)], axis=1)
    wide = radius * generator.uniform(0.85, 1.15, number)
    across = (0.3, 1.0, 0.2)
    wall = chain(places, [(w, w) for w in wide], across)
    inner = chain(places, [(w - WALL_MM, w - WALL_MM) for w in wide], across)
    gas: tuple[Rod, ...] = ()
    for n in np.flatnonzero(generator.uniform(size=number) < gas_share).tolist():
        w = float(wide[n])
        centre, reach = places[n] - np.array([0.0, GAS_FORWARD * w, 0.0]), np.array([0.2 * w, 0.0, 0.1 * w])
        half = (GAS_WIDE * w * 0.8, GAS_WIDE * w * 1.2)
        gas += chain([centre - reach, centre + reach], [half, half], (0.0, 1.0, 0.0))
    return wall, inner, gas
