"""How often an outline is good at each confidence, on the digital spine: `python -m studies.network.calibration`.

Images of eight series, as they are and worsened by noise and by thicker slices, give vertebrae with a raw confidence each. An
outline is good if its vertebra is one of the truth's, not already met, and its body has a Dice coefficient of 0.85 or more. Every
other image gives the curve (logistic: good outlines over raw confidence), the rest tells how far the curve can be believed. The
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
from spinemets.segmentation.network.quality import calibrated, judge
from spinemets.segmentation.network.segmenter import drawn, seen
from studies.network import images
from studies.network.images import Known
from studies.network.measured import CODE, network
from studies.network.scores import dice

PAIRS = (
    ("first-light", "ct"), ("first-light", "t2"), ("first-light", "stir"), ("fx-malignant-typical", "t1"), ("fx-grades", "t2"),
    ("degenerated", "ct"), ("ct-blastic-diffuse", "t1"), ("pit-hardware", "ct"),
)  # fmt: skip
GOOD_DICE = 0.85
# Standard deviation of added noise as a share of the image's range (percentiles 1 to 99), and slices averaged.
WORSE = ((0.0, 1), (0.5, 1), (1.0, 1), (1.6, 1), (2.4, 1), (0.5, 5), (1.2, 5))
# Raw confidences that the curve is kept at, and where confidences are told apart in the table.
KNOTS = (0.3, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.96, 0.98, 0.995)
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
    of = network(ct=known.ct)
    scores = seen(known.array, known.grid, of, ct=known.ct)
    if scores is None:
        return []
    found = instances_of(scores, of[0])
    if not len(found):
        return []
    box, parts, numbers = drawn(known.array, scores, found, of[0], ct=known.ct)
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
    """Knots (raw confidence, share of good outlines) of a logistic curve over the logit of the raw confidence.

    Fitted to targets drawn a little towards the middle (Platt, Advances in Large Margin Classifiers 1999:61), so that a set without
    a bad outline does not promise that there is none.
    """
    raw, good = _arrays(of)
    n_good, n_bad = good.sum(), (1 - good).sum()
    target = np.where(good > 0, (n_good + 1) / (n_good + 2), 1 / (n_bad + 2))

    def loss(parameters: NDArray[np.float64]) -> float:
        said = _logistic(parameters, raw)
        return -float(np.mean(target * np.log(said) + (1 - target) * np.log(1 - said)))

    fitted = optimize.minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead").x
    # Nothing is said to be sure.
    return [(at, round(float(np.clip(_logistic(fitted, np.array([at]))[0], 0.001, 0.999)), 3)) for at in KNOTS]


def _logistic(parameters: NDArray[np.float64], raw: NDArray[np.float64]) -> NDArray[np.float64]:
    held = np.clip(raw, 0.02, 0.998)
    steep, shift = parameters
    found: NDArray[np.float64] = np.clip(1 / (1 + np.exp(-(steep * np.log(held / (1 - held)) + shift))), 1e-6, 1 - 1e-6)
    return found


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
    groups = list(measured(PAIRS))
    fitted, rest = ([o for group in groups[half::2] for o in group] for half in (0, 1))
    knots = curve(fitted)
    print("knots:", [list(knot) for knot in knots])
    print(f"{len(fitted)} outlines gave the curve; the other {len(rest)}:\n")
    print(reliability(rest, knots))


if __name__ == "__main__":
    main()
