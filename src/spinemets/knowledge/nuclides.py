"""Radionuclides: nominal half-life, and the names and codes by which headers call them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from spinemets.knowledge.catalogue import table


@dataclass(frozen=True, kw_only=True)
class Nuclide:
    """One radionuclide: `name` is symbol and mass number ("F-18", "Tc-99m")."""

    name: str
    half_life_s: float


def by_code(codes: Iterable[str | None]) -> Nuclide | None:
    """Nuclide of the first code that is known (SNOMED CT or SRT)."""
    known = _codes()
    return next((known[code.strip()] for code in codes if code and code.strip() in known), None)


def by_words(words: str | None) -> Nuclide | None:
    """Nuclide that words name: `F-18`, `18F`, `Fluorine-18`, `^18^Fluorine`, `FDG F18`; None if none or several are named."""
    text = re.sub(r"[\^\[\]()_/,.-]+", " ", (words or "").lower())
    text = re.sub(r"\s+", " ", text)
    found = {nuclide.name: nuclide for pattern, nuclide in _patterns() if pattern.search(text)}
    return next(iter(found.values())) if len(found) == 1 else None


@cache
def _all() -> tuple[tuple[Nuclide, str, tuple[str, ...]], ...]:
    """Nuclide, name of its element, codes."""
    rows = table("radionuclides")["nuclides"]
    return tuple(
        (Nuclide(name=name, half_life_s=float(row["half_life_s"])), str(row["element"]), tuple(row["codes"]))
        for name, row in rows.items()
    )


@cache
def _codes() -> dict[str, Nuclide]:
    return {code: nuclide for nuclide, _, codes in _all() for code in codes}


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], Nuclide], ...]:
    found = []
    for nuclide, element, _ in _all():
        symbol, _, mass = nuclide.name.lower().partition("-")
        # technetium99 is 99m: nothing else of that mass is imaged
        number = f"{mass[:-1]}m?" if mass == "99m" else mass
        either = f"(?:{symbol}|{element})"
        found.append((re.compile(rf"(?<![a-z0-9])(?:{either} ?{number}|{number} ?{either})(?![a-z0-9])"), nuclide))
    return tuple(found)
