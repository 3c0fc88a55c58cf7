"""From a volume to the network's scores over the spine: where it lies first, then its own region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.segmentation.network.card import Card
from spinemets.segmentation.network.engine import Engine
from spinemets.segmentation.network.sampling import Lattice, lattice_of, sampled

# A field of no more than this from side to side, and as large in plane, is looked at whole.
WHOLE_MM = (130.0, 520.0, 300.0)
# The search looks at every third slice (9 mm apart).
SEARCH_EVERY = 3
# What counts as spine in the search: more likely than not, in a piece of so many mL.
SPINE = ("body", "border", "posterior", "disc", "canal", "cord", "sacrum", "sacral_body")
BONE = ("body", "border", "sacral_body")
LEAST_BONE_ML = 3.0
LEAST_SHARE = 0.15
MARGIN_MM = (24.0, 24.0, 20.0)
BATCH = 4
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


def scores_of(array: NDArray[Any], lattice: Lattice, of: tuple[Card, Engine], *, ct: bool, finer: int) -> Scores | None:
    """Scores over the spine's region of an image; None where there is no spine.

    Parameters
    ----------
    array
        Image, axes (i, j, k) of `lattice.image`.
    lattice
        The network's grid over all of it.
    of
        Card and engine.
    ct
        Whether values are HU.
    finer
        So many slices are labelled for each of the network's own.
    """
    card, _ = of
    size_mm = np.array(lattice.shape) * lattice.spacing_mm
    box = lattice if (size_mm <= WHOLE_MM).all() else _region(array, lattice, of, ct=ct)
    if box is None:
        return None
    fine = box.finer_across(finer)
    return _scored(_normalised(sampled(array, fine, _limits(card, ct)), card), fine, of, finer)


def whole_lattice(grid: Any, card: Card) -> Lattice:
    """The network's grid over a whole image."""
    return lattice_of(grid, card.spacing_mm)


def _limits(card: Card, ct: bool) -> tuple[float, float]:
    return card.clip_hu if ct else (-np.inf, np.inf)


def _region(array: NDArray[Any], lattice: Lattice, of: tuple[Card, Engine], *, ct: bool) -> Lattice | None:
    """The part of a lattice that holds the spine, by a look at some of its slices."""
    from scipy import ndimage  # lazy: heavy import

    card, engine = of
    image = sampled(array, lattice, _limits(card, ct))
    seen = np.arange(SEARCH_EVERY // 2, lattice.shape[0], SEARCH_EVERY)
    spine, bone = (np.zeros((len(seen), *lattice.shape[1:]), bool) for _ in range(2))
    for place, i in enumerate(seen):
        slab = _normalised(_slab(image, int(i), card.slices, 1), card)
        shares = _shares(_run(engine, slab[None], card.multiple)[0], len(card.classes))
        spine[place] = shares[[card.number(n) for n in SPINE]].sum(axis=0) > 0.5
        bone[place] = shares[[card.number(n) for n in BONE]].sum(axis=0) > 0.5
    # Vertebrae hang together over their discs; in a slice what lies a little apart belongs together.
    in_slice = np.ones((1, 3, 3), bool)
    pieces, number = ndimage.label(ndimage.binary_dilation(spine, in_slice, iterations=2))
    voxel_ml = float(np.prod(lattice.spacing_mm)) * SEARCH_EVERY / 1000
    volumes = ndimage.sum_labels(bone, pieces, np.arange(1, number + 1)) * voxel_ml
    kept = [n + 1 for n, ml in enumerate(volumes) if ml >= max(LEAST_BONE_ML, LEAST_SHARE * max(volumes))]
    if not kept:
        return None
    at = np.argwhere(np.isin(pieces, kept) & spine)
    margin = np.ceil(np.array(MARGIN_MM) / lattice.spacing_mm).astype(int)
    low, high = at.min(axis=0), at.max(axis=0) + 1
    low[0], high[0] = seen[low[0]], seen[high[0] - 1] + 1
    return lattice.box(np.maximum(low - margin, 0), np.minimum(high + margin, lattice.shape))


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


def _scored(image: NDArray[np.float32], lattice: Lattice, of: tuple[Card, Engine], apart: int) -> Scores:
    card, engine = of
    classes, shape = len(card.classes), image.shape
    shares = np.empty((classes, *shape), np.uint8)
    core = np.empty(shape, np.uint8)
    offset_mm = np.empty((2, *shape), np.float32)
    for first in range(0, shape[0], BATCH):
        here = range(first, min(first + BATCH, shape[0]))
        slabs = np.stack([_slab(image, i, card.slices, apart) for i in here])
        for i, scores in zip(here, _run(engine, slabs, card.multiple), strict=True):
            shares[:, i] = np.rint(255 * _shares(scores, classes))
            core[i] = np.rint(255 / (1 + np.exp(-scores[classes])))
            offset_mm[:, i] = card.offset_unit_mm * scores[classes + 1 :]
    return Scores(lattice=lattice, shares=shares, core=core, offset_mm=offset_mm)
