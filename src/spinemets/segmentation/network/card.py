"""The card of a network: what it sees, what it gives, and the checksum of its weights."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from spinemets.model.errors import CatalogueError

FOLDER = Path(__file__).with_name("weights")
SCHEMA = "spinemets-network/1"


@dataclass(frozen=True, kw_only=True)
class Card:
    """What is known of a network's weights.

    Attributes
    ----------
    name
        As the report states it.
    weights
        ONNX file.
    sha256
        Of that file.
    slices, spacing_mm
        Slices of a slab; spacing to the left, down and to the back.
    multiple
        Rows and columns of a slab are multiples of this.
    classes
        Names of the first channels, background first; then core, then the way down and back in `offset_unit_mm`.
    clip_hu
        CT is cut to these limits first.
    percentiles
        Then every image is cut to these percentiles, and scaled to mean 0 and sd 1.
    """

    name: str
    weights: Path
    sha256: str
    slices: int
    spacing_mm: tuple[float, float, float]
    multiple: int
    classes: tuple[str, ...]
    offset_unit_mm: float
    clip_hu: tuple[float, float]
    percentiles: tuple[float, float]

    def number(self, name: str) -> int:
        """Channel of a class."""
        return self.classes.index(name)


def card_of(*, ct: bool) -> Card:
    """Card of the network of the package that reads CT, or MR."""
    return read_card(FOLDER / ("ct.json" if ct else "mr.json"))


def said(card: Card) -> str:
    """Name of the weights with the beginning of their checksum."""
    return f"{card.name} ({card.sha256[:8]})"


@cache
def read_card(path: Path) -> Card:
    """Card of a JSON file, its weights beside it.

    Raises
    ------
    CatalogueError
        If it is no such card, or the weights are not those that it was written for.
    """
    rows: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if rows.get("schema") != SCHEMA:
        raise CatalogueError(f"{path.name} is not a card of {SCHEMA}.")
    weights = path.with_name(rows["weights"])
    if not weights.exists() or hashlib.sha256(weights.read_bytes()).hexdigest() != rows["sha256"]:
        raise CatalogueError(f"The weights {weights.name} are not those of their card: install spinemets anew.")
    return Card(
        name=rows["name"],
        weights=weights,
        sha256=rows["sha256"],
        slices=rows["slices"],
        spacing_mm=tuple(rows["spacing_mm"]),
        multiple=rows["multiple"],
        classes=tuple(rows["classes"]),
        offset_unit_mm=rows["offset_unit_mm"],
        clip_hu=tuple(rows["clip_hu"]),
        percentiles=tuple(rows["percentiles"]),
    )
