"""Where in a block a structure is: a coarse look first, so that its distance is worked out only near it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from spinemets.phantom.shape.block import Array, Block, Slices

# Side of a cell of the coarse look, in samples.
CELL = 6
# Blocks of fewer samples are worked out whole: the look itself costs a call.
WORTH_SAMPLES = 40_000
# No distance here changes faster than this with the place: that along the ray to an ellipse whose axes are as 1 to 7
# does by 3.6 mm per mm.
STEEPEST = 4.0
DIAGONALS = np.array([[1, 1, 1, -1], [1, 1, -1, 1], [1, -1, 1, 1]])


def narrowed(block: Block, distance: Callable[[Block], Array]) -> tuple[Slices, Block] | None:
    """Part of the block outside which every sample lies outside the structure; None if nothing remains.

    A cell can only hold a piece of the structure if the distance at its centre is less than the distance can change
    from there to its corners, and half the width of a blurred surface.
    """
    whole = (slice(0, block.shape[0]), slice(0, block.shape[1]), slice(0, block.shape[2]))
    if np.prod(block.shape) < WORTH_SAMPLES:
        return whole, block
    cells, steps = _coarse(block)
    to_corner = np.linalg.norm(cells.affine[:3, :3] @ DIAGONALS, axis=0).max() / 2
    near = np.broadcast_to(distance(cells), cells.shape) < STEEPEST * to_corner + block.reach_mm / 2
    place = []
    for axis, (step, n) in enumerate(zip(steps, block.shape, strict=True)):
        held = np.flatnonzero(near.any(axis=tuple(a for a in range(3) if a != axis)))
        if not held.size:
            return None
        place.append(slice(int(held[0]) * step, min((int(held[-1]) + 1) * step, n)))
    found = (place[0], place[1], place[2])
    return found, block.part(found)


def _coarse(block: Block) -> tuple[Block, tuple[int, ...]]:
    """Centres of cells that fill the block, and the samples of a cell along each axis."""
    steps = tuple(min(CELL, n) for n in block.shape)
    affine = block.affine.copy()
    affine[:3, 3] += block.affine[:3, :3] @ (np.add(block.start, np.subtract(steps, 1) / 2))
    affine[:3, :3] *= steps
    i, j, k = (-(-n // step) for n, step in zip(block.shape, steps, strict=True))
    return Block(affine=affine, start=(0, 0, 0), shape=(i, j, k), reach_mm=block.reach_mm), steps
