"""Where the spine lies in a large image: a column of bodies in a few of its slices, and the box that holds it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinemets.segmentation.network.card import Card
from spinemets.segmentation.network.inference import Scores
from spinemets.segmentation.network.instances import instances_of
from spinemets.segmentation.network.sampling import Lattice

# What is kept around the bodies found: to the sides (processes, ribs), in front, behind (spinous processes), above (the
# atlas, a body too small to be seen) and below (the next body; the whole sacrum where its first body was found).
ASIDE_MM, AHEAD_MM, BEHIND_MM, ABOVE_MM, BELOW_MM, SACRUM_MM = 55.0, 30.0, 85.0, 60.0, 60.0, 130.0


def spine_box(coarse: Scores, card: Card, lattice: Lattice) -> Lattice | None:
    """Box of a lattice around the column that some of its slices show; None where they show none."""
    found = instances_of(coarse, card)
    if not len(found):
        return None
    at = np.argwhere(found.bodies)
    low, high = at.min(axis=0), at.max(axis=0) + 1
    below = SACRUM_MM if found.sacral[-1] else BELOW_MM
    margins = np.array([[ASIDE_MM, ABOVE_MM, AHEAD_MM], [ASIDE_MM, below, BEHIND_MM]])
    first, last = (_on(lattice, coarse.lattice, ends) for ends in (low - 0.5, high - 0.5))
    spacing = np.array(lattice.spacing_mm)
    start = np.floor(first - margins[0] / spacing).astype(int)
    stop = np.ceil(last + margins[1] / spacing).astype(int) + 1
    return lattice.box(np.maximum(start, 0), np.minimum(stop, lattice.shape))


def _on(fine: Lattice, coarse: Lattice, index: NDArray[np.float64]) -> NDArray[np.float64]:
    """A place in samples of one lattice in those of another along the same axes."""
    return np.array(
        [
            (own.first + own.step * place - other.first) / other.step
            for own, other, place in zip(coarse.axes, fine.axes, index, strict=True)
        ]
    )
