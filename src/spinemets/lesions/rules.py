"""Voxel rules: from the centre and spread of normal marrow to the values that count as abnormal.

A rule turns (m0, s0) into two limits: at or below `low`, or at or above `high`, a voxel is a candidate. The numbers live in
the catalogue entries of the criteria.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from spinemets.knowledge.catalogue import Catalogue


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Candidate voxels lie in (floor, low] or in [high, infinity), in the unit of the image."""

    low: float = -math.inf
    high: float = math.inf
    floor: float = -math.inf

    def stricter(self, other: Limits) -> Limits:
        """Limits that both allow."""
        return Limits(low=min(self.low, other.low), high=max(self.high, other.high), floor=self.floor)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How one criterion finds candidates.

    Attributes
    ----------
    criterion, kinds
        Catalogue id, series kinds it accepts, best first.
    suffix
        Appended to the lesion number (`t1` in `L3-1t1`).
    limits
        (m0, s0) -> Limits.
    smoothed
        Whether voxels are judged on the smoothed image (CT).
    low_kind, high_kind
        Names of what is found below and above.
    """

    criterion: str
    kinds: tuple[str, ...]
    suffix: str
    limits: Callable[[float, float], Limits]
    smoothed: bool
    low_kind: str
    high_kind: str


@dataclass(frozen=True)
class CtNumbers:
    """Numbers of CT-02: multiples of the robust SD, least differences, and absolute floors, in HU."""

    lytic_sd: float
    lytic_least_hu: float
    blastic_sd: float
    blastic_least_hu: float
    blastic_floor_hu: float
    soft_floor_hu: float


def ct_limits(m0: float, s0: float, numbers: CtNumbers) -> Limits:
    """CT-02: lytic at m0 - max(2.5 s0, 50) and above -150; blastic from max(m0 + max(3 s0, 150), 250), all in HU."""
    return Limits(
        low=m0 - max(numbers.lytic_sd * s0, numbers.lytic_least_hu),
        high=max(m0 + max(numbers.blastic_sd * s0, numbers.blastic_least_hu), numbers.blastic_floor_hu),
        floor=numbers.soft_floor_hu,
    )


def t1_limits(m0: float, s0: float, *, voxel_contrast: float, voxel_sd: float) -> Limits:
    """MR-T1-03: C = (S - m0) / m0 <= -0.20 and S <= m0 - 3 s0."""
    return Limits(low=min(m0 * (1 + voxel_contrast), m0 - voxel_sd * s0))


def stir_limits(m0: float, s0: float, *, voxel_contrast: float, voxel_sd: float) -> Limits:
    """MR-STIR-01: C = (S - m0) / m0 >= +0.5 and (S - m0) / noise >= 3, noise = robust SD of the reference marrow."""
    return Limits(high=max(m0 * (1 + voxel_contrast), m0 + voxel_sd * s0))


def rules(catalogue: Catalogue) -> tuple[Rule, ...]:
    """The three searches of this version, with the numbers of their entries; those missing from the catalogue are left out."""
    return tuple(_rule(criterion, catalogue, *how) for criterion, how in _SEARCHES.items() if criterion in catalogue)


_SEARCHES: dict[str, tuple[str, tuple[str, str]]] = {
    "CT-02": ("", ("lytic", "blastic")),
    "MR-T1-03": ("t1", ("t1_dark", "")),
    "MR-STIR-01": ("stir", ("", "stir_bright")),
}


def _rule(criterion: str, catalogue: Catalogue, suffix: str, kinds: tuple[str, str]) -> Rule:
    entry = catalogue[criterion]
    accepted = tuple(next(iter(entry.needs.volumes.values())))
    return Rule(
        criterion=criterion,
        kinds=accepted,
        suffix=suffix,
        limits=_limits(criterion, entry.values()),
        smoothed=accepted[0].startswith("ct"),
        low_kind=kinds[0],
        high_kind=kinds[1],
    )


def _limits(criterion: str, numbers: Mapping[str, Any]) -> Callable[[float, float], Limits]:
    """The rule of a criterion with its numbers filled in."""
    if criterion == "CT-02":
        ct = CtNumbers(**{name: numbers[name] for name in CtNumbers.__dataclass_fields__})
        return lambda m0, s0: ct_limits(m0, s0, ct)
    contrast, sd = numbers["voxel_contrast"], numbers["voxel_sd"]
    function = t1_limits if criterion == "MR-T1-03" else stir_limits
    return lambda m0, s0: function(m0, s0, voxel_contrast=contrast, voxel_sd=sd)
