"""A patch slides over the image; overlapping scores are blended, and the best class is kept as soon as no patch can change it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.model.errors import OutOfResources

Scores = NDArray[np.float32]
Predict = Callable[[Scores], Scores]
Triple = tuple[int, int, int]
# Sum of the scores of one slab; more would not fit beside the image on an ordinary machine.
LARGEST_SCORES_MB = 2048
MB = 1 << 20
# Centre of a patch counts most: Gaussian with this share of the patch as standard deviation.
SIGMA_SHARE = 0.125


def labels(image: Scores, patch: Triple, overlap: float, predict: Predict) -> NDArray[Any]:
    """Best class of every voxel.

    Scores of overlapping patches are summed with Gaussian weights; the sum of weights is the same for every class of a
    voxel, so that the best class needs no division. Only a slab as thick as the patch along the longest axis is held.

    Parameters
    ----------
    image
        Normalised, axes as the network wants them, no axis shorter than the patch.
    patch, overlap
        Voxels, and share that the next patch covers again.
    predict
        Patch -> scores (class, i, j, k).

    Raises
    ------
    OutOfResources
        If the scores of one slab are too large.
    """
    axis = int(np.argmax(image.shape))
    starts = [list(places(n, p, overlap)) for n, p in zip(image.shape, patch, strict=True)]
    weight = bell(patch)
    best = np.zeros(image.shape, np.uint16)
    slab: Scores | None = None
    for n, first in enumerate(starts[axis]):
        for place in product(*(line if a != axis else [first] for a, line in enumerate(starts))):
            box = tuple(slice(s, s + p) for s, p in zip(place, patch, strict=True))
            scores = predict(np.ascontiguousarray(image[box]))
            slab = _slab(len(scores), image.shape, patch, axis) if slab is None else slab
            inside = tuple(slice(None) if a == axis else box[a] for a in range(3))
            slab[(slice(None), *inside)] += scores * weight
        assert slab is not None
        following = starts[axis][n + 1] if n + 1 < len(starts[axis]) else image.shape[axis]
        _settle(best, slab, axis, (first, following))
    return best


def places(length: int, patch: int, overlap: float) -> Iterator[int]:
    """First voxels of the patches along one axis: even steps, the last patch ends with the image."""
    step = max(1, round(patch * (1 - overlap)))
    yield from range(0, length - patch, step)
    yield max(0, length - patch)


def bell(patch: Triple) -> Scores:
    """Weight of each voxel of a patch."""
    weight = np.ones(patch)
    for axis, n in enumerate(patch):
        off = (np.arange(n) - (n - 1) / 2) / max(1.0, SIGMA_SHARE * n)
        line = np.maximum(np.exp(-0.5 * off**2), 1e-3)
        weight *= line.reshape([n if a == axis else 1 for a in range(3)])
    return weight.astype(np.float32)


def _slab(n_classes: int, shape: tuple[int, ...], patch: Triple, axis: int) -> Scores:
    size = [patch[a] if a == axis else n for a, n in enumerate(shape)]
    needed_mb = 4 * n_classes * int(np.prod(size)) // MB
    if needed_mb > LARGEST_SCORES_MB:
        raise OutOfResources(
            f"The scores of {n_classes} classes on {' x '.join(str(n) for n in size)} voxels need {needed_mb} MB.",
            "Use a network with fewer classes, a thinner patch or larger voxels, or a smaller image.",
        )
    return np.zeros((n_classes, *size), np.float32)


def _settle(best: NDArray[Any], slab: Scores, axis: int, planes: tuple[int, int]) -> None:
    """Write the best class of the planes that no later patch reaches, and move the slab on to the next ones."""
    first, following = planes
    done = min(following - first, slab.shape[axis + 1])
    ahead = np.moveaxis(slab, axis + 1, 0)
    np.moveaxis(best, axis, 0)[first : first + done] = ahead[:done].argmax(axis=1)
    kept = len(ahead) - done
    ahead[:kept] = ahead[done:].copy()
    ahead[kept:] = 0
