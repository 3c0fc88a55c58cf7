"""What is known of each external segmenter: table `external_segmenters`."""

from __future__ import annotations

from functools import cache

import msgspec

from spinemets.knowledge import catalogue
from spinemets.knowledge.catalogue import Mark, Strict
from spinemets.model.errors import CatalogueError


class Output(Strict, frozen=True):
    """One label map a run writes: file pattern below the working folder, and the scheme of its integers."""

    file: str
    scheme: str


class Run(Strict, frozen=True):
    """One call of the program, for series of some kinds; `marks` are patterns of weights it needs."""

    kinds: list[str]
    marks: list[str]
    arguments: list[str]
    outputs: list[Output]


class Place(Strict, frozen=True):
    """A folder in which weights may lie: named by a variable, below the user's home, or inside the package."""

    variable: str | None = None
    below: str = ""
    default: str | None = None
    package: str | None = None


class Source(Strict, frozen=True):
    """Where a fact was read."""

    repository: str
    path: str
    commit: str


class Tool(Strict, frozen=True):
    """One program; see the head of the table for its fields."""

    title: str
    program: str
    distribution: str
    install: str
    sources: list[Source]
    weights: list[Place]
    environment: dict[str, str]
    files: dict[str, dict[str, str | int | bool]]
    image: str
    runs: list[Run]

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every kind of series that some run is made for, best first."""
        return tuple(dict.fromkeys(kind for run in self.runs for kind in run.kinds))


class Limit(Strict, frozen=True):
    """A time [s] with its mark."""

    value: float
    mark: Mark
    source: str


class Table(Strict, frozen=True):
    """The table as a whole."""

    schema: str
    network_off: dict[str, str]
    time_limit_s: Limit
    tools: dict[str, Tool]


@cache
def load() -> Table:
    """The table.

    Raises
    ------
    CatalogueError
        If it is malformed.
    """
    try:
        return msgspec.convert(catalogue.table("external_segmenters"), Table)
    except msgspec.ValidationError as error:
        raise CatalogueError(f"table external_segmenters: {error}") from error
