"""How far an outline can be believed: what is wrong with it in words, and a confidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.segmentation.network.inference import Scores
from spinemets.segmentation.network.instances import BONE, Instances

# Bodies against their neighbours': heights and volumes beyond these ratios are no steps of a column.
TALL, SMALL = 1.6, 0.35
# Share of the body's bounding ellipsoid... holes inside a body, and the volumes of its two halves against each other.
HOLES = 0.03
UNEVEN = 1.8


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Confidence from 0 to 1, and sentences on what lowers it.

    Attributes
    ----------
    raw
        Mean probability of the own voxels, lowered by what is wrong.
    confidence
        Share of outlines with that raw value that are good (`calibrated`).
    """

    raw: float
    confidence: float
    flags: tuple[str, ...] = ()


def calibrated(raw: float, knots: Sequence[Sequence[float]]) -> float:
    """Share of outlines of that raw confidence that are good: straight lines between knots (raw, share), level beyond them."""
    places, shares = np.array(knots, float).T
    return round(float(np.interp(raw, places, shares)), 3)


def judge(scores: Scores, found: Instances) -> list[Verdict]:
    """Verdict on each vertebra from the head down."""
    bodies = [_Body.of(found, n, scores.lattice.spacing_mm) for n in range(1, len(found) + 1)]
    return [_verdict(found, bodies, place) for place in range(len(bodies))]


@dataclass(frozen=True, kw_only=True)
class _Body:
    """Size and evenness of one body."""

    height_mm: float
    volume_ml: float
    holes: float
    halves: float
    cut: bool

    @classmethod
    def of(cls, found: Instances, number: int, spacing: tuple[float, float, float]) -> _Body:
        from scipy import ndimage  # lazy: heavy import

        mask = (found.numbers == number) & (found.groups == BONE)
        at = np.argwhere(mask)
        box = tuple(slice(a, b + 1) for a, b in zip(at.min(axis=0), at.max(axis=0), strict=True))
        own = mask[box]
        filled = np.stack([ndimage.binary_fill_holes(plane) for plane in own])
        columns = own.sum(axis=1)
        middle = own.shape[0] / 2
        sides = own.sum(axis=(1, 2))
        left, right = sides[: int(np.floor(middle))].sum(), sides[int(np.ceil(middle)) :].sum()
        return cls(
            height_mm=float(np.median(columns[columns > 0])) * spacing[1],
            volume_ml=len(at) * float(np.prod(spacing)) / 1000,
            holes=1 - len(at) / int(filled.sum()),
            halves=float(max(left, right) / max(1, min(left, right))),
            cut=bool((at == 0).any() or (at == np.array(mask.shape) - 1).any()),
        )


def _verdict(found: Instances, bodies: list[_Body], place: int) -> Verdict:
    own = bodies[place]
    near = [bodies[n] for n in (place - 2, place - 1, place + 1, place + 2) if 0 <= n < len(bodies)]
    flags, trust = [], float(found.confidence[place])
    if near:
        height = own.height_mm / float(np.median([b.height_mm for b in near]))
        volume = own.volume_ml / float(np.median([b.volume_ml for b in near]))
        if height > TALL:
            flags.append(f"{height:.1f} times as high as its neighbours: two vertebrae may be outlined as one")
            trust *= 0.5
        if volume < SMALL and not own.cut:
            flags.append(f"{volume:.0%} of its neighbours' volume: a part of a vertebra, or one collapsed or destroyed")
            trust *= 0.7
    if own.holes > HOLES:
        flags.append(f"the outline of the body has holes ({own.holes:.0%} of it)")
        trust *= 0.9
    if own.halves > UNEVEN and not own.cut:
        flags.append(f"one half of the body is {own.halves:.1f} times as large as the other")
        trust *= 0.8
    if own.cut:
        flags.append("cut by the border of what was looked at")
    knots = table("segmentation")["calibration"]["knots"]
    return Verdict(raw=round(trust, 3), confidence=calibrated(trust, knots), flags=tuple(flags))
