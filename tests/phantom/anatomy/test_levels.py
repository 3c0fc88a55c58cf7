"""Names and numbers of the levels."""

from __future__ import annotations

from itertools import pairwise

import pytest

from spinemets.knowledge.lookup import table
from spinemets.model.errors import UsageError
from spinemets.phantom.anatomy.levels import column, region, sacralised, verse_id
from spinemets.phantom.anatomy.sizes import Patient, sizes


def test_usual_column():
    """Seven, twelve, five, head to feet."""
    assert column()[:2] == ("C1", "C2") and column()[7] == "T1" and column()[-1] == "L5" and len(column()) == 24


@pytest.mark.parametrize(
    ("variant", "has", "lacks"),
    [("t13", "T13", "L6"), ("l6", "L6", "T13"), ("eleven-ribs", "T11", "T12"), ("eleven-ribs-l6", "L6", "T12")],
)
def test_variants(variant, has, lacks):
    """A level more or less where the variant says so; every level has plausible sizes, close to its neighbours'."""
    names = column(variant)
    assert has in names and lacks not in names
    found = sizes(Patient(variant=variant), 1, {})
    assert tuple(found) == names[1:]
    widths = [size.mean_width for size in found.values()]
    assert all(0.85 < b / a < 1.25 for a, b in pairwise(widths))


def test_shares_add_up():
    """Every patient has one variant (PHA-15)."""
    assert sum(row["p"] for row in table("phantom_anatomy")["variants"].values()) == pytest.approx(1.0)


def test_unknown_variant_is_refused():
    """By name, with what there is."""
    with pytest.raises(UsageError, match="no spinal variant 'l9'"):
        column("l9")


def test_verse_numbers():
    """C1 = 1, T1 = 8, L1 = 20, L6 = 25, T13 = 28."""
    assert [verse_id(level) for level in ("C1", "C7", "T1", "T12", "L1", "L6", "T13")] == [1, 7, 8, 19, 20, 25, 28]
    assert [region(level) for level in ("C3", "T13", "L6")] == ["cervical", "thoracic", "lumbar"]


def test_a_sacralised_level_has_half_a_disc():
    """Only the last lumbar level, only in that variant."""
    usual, joined = (sizes(Patient(variant=variant), 1, {}) for variant in ("usual", "sacralised-l5"))
    assert sacralised("sacralised-l5") and not sacralised("usual")
    assert [level for level, size in joined.items() if size.sacralised] == ["L5"]
    assert joined["L5"].disc == pytest.approx([0.5 * h for h in usual["L5"].disc])
    assert joined["L4"] == usual["L4"]
