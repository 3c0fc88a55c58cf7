"""The network of the package on one image: what it outlines, against what is known."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.segmentation.network import segmenter
from spinemets.segmentation.network.card import Card
from spinemets.segmentation.network.engine import Engine
from spinemets.segmentation.network.instances import Instances, instances_of
from spinemets.segmentation.network.painting import PARTS
from studies.network.images import Known
from studies.network.scores import Score, instance_scores

# Parts that make up a structure, and whether its instances are told apart.
STRUCTURES = {
    "marrow": (("body",), True),
    "body": (("body", "border"), True),
    "vertebra": (("body", "border", "posterior"), True),
    "posterior": (("posterior",), True),
    "disc": (("disc",), True),
    "discs": (("disc",), False),
    "canal": (("canal", "cord"), False),
    "cord": (("cord",), False),
}
CODE = {name: n for n, name in enumerate(PARTS)}


@dataclass(frozen=True, kw_only=True, eq=False)
class Outlined:
    """Parts and numbers on the image's grid, the vertebrae found, and the seconds it took."""

    parts: NDArray[np.uint8]
    numbers: NDArray[np.uint8]
    found: Instances | None
    seconds: float

    def structure(self, name: str) -> NDArray[Any]:
        """Instances (or one mask) of a structure."""
        members, apart = STRUCTURES[name]
        mask = np.isin(self.parts, [CODE[m] for m in members])
        return np.where(mask, self.numbers if apart else 1, 0)


@cache
def network(*, ct: bool) -> tuple[Card, Engine]:
    """The weights of the package that read CT, or MR."""
    return segmenter.network("onnxruntime", ct=ct)


def outline(known: Known) -> Outlined:
    """Outline one image as `spinemets segment` does."""
    of = network(ct=known.ct)
    begun = time.perf_counter()
    card = of[0]
    scores = segmenter.seen(known.array, known.grid, of, ct=known.ct)
    parts, numbers = (np.zeros(known.grid.shape_ijk, np.uint8) for _ in range(2))
    if scores is None:
        return Outlined(parts=parts, numbers=numbers, found=None, seconds=time.perf_counter() - begun)
    found = instances_of(scores, card)
    box, here, own = segmenter.drawn(known.array, scores, found, card, ct=known.ct)
    parts[box], numbers[box] = here, own
    return Outlined(parts=parts, numbers=numbers, found=found, seconds=time.perf_counter() - begun)


def scored(known: Known, outlined: Outlined) -> list[Score]:
    """All structures that are known of an image."""
    return [
        score
        for name, truth in known.truth.items()
        for score in instance_scores(
            name, np.asarray(truth).astype(np.int64), outlined.structure(name), known.grid.spacing_mm
        )
    ]


def in_order(known: Known, scores: list[Score]) -> bool:
    """Whether labelled bodies, head to feet, were met by vertebrae each of its own, in the same order."""
    labels, bodies = known.truth["marrow"], [s for s in scores if s.structure == "marrow"]
    heights = {s.number: known.grid.to_lps_mm(np.argwhere(labels == s.number).mean(axis=0))[2] for s in bodies if s.own}
    own = [s.own for s in sorted((s for s in bodies if s.own), key=lambda s: -heights[s.number])]
    return len(own) == len(bodies) and all(b > a for a, b in pairwise(own))
