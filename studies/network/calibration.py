"""How often an outline is good at each confidence, on the digital spine: `python -m studies.network.calibration`.

Images of the page's cases, as they are and worsened by noise and by thicker slices, give vertebrae with a raw confidence each. An
outline is good if its vertebra is one of the truth's, not already met, and its body has a Dice coefficient of 0.85 or more. Every
other image gives the curve (isotonic: good outlines over raw confidence), the rest tells how far the curve can be believed. The
knots go into the table `segmentation`, the reliability table onto the page of figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, optimize

from spinemets.segmentation.network.instances import instances_of
from spinemets.segmentation.network.painting import painted
from spinemets.segmentation.network.quality import calibrated, judge
from spinemets.segmentation.network.segmenter import seen
from studies.network import images
from studies.network.images import Known
from studies.network.measured import CODE, network
from studies.network.scores import dice

GOOD_DICE = 0.85
# Standard deviation of added noise as a share of the image's range (percentiles 1 to 99), and slices averaged.
WORSE = ((0.0, 1), (0.12, 1), (0.3, 1), (0.6, 1), (0.05, 3), (0.2, 3))
# Fewest outlines that a level of the curve stands on, and where confidences are told apart in the table.
LEAST = 12
EDGES = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0)


@dataclass(frozen=True, kw_only=True)
class Outline:
    """One vertebra found: raw confidence, and whether its outline is good."""

    raw: float
    good: bool


def worsened(known: Known, noise: float, thick: int, seed: int) -> Known:
    """The same image with noise, and with the mean of several slices in the place of each."""
    array = known.array.astype(np.float32)
    low, high = np.percentile(array, [1, 99])
    axis = int(np.argmax(known.grid.spacing_mm))
    if thick > 1:
        array = ndimage.uniform_filter1d(array, thick, axis=axis, mode="nearest")
    array = array + np.random.default_rng(seed).normal(0, noise * (high - low), array.shape).astype(np.float32)
    return replace(known, array=array)


def outlines(known: Known) -> list[Outline]:
    """Vertebrae of the network in an image against the truth's bodies."""
    of = network()
    scores = seen(known.array, known.grid, of, ct=known.ct)
    if scores is None:
        return []
    found = instances_of(scores, of[0])
    if not len(found):
        return []
    box, parts, numbers = painted(scores, found, of[0])
    truth = known.truth["body"][box]
    body = np.isin(parts, [CODE["body"], CODE["border"]])
    made, met = [], set()
    for number, verdict in enumerate(judge(scores, found), start=1):
        own = body & (numbers == number)
        if found.sacral[number - 1] or not own.any():
            continue
        counts = np.bincount(truth[own].astype(np.int64))
        counts[0] = 0
        best = int(counts.argmax())
        good = bool(counts.any()) and best not in met and dice(own, truth == best) >= GOOD_DICE
        met.add(best)
        made.append(Outline(raw=verdict.raw, good=good))
    return made


def curve(of: Sequence[Outline]) -> list[tuple[float, float]]:
    """Knots (raw confidence, share of good outlines) of an isotonic fit, with one good and one bad outline added to each level."""
    raw, good = _arrays(of)
    fitted = optimize.isotonic_regression(good).x
    knots: list[tuple[float, float]] = []
    levels = np.flatnonzero(np.diff(fitted, prepend=np.nan, append=np.nan) != 0)
    start = 0
    for stop in levels[1:]:
        if stop - start < LEAST and stop != len(raw):
            continue
        share = (good[start:stop].sum() + 1) / (stop - start + 2)
        knots.append((round(float(np.median(raw[start:stop])), 3), round(float(share), 3)))
        start = int(stop)
    shares = np.maximum.accumulate([share for _, share in knots])
    return [(x, float(p)) for (x, _), p in zip(knots, shares, strict=True)]


def reliability(of: Sequence[Outline], knots: Sequence[tuple[float, float]]) -> str:
    """Table: outlines by calibrated confidence, with the share that is good."""
    raw, good = _arrays(of)
    said = np.array([calibrated(value, knots) for value in raw])
    lines = ["| confidence | outlines | mean confidence | good |", "|---|---|---|---|"]
    for low, high in pairwise(EDGES):
        inside = (said >= low) & ((said < high) | (high == 1.0))
        if inside.any():
            lines.append(
                f"| {low:g} to {high:g} | {inside.sum()} | {said[inside].mean():.2f} | {good[inside].mean():.2f} |"
            )
    error = float(np.mean((said - good) ** 2))
    return "\n".join(
        [
            *lines,
            "",
            f"Brier score {error:.3f}; {np.mean((good.mean() - good) ** 2):.3f} if all had the same confidence.",
        ]
    )


def _arrays(of: Sequence[Outline]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Raw confidences in order, and whether each outline is good."""
    ordered = sorted(of, key=lambda outline: outline.raw)
    return np.array([o.raw for o in ordered]), np.array([float(o.good) for o in ordered])


def measured(pairs: Sequence[tuple[str, str]]) -> Iterator[list[Outline]]:
    """Outlines of each image."""
    for place, pair in enumerate(pairs):
        known = images.synthetic(*pair)
        for number, (noise, thick) in enumerate(WORSE):
            yield outlines(worsened(known, noise, thick, 100 * place + number))


def main() -> None:
    """Print the knots for the table and the reliability of the other half."""
    from studies.network.page import SYNTHETIC

    groups = list(measured(SYNTHETIC))
    fitted, rest = ([o for group in groups[half::2] for o in group] for half in (0, 1))
    knots = curve(fitted)
    print("knots:", [list(knot) for knot in knots])
    print(f"{len(fitted)} outlines gave the curve; the other {len(rest)}:\n")
    print(reliability(rest, knots))


if __name__ == "__main__":
    main()
