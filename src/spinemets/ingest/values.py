"""Values of one DICOM header by keyword, for one image of it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from spinemets.ingest import damage


class Values:
    """Header values by keyword: the image's own functional groups, the shared ones, then the top level."""

    def __init__(self, dataset: Any, frame: int = 0) -> None:
        self._levels = [*_groups(dataset, frame), dataset]

    def raw(self, keyword: str) -> Any:
        """First value found, None if absent, empty or broken."""
        for level in self._levels:
            try:
                value = level.get(keyword)
            except damage.of_dicom():
                continue
            if value is not None and value != "":
                return value
        return None

    def holds(self, keyword: str) -> bool:
        """Whether the element is there, if only empty."""
        return any(keyword in level for level in self._levels)

    def number(self, keyword: str, factor: float = 1.0) -> float | None:
        """First number of that element times a factor."""
        value = self.raw(keyword)
        if isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue":
            value = value[0] if len(value) else None
        try:
            number = float(value) * factor
        except (TypeError, ValueError):
            return None
        return round(number, 9) if math.isfinite(number) else None

    def text(self, keyword: str) -> str | None:
        """Text, parts joined by a backslash."""
        parts = self.texts(keyword)
        return "\\".join(parts) or None

    def texts(self, keyword: str) -> tuple[str, ...]:
        """All parts of a text."""
        value = self.raw(keyword)
        if value is None:
            return ()
        many = isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue"
        return tuple(text for text in (str(part).strip() for part in (value if many else [value])) if text)

    def items(self, keyword: str) -> tuple[Values, ...]:
        """Items of a sequence, each with its own values alone."""
        value = self.raw(keyword)
        return tuple(Values(item) for item in value) if hasattr(value, "__iter__") else ()

    def private(self, group: int, element: int, creator: str) -> Any:
        """Value of a private element: `element` is the last byte, `creator` the text that reserves its block.

        The first value found in the image's own functional groups, the shared ones, the top level; None if absent.
        """
        for level in self._levels:
            try:
                return level.private_block(group, creator)[element].value
            except damage.of_dicom(KeyError):
                continue
        return None


def _groups(dataset: Any, frame: int) -> list[Any]:
    """Items of the functional groups of one frame, per frame first."""
    found: list[Any] = []
    for keyword, index in (("PerFrameFunctionalGroupsSequence", frame), ("SharedFunctionalGroupsSequence", 0)):
        try:
            sequence = dataset.get(keyword) or []
            if index < len(sequence):
                found.extend(_items(sequence[index]))
        except damage.of_dicom():
            continue
    return found


def _items(group: Any) -> Iterable[Any]:
    for element in group:
        if element.VR == "SQ" and len(element.value):
            yield element.value[0]
