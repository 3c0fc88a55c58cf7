"""Every way in which the vertebrae in view can be counted, and how likely each is (G-09).

A hypothesis is a variant of the column and the place in it where the view begins. An anchor says that a vertebra in view
is, or touches, a known structure; it is right with its reliability r, and wrong by one or two levels with (1 - r) shared
2 : 1 between them, half to each side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain

import numpy as np

from spinemets.knowledge.catalogue import table
from spinemets.model.level import CERVICAL, LUMBAR, THORACIC

# Segments of the sacrum that can be in view as if they were free vertebrae.
SACRAL_TAIL = ("S1", "S2")


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One count of the column.

    `sequence` runs head to feet, `last_mobile`, `first_rib` and `last_rib` are places in it.
    """

    name: str
    prior: float
    sequence: tuple[str, ...]
    last_mobile: int
    first_rib: int
    last_rib: int

    def place(self, name: str) -> int | None:
        """Place of a level, None if this variant does not have it."""
        return self.sequence.index(name) if name in self.sequence else None


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """Something that ties one vertebra in view to the count.

    Attributes
    ----------
    kind
        `user`, `top`, `label`, `other_series`, `earlier` (with `name`); `c2`, `sacrum` (the vertebra above it), `first_rib`,
        `last_rib` (the vertebra that bears it).
    index
        Place in view, 0 = highest.
    reliability
        Probability that it is right.
    words
        What it says, for the report.
    """

    kind: str
    index: int
    reliability: float
    name: str | None = None
    words: str = ""

    def expected(self, variant: Variant) -> int | None:
        """Place in a variant's sequence that this anchor points to."""
        if self.name is not None:
            return variant.place(self.name)
        places = {"c2": 1, "sacrum": variant.last_mobile, "first_rib": variant.first_rib, "last_rib": variant.last_rib}
        return places[self.kind]


@dataclass(frozen=True, kw_only=True)
class Drift:
    """Soft evidence: the view begins at `start` of the usual column, give or take `sd_levels`.

    It may be wrong altogether (a collapsed body, a low conus): no start is less likely than `floor` times the likeliest.
    """

    start: float
    sd_levels: float
    floor: float = 0.0

    def likelihood(self, start: int) -> float:
        """Of a start against the likeliest one."""
        return max(self.floor, float(np.exp(-(((start - self.start) / self.sd_levels) ** 2) / 2)))


@dataclass(frozen=True, kw_only=True)
class Posterior:
    """Ways to name the vertebrae in view, and counts of the column, with their probabilities, best first."""

    namings: tuple[tuple[tuple[str, ...], float], ...]
    counts: tuple[tuple[str, float], ...] = ()

    @property
    def best(self) -> tuple[str, ...]:
        """Most probable names, head to feet; empty if nothing can be said."""
        return self.namings[0][0] if self.namings else ()

    @property
    def confidence(self) -> float:
        """Probability that all of `best` is right."""
        return self.namings[0][1] if self.namings else 0.0

    def at(self, index: int) -> list[tuple[str, float]]:
        """Names of one vertebra with their probabilities, best first."""
        total: dict[str, float] = {}
        for names, p in self.namings:
            total[names[index]] = total.get(names[index], 0.0) + p
        return sorted(total.items(), key=lambda item: -item[1])


@cache
def variants() -> tuple[Variant, ...]:
    """Variants of `knowledge/tables/numbering.yaml`."""
    return tuple(_variant(entry) for entry in table("numbering")["variants"])


@cache
def expected_heights_mm() -> Mapping[str, float]:
    """Body height by level [mm], for the order of sizes."""
    return {k: float(v) for k, v in table("numbering")["heights_mm"]["values"].items()}


def _variant(entry: Mapping[str, object]) -> Variant:
    thoracic, lumbar = int(str(entry["thoracic"])), int(str(entry["lumbar"]))
    mobile = CERVICAL + THORACIC[:thoracic] + LUMBAR[:lumbar]
    fused = entry.get("fused", ())
    assert isinstance(fused, list | tuple)
    sequence = (*mobile, *(str(f) for f in fused), *SACRAL_TAIL)
    return Variant(
        name=str(entry["name"]),
        prior=float(str(entry["prior"])),
        sequence=sequence,
        last_mobile=len(mobile) - 1,
        first_rib=sequence.index(str(entry.get("first_rib", "T1"))),
        last_rib=sequence.index(str(entry.get("last_rib", f"T{thoracic}"))),
    )


def off_by(levels: int, reliability: float, one_off_share: float) -> float:
    """Likelihood of an anchor that is wrong by a signed number of levels."""
    wrong = {0: reliability, 1: (1 - reliability) * one_off_share / 2, 2: (1 - reliability) * (1 - one_off_share) / 2}
    return wrong.get(abs(levels), 0.0)


def posterior(n: int, anchors: Sequence[Anchor], one_off_share: float, drifts: Iterable[Drift] = ()) -> Posterior:
    """Probability of every way to name `n` vertebrae: variant prior times the likelihoods of all evidence.

    Hypotheses with the same names count together. Empty if the evidence cannot be explained at all.
    """
    soft = tuple(drifts)
    total: dict[tuple[str, ...], float] = {}
    by_count: dict[str, float] = {}
    for variant in variants():
        for start in range(len(variant.sequence) - n + 1):
            p = variant.prior
            for anchor in anchors:
                place = anchor.expected(variant)
                p *= 0.0 if place is None else off_by(place - start - anchor.index, anchor.reliability, one_off_share)
            for drift in soft:
                p *= drift.likelihood(start)
            if p > 0:
                names = variant.sequence[start : start + n]
                total[names] = total.get(names, 0.0) + p
                by_count[variant.name] = by_count.get(variant.name, 0.0) + p
    weight = sum(total.values())
    ranked = sorted(((names, p / weight) for names, p in total.items()), key=lambda item: -item[1])
    counts = sorted(((name, p / weight) for name, p in by_count.items()), key=lambda item: -item[1])
    return Posterior(namings=tuple(ranked), counts=tuple(counts))


def explained_together(first: Anchor, second: Anchor) -> Variant | None:
    """The most frequent variant in which both anchors are exactly right, None if there is none."""
    fitting = []
    for variant in variants():
        places = (first.expected(variant), second.expected(variant))
        if places[0] is not None and places[1] is not None and places[0] - first.index == places[1] - second.index:
            fitting.append(variant)
    return max(fitting, key=lambda v: v.prior, default=None)


def size_drift(heights_mm: Sequence[float | None], at_least: int, sd_levels: float, floor: float = 0.0) -> Drift | None:
    """Where in the usual column body heights of this order belong; free scale, least squares of log height.

    None with fewer than `at_least` heights.
    """
    known = [(n, float(np.log(h))) for n, h in enumerate(heights_mm) if h is not None and h > 0]
    if len(known) < at_least:
        return None
    column = list(chain(CERVICAL, THORACIC[:12], LUMBAR[:5]))
    expected = expected_heights_mm()
    best: tuple[float, int] | None = None
    for start in range(len(column) - len(heights_mm) + 1):
        pairs = [(log, np.log(expected[column[start + n]])) for n, log in known if column[start + n] in expected]
        if len(pairs) < at_least:
            continue
        difference = np.array([a - b for a, b in pairs])
        misfit = float(np.var(difference))
        if best is None or misfit < best[0]:
            best = (misfit, start)
    return None if best is None else Drift(start=float(best[1]), sd_levels=sd_levels, floor=floor)
