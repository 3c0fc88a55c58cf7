"""Names of an earlier study carried over by the sizes of the bodies: the same person keeps them (G-09, `prior`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.model.level import BODY_SIZES, EarlierLevel

Sizes = Mapping[str, float]
Array = NDArray[np.float64]
SPACING = "spacing_mm"


@dataclass(frozen=True, kw_only=True)
class Match:
    """One vertebra in view, and what the earlier study called it.

    Attributes
    ----------
    place
        Place in view, 0 = highest.
    name
        Its name in the earlier study.
    confidence
        Probability of this overlay among all of them, times that study's own confidence of its name.
    """

    place: int
    name: str
    confidence: float


def matched(sizes: Sequence[Sizes], earlier: Sequence[EarlierLevel], rules: Mapping[str, Any]) -> Match | None:
    """How an earlier study's vertebrae lie over those in view, by the sizes of their bodies.

    Every way of laying one row over the other is weighed: logarithms of the ratios of heights, widths and depths spread by
    `prior_size_sd`, those of distances between neighbours by `prior_spacing_sd`, about a common ratio (another modality, other
    outlines) if the vertebrae are the same, and by `prior_unrelated_sd` if they are not. Sizes of one body and of neighbours
    go together: their evidence counts for `prior_share`.

    Parameters
    ----------
    sizes
        Of each vertebra in view, head to feet; what could not be measured is left out.
    earlier
        Of the earlier study, head to feet.
    rules
        Parameters of G-09.

    Returns
    -------
    Match or None
        None where too few bodies can be compared in any way, or the best way meets no named vertebra.
    """
    offsets, weights = [], []
    for offset in range(-len(sizes) + 1, len(earlier)):
        evidence = _evidence(sizes, earlier, offset, rules)
        if evidence is not None:
            offsets.append(offset)
            weights.append(rules["prior_share"] * evidence)
    if not offsets:
        return None
    # Beside every overlay that can be compared: that they do not meet at all.
    odds = np.exp(np.array([*weights, 0.0]) - max(*weights, 0.0))
    best = int(np.argmax(odds[:-1]))
    sure = float(odds[best] / odds.sum())
    named = [
        (place, level)
        for place in range(len(sizes))
        if 0 <= (at := place + offsets[best]) < len(earlier) and (level := earlier[at]).name is not None
    ]
    if not named:
        return None
    place, level = max(named, key=lambda item: item[1].confidence)
    return Match(place=place, name=str(level.name), confidence=sure * level.confidence)


def _evidence(
    sizes: Sequence[Sizes], earlier: Sequence[EarlierLevel], offset: int, rules: Mapping[str, Any]
) -> float | None:
    """Logarithm of how much likelier the sizes are if the rows are the same people's vertebrae than if not."""
    pairs = [(own, earlier[n + offset].size_mm) for n, own in enumerate(sizes) if 0 <= n + offset < len(earlier)]
    ratios = [
        {name: float(np.log(a[name] / b[name])) for name in BODY_SIZES if a.get(name, 0) > 0 and b.get(name, 0) > 0}
        for a, b in pairs
    ]
    if sum(map(bool, ratios)) < rules["prior_at_least"]:
        return None
    total = 0.0
    for name in BODY_SIZES:
        logs = np.array([ratio[name] for ratio in ratios if name in ratio])
        # Between so many bodies lies one distance less.
        if len(logs) < rules["prior_at_least"] - 1:
            continue
        own_sd = float(rules["prior_spacing_sd" if name == SPACING else "prior_size_sd"])
        total += _agreement(logs, own_sd, rules)
    return total


def _agreement(logs: Array, own_sd: float, rules: Mapping[str, Any]) -> float:
    """Log likelihood ratio of one size of several bodies.

    The common ratio is taken from the median, as likely as `prior_common_sd` makes it. A body that changed between the
    studies (it collapsed, or was cut) counts against the overlay as an outlier does, no more.
    """
    common, changed = float(np.median(logs)), float(rules["prior_changed_share"])
    unrelated = float(rules["prior_unrelated_sd"])
    same = (1 - changed) * _density(logs - common, own_sd) + changed * _density(logs - common, unrelated)
    ratio = np.log(same / _density(logs - common, unrelated)).sum()
    return float(ratio - (common / float(rules["prior_common_sd"])) ** 2 / 2)


def _density(values: Array, sd: float) -> Array:
    """Gaussian density about zero."""
    return np.asarray(np.exp(-((values / sd) ** 2) / 2) / (sd * np.sqrt(2 * np.pi)))
