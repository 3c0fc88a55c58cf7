"""Label schemes: what the integers of a label map mean (`knowledge/tables/label_schemes.yaml`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from spinemets.knowledge.catalogue import table
from spinemets.model.errors import CatalogueError
from spinemets.model.level import CERVICAL, LUMBAR, ORDER, THORACIC

# Levels that a run such as `C1..L5` counts through: variants (T13, L6) are always listed on their own.
COUNTED = CERVICAL + THORACIC[:12] + LUMBAR[:5]


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What one label stands for: a structure of `Part.structure`, its level and side where it has them."""

    structure: str
    level: str | None = None
    side: str | None = None

    @property
    def words(self) -> str:
        """For messages: `vertebra L3`, `rib T12 left`."""
        return " ".join(w for w in (self.structure.replace("_", " "), self.level, self.side) if w)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One structure and the integers that make it up."""

    meaning: Meaning
    integers: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """One scheme.

    Attributes
    ----------
    rows
        Structures, in the order of the table.
    unused
        Integers the scheme knows and this product does not need.
    lowest_lumbar_disc
        Integers of the disc above the sacrum, whatever the last lumbar vertebra is.
    from_lowest
        Integers that count vertebrae from the lowest upward.
    guess
        Whether it may be believed without being stated.
    body_only
        Bodies without posterior elements.
    every_integer
        Structure that every positive integer is an instance of (plain instance maps).
    """

    name: str
    title: str
    modality: str
    source: str
    cautions: tuple[str, ...]
    rows: tuple[Row, ...]
    unused: frozenset[int]
    lowest_lumbar_disc: tuple[int, ...]
    from_lowest: tuple[int, ...]
    guess: bool
    body_only: bool
    every_integer: str | None

    @cached_property
    def listed(self) -> frozenset[int]:
        """Every integer the scheme knows."""
        return self.unused | frozenset(n for row in self.rows for n in row.integers)

    @cached_property
    def _meanings(self) -> Mapping[int, tuple[Meaning, ...]]:
        found: dict[int, tuple[Meaning, ...]] = {}
        for row in self.rows:
            for n in row.integers:
                found[n] = (*found.get(n, ()), row.meaning)
        return found

    def meanings(self, integer: int) -> tuple[Meaning, ...]:
        """What an integer is part of (26 of TotalSegmentator 2: S1, and the sacrum); empty if not needed or unknown."""
        if self.every_integer is not None:
            return (Meaning(structure=self.every_integer),) if integer > 0 else ()
        return self._meanings.get(integer, ())

    def lists(self, integer: int) -> bool:
        """Whether the scheme knows an integer."""
        return integer > 0 if self.every_integer is not None else integer in self.listed


@cache
def schemes() -> Mapping[str, Scheme]:
    """All schemes by name."""
    content = table("label_schemes")
    return {name: _scheme(name, entry, content["sources"]) for name, entry in content["schemes"].items()}


@cache
def plausible_ml() -> Mapping[str, tuple[float, float]]:
    """Median volume [mL] of the labels of a structure that a guess may believe (mark E)."""
    return {k: (float(v[0]), float(v[1])) for k, v in table("label_schemes")["plausible_ml"].items() if k != "mark"}


def _scheme(name: str, entry: Mapping[str, Any], sources: Mapping[str, Mapping[str, Any]]) -> Scheme:
    counted = entry.get("vertebra_from_lowest")
    return Scheme(
        name=name,
        title=entry["title"],
        modality=entry["modality"],
        source=_source(sources[entry["source"]]),
        cautions=tuple(entry["cautions"]),
        rows=tuple(_rows(entry)),
        unused=frozenset(_integers(entry.get("unused", []))),
        lowest_lumbar_disc=_integers(entry.get("disc_lowest_lumbar", [])),
        from_lowest=() if counted is None else _integers(counted),
        guess=entry.get("guess", True),
        body_only=entry.get("body_only", False),
        every_integer=entry.get("every_integer"),
    )


def _source(source: Mapping[str, Any]) -> str:
    if "page" in source:
        return str(source["page"])
    return f"{source['repository']} {source['path']} at {source['commit'][:12]} ({source['date']})"


def _rows(entry: Mapping[str, Any]) -> Iterator[Row]:
    """Rows of one entry; see the head of the table for its short forms."""
    for structure in ("vertebra", "sacral_segment", "disc", "endplate", "landmark", "cord_level"):
        for level, n in _runs(entry.get(structure, {})):
            yield Row(meaning=Meaning(structure=structure, level=level), integers=(n,))
    for n in _integers(entry.get("vertebra_unnamed", [])):
        yield Row(meaning=Meaning(structure="vertebra"), integers=(n,))
    for structure in ("vertebra", "disc"):
        for n in _integers(entry.get(f"{structure}_from_lowest", [])):
            yield Row(meaning=Meaning(structure=structure), integers=(n,))
    for n in _integers(entry.get("disc_lowest_lumbar", [])):
        yield Row(meaning=Meaning(structure="disc"), integers=(n,))
    for structure, integers in entry.get("parts", {}).items():
        yield Row(meaning=Meaning(structure=structure), integers=_integers(integers))
    yield from _sided(entry)


def _sided(entry: Mapping[str, Any]) -> Iterator[Row]:
    for side, integers in entry.get("rib", {}).items():
        for n, integer in enumerate(_integers(integers), start=1):
            yield Row(meaning=Meaning(structure="rib", level=f"T{n}", side=side), integers=(integer,))
    for level, n in _runs(entry.get("rib_of", {})):
        yield Row(meaning=Meaning(structure="rib", level=level), integers=(n,))
    for key, structure in (("ribs", "rib"), ("muscle", "muscle"), ("psoas", "psoas")):
        for side, integers in entry.get(key, {}).items():
            yield Row(meaning=Meaning(structure=structure, side=side), integers=_integers(integers))
    for name, n in entry.get("subregion", {}).items():
        structure, _, side = name.rpartition("_")
        if side not in ("left", "right"):
            structure, side = name, ""
        yield Row(meaning=Meaning(structure=structure, side=side or None), integers=(n,))


def _runs(runs: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for levels, integers in runs.items():
        yield from zip(_levels(levels), _integers(integers), strict=True)


def _levels(text: str) -> tuple[str, ...]:
    first, dots, last = text.partition("..")
    if not dots:
        if text not in ORDER:
            raise CatalogueError(f"label_schemes.yaml: {text} is no level")
        return (text,)
    return COUNTED[COUNTED.index(first) : COUNTED.index(last) + 1]


def _integers(value: Any) -> tuple[int, ...]:
    """`27`, `"50..27"` or a list of both, as integers in the order written."""
    if isinstance(value, int):
        return (value,)
    if isinstance(value, str):
        first, last = (int(n) for n in value.split(".."))
        step = 1 if last >= first else -1
        return tuple(range(first, last + step, step))
    return tuple(n for item in value for n in _integers(item))
