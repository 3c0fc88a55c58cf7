"""`MapResult` and `NotMapped`: quantities computed voxel by voxel from the series of a study, or why they were not.

`Computed` is what a series carries that is such a map.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from spinemets.model.grid import Grid


@dataclass(frozen=True, kw_only=True, eq=False)
class ParametricMap:
    """One quantity over a grid.

    Attributes
    ----------
    name
        Short name with its unit ("adc_mm2_per_s"), also that of its file.
    title
        What a person calls it.
    unit
        UCUM.
    array
        Axes (i, j, k), and a last one for intervals (low, high); nan where not valid.
    """

    name: str
    title: str
    unit: str
    array: NDArray[Any]

    def __post_init__(self) -> None:
        self.array.setflags(write=False)


@dataclass(frozen=True, kw_only=True, eq=False)
class MapResult:
    """Maps of one set of series.

    Attributes
    ----------
    kind
        `adc`, `ivim`, `opposed-phase`, `fat-fraction`, `t1`, `dce`, `enhancement` or `suv`.
    source
        What it was computed from, in words.
    series_uids
        Of what was used.
    number
        Running number of the first of these series.
    grid
        Of all maps.
    maps
        The first one is the quantity that the kind is named for.
    method
        One sentence: formula, fit, weighting.
    inputs
        What went in, by name with unit ("b_values_s_per_mm2"): numbers, texts and lists of them.
    rejected
        Reason -> number of voxels.
    notes
        What a reader has to know.
    """

    kind: str
    source: str
    series_uids: tuple[str, ...]
    number: int
    grid: Grid
    maps: tuple[ParametricMap, ...]
    method: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    rejected: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NotMapped:
    """A map that was not made: of what, why, and what would help."""

    kind: str
    source: str
    reason: str
    remedy: str = ""


@dataclass(frozen=True, kw_only=True)
class Computed:
    """How a series came about that no scanner made: a map among the series of a study.

    Attributes
    ----------
    map_kind, quantity
        Kind of map, and which of its quantities ("adc", "adc_mm2_per_s").
    from_uids
        Series that it was computed from.
    method
        One sentence.
    facts
        What a criterion may ask of it, by name with unit ("b_values_s_per_mm2", "noise_sigma").
    """

    map_kind: str
    quantity: str
    from_uids: tuple[str, ...]
    method: str
    facts: Mapping[str, Any] = field(default_factory=dict)
