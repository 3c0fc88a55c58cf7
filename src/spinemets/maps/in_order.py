"""Values of an image in order: how many lie up to a level, and which one lies at a place of the order."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# What draws the same numbers each time.
SEED = 1
# Steps that are counted one by one: those of stored numbers of 16 bits.
MOST_STEPS = 1 << 16


class InOrder(Protocol):
    """Values in order, float64."""

    def __len__(self) -> int:
        """How many there are."""

    def up_to(self, level: float) -> int:
        """How many are not above a level."""

    def at(self, place: int) -> float:
        """The value at a place of the order, 0 being the lowest."""


class Sorted:
    """Values that are sorted already."""

    def __init__(self, values: Array) -> None:
        self._values = values

    def __len__(self) -> int:
        return len(self._values)

    def up_to(self, level: float) -> int:
        """See `InOrder`."""
        return int(np.searchsorted(self._values, level, side="right"))

    def at(self, place: int) -> float:
        """See `InOrder`."""
        return float(self._values[place])


class Spread:
    """Whole numbers, each spread evenly over what was rounded to it: sorted by number at once, within one when it is asked for.

    A number is a step that reaches half to either side; few steps are ever asked for, and sorting all takes twice as long.

    Parameters
    ----------
    values
        Whole numbers below `MOST_STEPS` in magnitude.
    """

    def __init__(self, values: NDArray[Any]) -> None:
        step = np.abs(values).astype(np.uint16)
        # In the order of the steps already, those of one in any order.
        self._values = spread(values)[np.argsort(step, kind="stable")]
        self._ends = np.concatenate([[0], np.cumsum(np.bincount(step))])
        self._sorted: set[int] = set()

    def __len__(self) -> int:
        return len(self._values)

    def up_to(self, level: float) -> int:
        """See `InOrder`."""
        last = len(self._ends) - 2
        whole = min(max(int(np.floor(min(level, MOST_STEPS) - 0.5)), -1), last)
        # The step that the level lies in, and the next one, whose lowest value may be the level itself.
        parts = (self._step(number) for number in range(whole + 1, min(whole + 2, last) + 1))
        return int(self._ends[whole + 1]) + sum(int(np.searchsorted(part, level, side="right")) for part in parts)

    def at(self, place: int) -> float:
        """See `InOrder`."""
        number = int(np.searchsorted(self._ends, place, side="right")) - 1
        return float(self._step(number)[place - self._ends[number]])

    def _step(self, number: int) -> Array:
        part = self._values[self._ends[number] : self._ends[number + 1]]
        if number not in self._sorted:
            part.sort()
            self._sorted.add(number)
        return part


def in_order(values: NDArray[Any]) -> InOrder:
    """Values in order; where all are whole numbers they count as spread over what was rounded to them.

    Parameters
    ----------
    values
        Finite numbers, shape (n,), at least one.
    """
    if not np.all(np.rint(values) == values):
        return Sorted(np.sort(values.astype(np.float64)))
    if max(-float(values.min()), float(values.max())) < MOST_STEPS:
        return Spread(values)
    return Sorted(np.sort(spread(values)))


def spread(values: NDArray[Any]) -> Array:
    """Magnitudes of whole numbers, each moved by up to half a step, always in the same way."""
    moved = values.astype(np.float64)
    moved += np.random.default_rng(SEED).uniform(-0.5, 0.5, len(moved))
    return np.abs(moved, out=moved)


def quantile(values: InOrder, share: float) -> float:
    """As `numpy.quantile`, which would sort what is in order once more."""
    place = share * (len(values) - 1)
    before = int(place)
    beyond, low, high = place - before, values.at(before), values.at(min(before + 1, len(values) - 1))
    # From the nearer end, as numpy does.
    return low + (high - low) * beyond if beyond < 0.5 else high - (high - low) * (1.0 - beyond)
