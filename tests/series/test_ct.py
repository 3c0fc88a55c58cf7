"""CT-01: kernel names."""

from __future__ import annotations

import re

import pytest

from spinemets.knowledge import dialects
from spinemets.series.classes import ct_table, kernel_table
from spinemets.series.ct import first_word, kernel_class


@pytest.mark.parametrize(
    ("kernel", "word"),
    [("I31f\\3", "I31F"), ("['I70f', '3']", "I70F"), ("STANDARD", "STANDARD"), (" b30s ", "B30S"), ("HD LUNG", "HD")],
)
def test_first_word(kernel, word):
    """Some vendors append a strength as a second value."""
    assert first_word(kernel) == word


def test_the_same_letter_means_different_things():
    """B is a Philips body kernel and nothing at a vendor nobody named."""
    table = kernel_table()
    assert kernel_class("B", "Philips", table).class_ == "soft"
    assert kernel_class("B", "GE MEDICAL SYSTEMS", table) is None
    assert kernel_class("HD LUNG", "GE MEDICAL SYSTEMS", table).class_ == "lung"


def test_table_of_kernels_is_whole():
    """Every pattern compiles, every row has a mark and a known source, every vendor has a header dialect."""
    table = kernel_table()
    rows = [row for vendor in table.vendors.values() for row in vendor] + table.words
    for row in rows:
        re.compile(row.pattern)
        assert row.source in table.sources
        assert row.class_ in ct_table().kernel_kinds
        assert row.mark != "V" or row.source.startswith("Siemens")
    assert set(table.vendors) <= {d.key for d in dialects.load()}
