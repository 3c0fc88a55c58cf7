"""UCUM units as a reader knows them."""

from __future__ import annotations

_WORDS = {
    "1": "",
    "[hnsf'U]": "HU",
    "mm2": "mm²",
    "deg": "°",
    "mm2/s": "mm²/s",
    "s/mm2": "s/mm²",
    "T": "T",
}
# Units whose numbers are shown in thousandths, as the field writes them.
_SHOWN = {"mm2/s": (1e3, "×10⁻³ mm²/s")}


def words(unit: str) -> str:
    """Printed form of a UCUM unit; an empty string for pure numbers."""
    return _WORDS.get(unit, unit)


def shown(value: float, unit: str) -> float:
    """A number as a sentence shows it, with the unit of `shown_words`: a coefficient of 0.00078 mm2/s as 0.78."""
    return value * _SHOWN[unit][0] if unit in _SHOWN else value


def shown_words(unit: str) -> str:
    """The unit behind a number from `shown`."""
    return _SHOWN[unit][1] if unit in _SHOWN else words(unit)
