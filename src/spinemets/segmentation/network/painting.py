"""Scores and vertebrae brought back to the image's own grid: the mean over each voxel, the largest wins."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.segmentation.network.card import Card
from spinemets.segmentation.network.inference import Scores
from spinemets.segmentation.network.instances import GROUPS, Instances
from spinemets.segmentation.network.sampling import Axis, Lattice, mean_of_lines

# Parts as they leave: a body's marrow and its border (cortex, endplates) apart.
PARTS = ("background", "body", "border", "posterior", "disc", "canal", "cord", "sacrum", "rib")
VERTEBRA = tuple(PARTS.index(name) for name in ("body", "border", "posterior"))
DISC = PARTS.index("disc")
Box = tuple[slice, slice, slice]


def painted(scores: Scores, found: Instances, card: Card) -> tuple[Box, NDArray[np.uint8], NDArray[np.uint8]]:
    """Box of the image that the spine lies in, and there the part and the vertebra of each voxel.

    Returns
    -------
    box
        Slices of the image's axes.
    parts
        uint8, number in `PARTS`.
    numbers
        uint8, vertebra (bodies and arches) or vertebra above (discs), 0 elsewhere.
    """
    lattice = scores.lattice
    spans = [_span(axis, lattice) for axis in lattice.axes]
    places = [
        (np.arange(s.start, s.stop) - axis.first) / axis.step for s, axis in zip(spans, lattice.axes, strict=True)
    ]
    widths = [1 / abs(axis.step) for axis in lattice.axes]
    parts = _voted(
        scores.shares, [mean_of_lines(p, w, n) for p, w, n in zip(places, widths, lattice.shape, strict=True)], card
    )
    nearest = np.ix_(*(_nearest(p, n) for p, n in zip(places, lattice.shape, strict=True)))
    bone, disc = np.isin(parts, VERTEBRA), parts == DISC
    numbers = np.where(bone, _spread(found.numbers)[nearest], 0)
    numbers = np.where(disc, _spread(found.discs)[nearest], numbers)
    # Bone that belongs to no vertebra found is none.
    parts[(bone | disc) & (numbers == 0)] = 0
    order = [axis.source for axis in lattice.axes]
    back = np.argsort(order)
    box = [spans[place] for place in back]
    turned = [np.ascontiguousarray(array.transpose(back)) for array in (parts, numbers)]
    return (box[0], box[1], box[2]), turned[0], turned[1]


def _span(axis: Axis, lattice: Lattice) -> slice:
    """Voxels of the image whose centres the samples of an axis cover."""
    ends = sorted([axis.first - axis.step / 2, axis.first + (axis.number - 0.5) * axis.step])
    size = lattice.image.shape_ijk[axis.source]
    return slice(max(0, int(np.ceil(ends[0] - 1e-6))), min(size - 1, int(np.floor(ends[1] + 1e-6))) + 1)


def _nearest(places: NDArray[np.float64], size: int) -> NDArray[np.intp]:
    return np.clip(np.floor(places + 0.5), 0, size - 1).astype(np.intp)


def _voted(shares: NDArray[np.uint8], between: list[NDArray[np.float32]], card: Card) -> NDArray[np.uint8]:
    """Part of each voxel: the group of most probability, and in it the class of most; slice by slice from side to side."""
    across, rows, columns = between
    of_part = np.array([PARTS.index("body" if name == "sacral_body" else name) for name in card.classes], np.uint8)
    groups = [[card.number(name) for name in names] for names in GROUPS.values()]
    found = np.zeros(tuple(len(weights) for weights in between), np.uint8)
    for i, weights in enumerate(across):
        near = np.flatnonzero(weights)
        plane: Any = np.tensordot(weights[near], shares[:, near].astype(np.float32), axes=(0, 1))
        # Only where something is less than sure to be background.
        seen = plane[0] < 250
        if not seen.any():
            continue
        y, z = (_reached(seen.any(axis=axis), w) for axis, w in ((1, rows), (0, columns)))
        inner = np.matmul(np.matmul(rows[y], plane), columns[z].T)
        totals = np.stack([inner[members].sum(axis=0) for members in groups])
        best = totals.argmax(axis=0)
        part = np.zeros(best.shape, np.uint8)
        for number, members in enumerate(groups[1:], start=1):
            won = np.array(members)[inner[members].argmax(axis=0)]
            np.copyto(part, of_part[won], where=best == number)
        found[i, y, z] = part
    return found


def _reached(seen: NDArray[np.bool_], weights: NDArray[np.float32]) -> slice:
    """Voxels that any of the samples seen reaches."""
    at = np.flatnonzero(weights[:, seen].any(axis=1))
    return slice(int(at[0]), int(at[-1]) + 1) if len(at) else slice(0, 0)


def _spread(numbers: NDArray[np.uint8], by: int = 2) -> NDArray[np.uint8]:
    """Numbers grown into what has none, a few samples far: the winner of the vote may lie a little outside."""
    from scipy import ndimage  # lazy: heavy import

    grown = numbers
    for _ in range(by):
        near: Any = ndimage.maximum_filter(grown, 3)
        grown = np.where(grown == 0, near, grown)
    return np.ascontiguousarray(grown)
