"""Truth of one collapse."""

from __future__ import annotations

from typing import Any

import numpy as np

from spinemets.phantom.anatomy.body import Body
from spinemets.phantom.anatomy.sizes import Collapse
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.pathology.fracture import before
from spinemets.phantom.truth.levels import HEIGHT_POINTS, heights, point

# Shares of the depth, forward from the middle, at which heights are measured (G-08): the middles of its sixths.
FORWARD = dict(zip(HEIGHT_POINTS, (5 / 6, 0.0, -5 / 6), strict=True))


def fracture_truth(anatomy: Anatomy, level: str, collapse: Collapse) -> dict[str, Any]:
    """One collapse: heights, back wall, and what the marrow shows.

    Heights and losses are those of G-08; the six points lie on the endplates in the midline, in the middle of the anterior
    sixth, of the body and of the posterior sixth.
    """
    body = anatomy.vertebra(level).body
    after, unbroken = body.heights_mm(), before(body).heights_mm()
    losses = {n: round(1 - a / b, 4) for n, a, b in zip(HEIGHT_POINTS, after, unbroken, strict=True)}
    worst = max(losses.values())
    tumour = level in anatomy.broken and anatomy.broken[level][0].tumour
    grade = sum(worst >= limit for limit in (0.20, 0.25, 0.40))
    return {
        "level": level,
        "age": collapse.age,
        "tumour": tumour,
        "kind": collapse.kind,
        "loss": losses,
        "heights_mm": heights(body),
        "heights_before_mm": heights(before(body)),
        "six_points_lps_mm": _six_points(anatomy, level, body),
        "genant_grade": grade,
        "convex_mm": collapse.convex_mm,
        "retropulsion_mm": collapse.retropulsion_mm,
        "marrow": _marrow(anatomy, level),
    }


def _six_points(anatomy: Anatomy, level: str, body: Body) -> dict[str, list[list[float]]]:
    """Superior and inferior endplate in the midline at each height point."""
    frame, found = anatomy.frames[level], {}
    for name, share in FORWARD.items():
        a = np.full((1, 1), share * body.size.mean_depth / 2, np.float32)
        middle = np.zeros((1, 1), np.float32)
        _, norm = body.footprint(middle, a, middle)
        found[name] = [point(frame.lps(0.0, float(a[0, 0]), float(s[0, 0]))) for s in body.endplates(norm, a)]
    return found


def _marrow(anatomy: Anatomy, level: str) -> dict[str, Any] | None:
    """Band, cleft and changed marrow of an acute or subacute fracture or of a tumour; None where it is healed."""
    if level not in anatomy.broken:
        return None
    broken, measured = anatomy.broken[level]
    host = anatomy.hosts[level].mineral_mg_per_ml
    cleft = round(measured.cleft_mm3, 1)
    return {
        "band_mm": broken.band_mm,
        "band_mm3": round(measured.band_mm3, 1),
        "fluid_mm3": 0.0 if broken.gas else cleft,
        "gas_mm3": cleft if broken.gas else 0.0,
        "changed_share": round(measured.changed_share, 4),
        "pedicles": list(broken.pedicles),
        "band_mineral_mg_per_ml": round(host * measured.band_gain(), 2) if broken.band_mm else None,
    }
