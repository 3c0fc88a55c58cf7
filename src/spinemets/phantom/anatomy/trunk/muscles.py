"""Muscles along the column, from the neck to the hips, and other upright tubes of the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.anatomy.arch import SIDES
from spinemets.phantom.anatomy.trunk.habitus import Habitus
from spinemets.phantom.anatomy.trunk.measures import muscle_fat
from spinemets.phantom.anatomy.trunk.structures import Soft
from spinemets.phantom.shape.block import Array, Block
from spinemets.phantom.shape.curves import Curve
from spinemets.phantom.shape.distance import ellipse

# Share of the erector's area that its ellipse takes: its half axes are as 1.05 to 0.74.
ELLIPSE_SHARE = 0.56
# Sections between which a box of a tube is looked for.
STEP_MM = 4.0


def muscles(h: Habitus) -> list[Soft]:
    """Muscles of both sides, the fat between some of them, and what fills the midline behind."""
    rows, made = table("phantom_trunk")["muscles"], []
    streaks = muscle_fat(h.patient)
    for name, row in rows.items():
        if not isinstance(row, Mapping):
            continue
        unit = _radius(h, row["area"]) if "area" in row else h.size
        for where, side in SIDES.items():
            shape = upright(h, row, side, unit)
            muscle = replace(shape, name=f"{name}_{where}", tissue="muscle", marbled=streaks * row["streaks"])
            if "plane_mm" in row:
                made.append(_around(muscle, f"{name}_plane_{where}", "subcutaneous_fat", row["plane_mm"]))
            made.append(muscle)
    middle = {"left": {"C3": 0.0, "S1": 0.0}, **table("phantom_trunk")["interspinous"]}
    between = replace(upright(h, middle, 1.0, h.size), name="interspinous", tissue="interspinous", marbled=0.3)
    return [*made, between]


def _radius(h: Habitus, area: str) -> float:
    """Radius of the circle of a muscle's area at L3, by sex (table phantom_anatomy)."""
    found = table("phantom_anatomy")["trunk"][area][h.patient.sex] * 100 / np.pi
    return float(np.sqrt(found / (ELLIPSE_SHARE if area == "erector_cm2" else 1.0)))


def tubes(h: Habitus) -> list[Soft]:
    """Airway, oesophagus, vessels of the neck, thyroid gland."""
    made = []
    for name, row in table("phantom_trunk")["tubes"].items():
        both = row.get("sides") == "both"
        for where, side in SIDES.items() if both else (("", 1.0),):
            shape = replace(
                upright(h, row, side, h.size), name=f"{name}_{where}" if both else name, tissue=row["tissue"]
            )
            if "wall" in row:
                made.append(_around(shape, f"{name}_wall", *row["wall"]))
            made.append(shape)
    return made


def upright(h: Habitus, row: Mapping[str, Any], side: float, unit_mm: float) -> Soft:
    """A tube beside the line of the body centres between two heights.

    Parameters
    ----------
    unit_mm
        What the half axes of the row are multiplied with.
    """
    left, behind = h.widths(row["left"]), h.depths(row["behind"])
    half_u, half_v = (h.widths(row[key], unit_mm) for key in ("half_left", "half_behind"))
    upper, above, lower, below = row["span"]
    top, bottom = np.float32(h.z(upper) + h.size * above), np.float32(h.z(lower) + h.size * below)

    heights = np.arange(bottom - STEP_MM, top + STEP_MM, 1.0)
    middle = Curve(z=heights, values=np.asarray(h.col.x.at(heights) + side * left.at(heights), np.float64))

    def distance(block: Block) -> Array:
        x, y, z = block.axes
        tube = ellipse(x - middle.at(z), y - behind.at(z), half_u.at(z), half_v.at(z))
        return np.maximum(tube, np.maximum(z - top, bottom - z))

    z = np.arange(bottom, top + STEP_MM, STEP_MM).astype(np.float32)
    u, v = middle.at(z), behind.at(z)
    reach_u, reach_v = half_u.at(z) + 2, half_v.at(z) + 2
    low = (float((u - reach_u).min()), float((v - reach_v).min()), float(bottom) - 2)
    high = (float((u + reach_u).max()), float((v + reach_v).max()), float(top) + 2)
    return Soft(name="tube", tissue="muscle", distance=distance, box=(low, high))


def _around(inner: Soft, name: str, tissue: str, thick_mm: float) -> Soft:
    """A layer around a structure, which is painted over it."""
    (x0, y0, z0), (x1, y1, z1) = inner.box
    t = thick_mm
    return Soft(
        name=name,
        tissue=tissue,
        distance=lambda block: inner.distance(block) - np.float32(t),
        box=((x0 - t, y0 - t, z0 - t), (x1 + t, y1 + t, z1 + t)),
    )
