"""From a volume to the network's scores: over a region, or in some slices of all of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.model.grid import Grid
from spinemets.segmentation.network.card import Card
from spinemets.segmentation.network.engine import Engine
from spinemets.segmentation.network.sampling import Lattice, lattice_of, sampled

BATCH = 2
SAMPLED_EVERY = 7


@dataclass(frozen=True, kw_only=True, eq=False)
class Scores:
    """What the network says over a box.

    Attributes
    ----------
    lattice
        Where.
    shares
        uint8 (classes, left, down, back), probability in 255ths.
    core
        uint8 (left, down, back), likewise.
    offset_mm
        float32 (2, left, down, back), way down and back to the centre of the own body.
    """

    lattice: Lattice
    shares: NDArray[np.uint8]
    core: NDArray[np.uint8]
    offset_mm: NDArray[np.float32]


def scores_of(array: NDArray[Any], lattice: Lattice, of: tuple[Card, Engine], *, ct: bool, finer: int) -> Scores:
    """Scores over a lattice, the image normalised over all of it.

    Parameters
    ----------
    array
        Image, axes (i, j, k) of `lattice.image`.
    lattice
        The network's grid over the spine's region.
    of
        Card and engine.
    ct
        Whether values are HU.
    finer
        So many slices are labelled for each of the network's own.
    """
    card, _ = of
    fine = lattice.finer_across(finer)
    image = _normalised(sampled(array, fine, _limits(card, ct)), card)
    return _scored(fine, of, lambda i: _slab(image, i, card.slices, finer))


def search(array: NDArray[Any], lattice: Lattice, of: tuple[Card, Engine], *, ct: bool, every: int) -> Scores:
    """Scores in every n-th slice of a lattice, each slab normalised by itself: the spine may be a small part of the image."""
    card, _ = of
    image = sampled(array, lattice, _limits(card, ct))
    coarse = lattice.coarser_across(every)
    return _scored(
        coarse,
        of,
        lambda i: _normalised(_slab(image, min(every * i + every // 2, len(image) - 1), card.slices, 1), card),
    )


def whole_lattice(grid: Grid, card: Card) -> Lattice:
    """The network's grid over a whole image."""
    return lattice_of(grid, card.spacing_mm)


def _limits(card: Card, ct: bool) -> tuple[float, float]:
    return card.clip_hu if ct else (-np.inf, np.inf)


def _slab(image: NDArray[np.float32], i: int, slices: int, apart: int) -> NDArray[np.float32]:
    """Slices about the i-th; beyond the image the last one goes on."""
    places = i + apart * (np.arange(slices) - slices // 2)
    return image[np.clip(places, 0, len(image) - 1)]


def _normalised(image: NDArray[np.float32], card: Card) -> NDArray[np.float32]:
    """Cut to percentiles, then mean 0 and sd 1, as the network was trained."""
    some = np.sort(image.reshape(-1)[::SAMPLED_EVERY])
    low, high = (some[round((len(some) - 1) * p / 100)] for p in card.percentiles)
    some = np.clip(some, low, high)
    sd = max(float(some.std()), 1e-6)
    return np.asarray((np.clip(image, low, high) - some.mean()) / sd, np.float32)


def _run(engine: Engine, slabs: NDArray[np.float32], multiple: int) -> NDArray[np.float32]:
    """Scores of slabs of any size."""
    rows, columns = slabs.shape[2:]
    more = [(-n) % multiple for n in (rows, columns)]
    padded = np.pad(slabs, ((0, 0), (0, 0), (0, more[0]), (0, more[1])), mode="edge")
    scores: NDArray[np.float32] = engine.run(padded)[:, :, :rows, :columns]
    return scores


def _shares(scores: NDArray[np.float32], classes: int) -> NDArray[np.float32]:
    """Softmax of the classes; axis 0 of one slab's scores."""
    found: NDArray[np.float32] = scores[:classes] - scores[:classes].max(axis=0)
    np.exp(found, out=found)
    found /= found.sum(axis=0)
    return found


def _scored(lattice: Lattice, of: tuple[Card, Engine], slab: Callable[[int], NDArray[np.float32]]) -> Scores:
    """Scores of each slice of a lattice from the slab about it."""
    card, engine = of
    classes, shape = len(card.classes), lattice.shape
    shares = np.empty((classes, *shape), np.uint8)
    core = np.empty(shape, np.uint8)
    offset_mm = np.empty((2, *shape), np.float32)
    for first in range(0, shape[0], BATCH):
        here = range(first, min(first + BATCH, shape[0]))
        slabs = np.stack([slab(i) for i in here])
        for i, scores in zip(here, _run(engine, slabs, card.multiple), strict=True):
            shares[:, i] = np.rint(255 * _shares(scores, classes))
            core[i] = np.rint(255 / (1 + np.exp(-scores[classes])))
            offset_mm[:, i] = card.offset_unit_mm * scores[classes + 1 :]
    return Scores(lattice=lattice, shares=shares, core=core, offset_mm=offset_mm)
