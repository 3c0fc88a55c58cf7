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
    `prior_size_sd` about a common ratio (another modality, other outlines) if the vertebrae are the same, and by
    `prior_unrelated_sd` if they are not. Sizes of one body and of neighbours go together: their evidence counts for
    `prior_share`.

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
    total, compared = 0.0, 0
    for name in BODY_SIZES:
        logs = np.array([np.log(a[name] / b[name]) for a, b in pairs if a.get(name, 0) > 0 and b.get(name, 0) > 0])
        if len(logs) < rules["prior_at_least"]:
            continue
        compared += 1
        common = float(rules["prior_common_sd"])
        total += _log_density(logs, float(rules["prior_size_sd"]), common)
        total -= _log_density(logs, float(rules["prior_unrelated_sd"]), common)
    return total if compared else None


def _log_density(values: Array, own_sd: float, common_sd: float) -> float:
    """Log density of values that share one Gaussian deviation and have one each, up to a constant of their number."""
    n, own, common = len(values), own_sd**2, common_sd**2
    squares = float(values @ values) - common / (own + n * common) * float(values.sum()) ** 2
    determinant = (n - 1) * np.log(own) + np.log(own + n * common)
    return float(-(squares / own + determinant) / 2)
