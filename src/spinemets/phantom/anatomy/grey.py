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
    (p0, q0), along = start, np.subtract(end, start)
    length = float(along @ along)
    share = np.clip(((p - np.float32(p0)) * along[0] + (q - np.float32(q0)) * along[1]) / length, 0.0, 1.0)
    off_p, off_q = p - np.float32(p0) - share * along[0], q - np.float32(q0) - share * along[1]
    return np.asarray(np.sqrt(off_p * off_p + off_q * off_q) - half)


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
