"""UCUM units as a reader knows them."""

from __future__ import annotations

_WORDS = {"1": "", "[hnsf'U]": "HU", "mm2": "mm²", "deg": "°", "mm2/s": "mm²/s", "T": "T"}


def words(unit: str) -> str:
    """Printed form of a UCUM unit; an empty string for pure numbers."""
    return _WORDS.get(unit, unit)
