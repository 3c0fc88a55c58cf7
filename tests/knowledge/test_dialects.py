"""Vendor files: how each vendor writes what the standard leaves open."""

from __future__ import annotations

import pytest

from spinemets.knowledge import dialects


@pytest.mark.parametrize(
    ("manufacturer", "key"),
    [
        ("SIEMENS", "siemens"), ("Siemens Healthineers", "siemens"), ("GE MEDICAL SYSTEMS", "ge"),
        ("GE Medical Systems", "ge"), ("Philips Medical Systems", "philips"), ("TOSHIBA", "canon"),
        ("CANON_MEC", "canon"), ("HITACHI MEDICAL CORPORATION", "hitachi"), ("UIH", "uih"),
        ("Agegen Imaging", "standard"), ("", "standard"), (None, "standard"),
    ],
)  # fmt: skip
def test_vendor_is_found_by_its_manufacturer(manufacturer, key):
    """An unknown or missing manufacturer is read by the plain standard, never as some vendor."""
    assert dialects.of(manufacturer).key == key


def test_every_vendor_has_mark_and_source():
    """A habit without mark and source does not load."""
    assert len({d.key for d in dialects.load()}) == len(dialects.load()) >= 6
    for dialect in dialects.load():
        assert dialect.mark in ("R", "V", "N", "E") and dialect.source
        assert "FS" in dialect.fat_suppression_options
