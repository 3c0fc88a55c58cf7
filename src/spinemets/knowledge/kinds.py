"""Words for the kinds of series: `knowledge/tables/series_kinds.yaml`, the one place where they stand."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Literal

import msgspec

from spinemets.knowledge import catalogue
from spinemets.knowledge.catalogue import Mark, Strict
from spinemets.model.errors import CatalogueError


class Kind(Strict, frozen=True):
    """One kind of series.

    Attributes
    ----------
    about
        What it is.
    words, short
        Name in a sentence, and in a table.
    image
        Whose physics its picture shows: an MR class, a CT, or None (nothing is looked at).
    by_eye
        Not measured in this version; a reader can use it.
    """

    about: str
    words: str
    short: str
    image: Literal["mr", "ct"] | None = None
    by_eye: bool = False


class KindTable(Strict, frozen=True):
    """The table `series_kinds`."""

    mark: Mark
    source: str
    kinds: dict[str, Kind]


@cache
def kinds() -> dict[str, Kind]:
    """Kind -> its words.

    Raises
    ------
    CatalogueError
        If the table is malformed.
    """
    try:
        return msgspec.convert(catalogue.table("series_kinds"), KindTable).kinds
    except msgspec.ValidationError as error:
        raise CatalogueError(f"table series_kinds: {error}") from error


def words(kind: str) -> str:
    """Name of a kind in a sentence; a kind the table does not hold keeps its own name."""
    known = kinds().get(kind)
    return kind.replace("_", " ") if known is None else known.words


def short(kind: str) -> str:
    """Name of a kind in a table; a kind the table does not hold keeps its own name."""
    known = kinds().get(kind)
    return kind.replace("_", " ") if known is None else known.short


def read_by_eye() -> frozenset[str]:
    """Kinds this version does not measure and a reader can use."""
    return frozenset(name for name, kind in kinds().items() if kind.by_eye)


def map_kinds(kinds: Iterable[str]) -> frozenset[str]:
    """Kinds of maps that some kinds of series are made of; empty for series that a scanner makes."""
    rows = catalogue.table("assessed_maps")["kinds"]
    return frozenset(rows[kind]["map"] for kind in kinds if kind in rows)
