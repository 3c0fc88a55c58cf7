"""REP-02: a reader meets units as they are written in a report, never as codes of an exchange format."""

from __future__ import annotations

import pytest

from spinemets.knowledge.catalogue import load
from spinemets.knowledge.units import shown, shown_words, words


@pytest.mark.parametrize(
    ("unit", "printed"), [("1", ""), ("[hnsf'U]", "HU"), ("mm2", "mm²"), ("deg", "°"), ("mm2/s", "mm²/s")]
)
def test_codes_become_words(unit: str, printed: str):
    assert words(unit) == printed


@pytest.mark.parametrize("unit", ["mm", "mL", "%", "T"])
def test_units_a_reader_knows_stay(unit: str):
    assert words(unit) == unit


def test_coefficients_are_shown_in_thousandths():
    """REP-02: 'ADC in 10^-3 mm2/s'; the record keeps the unit it was measured in."""
    assert shown(0.00078, "mm2/s") == pytest.approx(0.78) and shown_words("mm2/s") == "×10⁻³ mm²/s"
    assert shown(38.0, "%") == 38.0 and shown_words("[hnsf'U]") == "HU"


def test_no_entry_prints_a_code():
    """Every unit an entry gives is free of the brackets, apostrophes and digits of UCUM."""
    units = {given.unit for entry in load().values() for given in entry.gives.values()}
    assert units
    for unit in units:
        assert not set(words(unit)) & set("[]'0123456789"), unit
