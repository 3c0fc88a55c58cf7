"""The recipe of training samples: the table `phantom_training`, with what a caller changes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.model.errors import UsageError

Draw = np.random.Generator
Row = Mapping[str, Any]
Limits = tuple[float, float]


@dataclass(frozen=True, kw_only=True, eq=False)
class Recipe:
    """What is random in the samples of one kind.

    Attributes
    ----------
    kind
        `slab` or `volume`: a row of `kinds`.
    rows
        The whole table, changes included.
    """

    kind: str
    rows: Row

    @property
    def grid(self) -> Row:
        """Row of the kind: shape, spacing, field."""
        found: Row = self.rows["kinds"][self.kind]
        return found

    def __getitem__(self, name: str) -> Any:
        return self.rows[name]


def recipe_of(kind: str = "slab", changes: Row | None = None) -> Recipe:
    """The recipe of the table, nested rows of `changes` merged into it.

    Raises
    ------
    UsageError
        If there is no such kind, or a changed row does not exist.
    """
    rows = merged(table("phantom_training"), changes or {})
    if kind not in rows["kinds"]:
        raise UsageError(f"There are no training samples of the kind {kind!r}.", f"Kinds: {', '.join(rows['kinds'])}.")
    return Recipe(kind=kind, rows=rows)


def merged(base: Row, changes: Row, where: str = "", *, may_add: bool = False) -> dict[str, Any]:
    """Rows with changes in the place of those of the same name, nested ones one by one.

    Raises
    ------
    UsageError
        If a changed row does not exist, unless rows may be added. `where` is what its name is said to begin with.
    """
    made = dict(base)
    for name, value in changes.items():
        if name not in base and not may_add:
            raise UsageError(f"The recipe has no row {where + name!r}.", f"Rows there: {', '.join(map(str, base))}.")
        nested = isinstance(value, Mapping) and isinstance(base.get(name), Mapping)
        made[name] = merged(base[name], value, f"{where}{name}.", may_add=may_add) if nested else value
    return made


def between(draw: Draw, limits: Limits) -> float:
    """Uniform between two limits."""
    return float(draw.uniform(limits[0], limits[1]))


def log_between(draw: Draw, limits: Limits) -> float:
    """Uniform in the logarithm."""
    return math.exp(draw.uniform(math.log(limits[0]), math.log(limits[1])))


def whole(draw: Draw, limits: tuple[int, int]) -> int:
    """An integer from the first to the last."""
    return int(draw.integers(limits[0], limits[1] + 1))


def chosen(draw: Draw, shares: Mapping[str, float]) -> str:
    """One of the names, by its share of the sum."""
    names = list(shares)
    weights = np.cumsum([shares[name] for name in names])
    return names[int(np.searchsorted(weights, draw.uniform(0.0, weights[-1]), side="right"))]


def happens(draw: Draw, share: float) -> bool:
    """Whether something of that share happens."""
    return bool(draw.uniform() < share)
