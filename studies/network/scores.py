"""Dice coefficients and surface distances of one image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

BODY = ("body", "border")
WHOLE = ("body", "border", "posterior")


@dataclass(frozen=True, kw_only=True)
class Score:
    """How one structure was met; `number` is the truth's integer, `own` the vertebra found, `volume` its volume against the truth's."""

    structure: str
    number: int
    own: int
    dice: float
    hd95_mm: float
    volume: float


def dice(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Dice coefficient of two masks."""
    return float(2 * np.count_nonzero(one & other) / max(1, np.count_nonzero(one) + np.count_nonzero(other)))


def hd95_mm(one: NDArray[np.bool_], other: NDArray[np.bool_], spacing: tuple[float, ...]) -> float:
    """95th percentile of the distances between two surfaces, both ways."""
    if not one.any() or not other.any():
        return float("inf")
    at = np.argwhere(one | other)
    box = tuple(slice(max(0, a - 2), b + 3) for a, b in zip(at.min(axis=0), at.max(axis=0), strict=True))
    masks = [m[box] for m in (one, other)]
    edges = [m & ~ndimage.binary_erosion(m) for m in masks]
    far = [ndimage.distance_transform_edt(~e, sampling=spacing) for e in edges]
    return float(np.percentile(np.concatenate([far[1][edges[0]], far[0][edges[1]]]), 95))


def instance_scores(
    structure: str, truth: NDArray[Any], found: NDArray[Any], spacing: tuple[float, ...]
) -> list[Score]:
    """Each labelled instance with the one of most overlap; none is used twice."""
    scored, used = [], set()
    order = sorted((int(n) for n in np.unique(truth) if n), key=lambda n: -int((truth == n).sum()))
    for number in order:
        own = truth == number
        counts = np.bincount(found[own].ravel().astype(np.int64))
        counts[0] = 0
        counts[[n for n in used if n < len(counts)]] = 0
        best = int(counts.argmax()) if counts.any() else 0
        used.add(best) if best else None
        mask = (found == best) & (best > 0)
        scored.append(
            Score(
                structure=structure, number=number, own=best, dice=dice(own, mask), hd95_mm=hd95_mm(own, mask, spacing),
                volume=float(np.count_nonzero(mask) / np.count_nonzero(own)),
            )
        )  # fmt: skip
    return scored
