"""Limits are "checked before allocation (rows * cols * frames claims vs file size)"; values in a table, mark E."""

from __future__ import annotations

import pytest

from spinemets.ingest import limits as bounds
from spinemets.knowledge.catalogue import table

MB = bounds.MB


def test_every_limit_has_value_unit_mark_and_reason():
    """Cut-offs and tuned numbers are not in code."""
    for name, row in table("reading_limits").items():
        assert set(row) == {"value", "unit", "mark", "about"} and row["mark"] == "E", name
    assert bounds.load().max_files > 10_000


@pytest.mark.parametrize(
    ("frame", "n", "stored", "compressed", "word"),
    [
        (512 * 512 * 2, 1, 512 * 512 * 2, False, None),
        (512 * 512 * 2, 1, 512 * 512 * 2 - 1, False, "cut off"),
        (512 * 512 * 2, 2, 512 * 512 * 2, False, "cut off"),
        (0, 1, 100, False, "no image size"),
        (100, 0, 100, True, "no image size"),
        (600 * MB, 1, 600 * MB, True, "limit"),
        (100 * MB, 200, MB, True, "limit"),
        (MB, 100, 1000, True, "compressed bytes"),
        (512 * 512 * 2, 1, 3500, True, None),
        (100, 1, -5, False, "holds 0"),
    ],
)
def test_claims(frame, n, stored, compressed, word):
    """A claim that cannot be true says why."""
    refusal = bounds.refuse_claim(frame, n, stored, compressed=compressed)
    assert refusal is None if word is None else word in refusal


def test_unpacking():
    """Small files may shrink as much as they like; large ones not."""
    assert bounds.refuse_unpacking(10 * MB, 1) is None
    assert "times" in (bounds.refuse_unpacking(2000 * MB, MB) or "")
    assert bounds.refuse_unpacking(2000 * MB, 500 * MB) is None
    assert "MB" in (bounds.refuse_unpacking(10**12, 10**11) or "")
