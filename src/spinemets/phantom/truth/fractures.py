"""Truth of one collapse."""

from __future__ import annotations

from typing import Any

from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.truth.levels import HEIGHT_POINTS, before


def fracture_truth(anatomy: Anatomy, level: str) -> dict[str, Any]:
    """One collapse: loss at each point against the height before."""
    body = anatomy.vertebra(level).body
    after, unbroken = body.heights_mm(), before(body).heights_mm()
    losses = {n: round(1 - a / b, 4) for n, a, b in zip(HEIGHT_POINTS, after, unbroken, strict=True)}
    worst = max(losses.values())
    grade = sum(worst >= limit for limit in (0.20, 0.25, 0.40))
    return {"level": level, "age": "old", "tumour": False, "loss": losses, "genant_grade": grade}
