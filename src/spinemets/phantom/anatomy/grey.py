"""Grey matter of the cord: the butterfly, as a function of the place in a cord of unit half axes."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.phantom.shape.block import Array

# Points of the table that relates the outline's growth to the share of the cord's area.
GROWTHS = np.linspace(-0.10, 0.30, 41)


def butterfly(p: Array, q: Array) -> Array:
    """Distance to the butterfly before it grows to its share; p to the side, q to the back, 1 on the cord's outline.

    Anterior horns are broad, posterior ones narrow and reach nearly to the surface; a bar joins both sides.
    """
    row = table("phantom_anatomy")["grey_matter"]
    side = np.abs(p)
    return np.asarray(np.minimum.reduce([_capsule(side, q, *row[part]) for part in ("anterior", "posterior", "bar")]))


def _capsule(p: Array, q: Array, start: list[float], end: list[float], half: float) -> Array:
    """Distance to a line of that half width, rounded at its ends."""
    (p0, q0), (p1, q1) = start, end
    along_p, along_q = p1 - p0, q1 - q0
    length = along_p * along_p + along_q * along_q
    off_p, off_q = p - p0, q - q0
    share = np.clip((off_p * along_p + off_q * along_q) / length, 0.0, 1.0)
    return np.asarray(np.hypot(off_p - share * along_p, off_q - share * along_q) - half)


@lru_cache(maxsize=1)
def _shares() -> NDArray[np.float64]:
    """Share of the cord's area inside the butterfly by growth, by counting."""
    p, q = np.meshgrid(*[np.linspace(-1, 1, 401)] * 2)
    inside = np.hypot(p, q) < 1
    apart = butterfly(p, q)[inside]
    return np.array([(apart < growth).mean() for growth in GROWTHS])


def growth(share: float) -> float:
    """How far the outline must move out for that share of the cord's area."""
    return float(np.interp(share, _shares(), GROWTHS))
