"""Values of one DICOM header by keyword, for one image of it."""

from __future__ import annotations

import math
from typing import Any

from spinemets.ingest.header.adapted import adapted
from spinemets.ingest.header.elements import Elements, dictionary


class Values:
    """Header values by keyword: the image's own functional groups, the shared ones, then the top level.

    Parameters
    ----------
    dataset
        Elements of the header, or a pydicom Dataset.
    frame
        Number of the image in it, from 0.
    """

    def __init__(self, dataset: Any, frame: int = 0) -> None:
        elements = dataset if isinstance(dataset, Elements) else adapted(dataset)
        self._levels = [*_groups(elements, frame), elements]
        self._private_levels: list[Elements] | None = None

    def raw(self, keyword: str) -> Any:
        """First value found, None if absent, empty or broken."""
        tag = dictionary()[keyword][0]
        for level in self._levels:
            if tag in level.stored and (value := level.value(tag)) is not None:
                return value
        return None

    def holds(self, keyword: str) -> bool:
        """Whether the element is there, if only empty."""
        return any(keyword in level for level in self._levels)

    def number(self, keyword: str, factor: float = 1.0) -> float | None:
        """First number of that element times a factor."""
        value = self.raw(keyword)
        if isinstance(value, list):
            value = value[0]
        try:
            number = float(value) * factor
        except (TypeError, ValueError, OverflowError):
            return None
        if not math.isfinite(number):
            return None
        # a factor makes 0.0025 of 2.5 ms; what is taken as it stands (a rescale slope of 1e-10) keeps all its digits
        return number if factor == 1.0 else round(number, 9)

    def text(self, keyword: str) -> str | None:
        """Text, parts joined by a backslash."""
        parts = self.texts(keyword)
        return "\\".join(parts) or None

    def texts(self, keyword: str) -> tuple[str, ...]:
        """All parts of a text."""
        value = self.raw(keyword)
        if value is None:
            return ()
        parts = value if isinstance(value, list) else [value]
        return tuple(text for text in ("" if part is None else str(part).strip() for part in parts) if text)

    def items(self, keyword: str) -> tuple[Values, ...]:
        """Items of a sequence, each with its own values alone."""
        value = self.raw(keyword)
        return tuple(Values(item) for item in value) if isinstance(value, tuple) else ()

    def private(self, group: int, element: int, creator: str) -> Any:
        """Value of a private element: `element` is the last byte, `creator` the text that reserves its block.

        The first value found in the image's own functional groups, the shared ones, the top level; None if absent.
        Bytes where the file states no value representation.
        """
        if self._private_levels is None:
            self._private_levels = [level for level in self._levels if level.holds_private]
        for level in self._private_levels:
            value = level.private(group, element, creator)
            if value is not None:
                return value
        return None


def _groups(dataset: Elements, frame: int) -> list[Elements]:
    """First items of the functional groups of one frame, per frame first."""
    found: list[Elements] = []
    for keyword, index in (("PerFrameFunctionalGroupsSequence", frame), ("SharedFunctionalGroupsSequence", 0)):
        items = dataset.get(keyword)
        if isinstance(items, tuple) and index < len(items):
            found.extend(items[index].first_items())
    return found
