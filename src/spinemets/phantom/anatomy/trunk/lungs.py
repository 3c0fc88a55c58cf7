"""Lungs under the ribs, the mediastinum between them, the domes of the diaphragm below."""

from __future__ import annotations

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.arch import SIDES
from spinemets.phantom.anatomy.trunk.contour import Profile
from spinemets.phantom.anatomy.trunk.habitus import Habitus
from spinemets.phantom.anatomy.trunk.structures import Distance, Soft, turned
from spinemets.phantom.shape.block import Array, Block, Box
from spinemets.phantom.shape.distance import ellipse, smooth_max


def lungs(h: Habitus, chest: Profile, heart: Soft) -> list[Soft]:
    """Lungs of both sides.

    Parameters
    ----------
    chest
        What the ribs enclose.
    """
    made = []
    for name, side in SIDES.items():
        low, high = chest.box
        middle = float(h.midline.at(np.asarray(h.z("T6"))))
        bottom = h.z("L1") - h.size * 10
        left = side > 0
        box: Box = (
            (middle - 12 if left else low[0], low[1], bottom),
            (high[0] if left else middle + 12, high[1], high[2]),
        )
        vessels = table("phantom_trunk")["lungs"]["vessels_share"]
        distance = _lung(h, chest, heart, name)
        made.append(
            Soft(name=f"lung_{name}", tissue="lung", distance=distance, box=box, marbled=vessels, streaks="muscle")
        )
    return made


def _lung(h: Habitus, chest: Profile, heart: Soft, name: str) -> Distance:
    """Distance to one lung: chest less mediastinum, column, heart and dome, above the line of the recess."""
    side, rows = SIDES[name], table("phantom_trunk")["lungs"]
    dome, _ = dome_of(h, name)
    wide = h.widths(rows["mediastinum_half_width_mm"])
    gutter = h.widths(rows["column_half_width_mm"])
    back, front = h.z(rows["recess"]["back"]), h.z(rows["recess"]["front"])
    roots, spread = (np.float32(h.size * rows["roots"][key]) for key in ("before_mm", "spread_mm"))
    behind = np.float32(h.size * rows["gutter"]["behind_mm"])
    half = [h.size * value for value in rows["gutter"]["half_mm"]]
    apex = h.z("T1") + h.size * rows["apex_above_t1_mm"]

    def distance(block: Block) -> Array:
        x, y, z = block.axes
        u = side * (x - h.midline.at(z))
        v = y - h.col.y.at(z)
        inside = chest.section(block)
        # Widest at the roots of the lungs; before and behind them the lungs nearly meet.
        bulge = np.float32(0.3) + np.float32(0.7) * np.exp(-(((v + roots) / spread) ** 2))
        middle = np.maximum(wide.at(z) * bulge - u, np.float32(3.0) - u)
        column = ellipse(x - h.col.x.at(z), v - np.float32(14.0), gutter.at(z), np.float32(36.0) + 0 * z)
        inside = smooth_max(inside, np.broadcast_to(middle, inside.shape), 12.0)
        inside = smooth_max(inside, -column, 8.0)
        inside = np.maximum(inside, -ellipse(x - h.col.x.at(z), v - behind, *half))
        inside = np.maximum(inside, np.float32(rows["clear_mm"]) - heart.distance(block))
        inside = np.maximum(inside, np.float32(2.0) - dome(block))
        # The recess between diaphragm and ribs ends along a line that rises towards the front.
        share = np.clip((v + np.float32(100 * h.size)) / np.float32(140 * h.size), 0.0, 1.0)
        recess = np.float32(front) + share * np.float32(back - front) - z
        inside = np.maximum(inside, recess)
        return smooth_max(np.broadcast_to(z - np.float32(apex), inside.shape), inside, 18.0)

    return distance


def dome_of(h: Habitus, name: str) -> tuple[Distance, Box]:
    """Distance to what lies under one half of the diaphragm, and its box."""
    level, left, behind, up, *half = table("phantom_trunk")["lungs"]["dome"][name]
    return turned(h.point(level, left, behind, up), (h.size * half[0], h.size * half[1], h.size * half[2]))
