"""The recipe, its changes, and the draws from it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spinemets.model.errors import UsageError
from spinemets.phantom.training.recipe import between, chosen, happens, log_between, recipe_of, whole


@pytest.fixture
def draw():
    """A stream of its own for each test."""
    return np.random.default_rng(1)


def test_changes_reach_nested_rows_only():
    """A changed number leaves its neighbours and the table itself as they are."""
    changed = recipe_of("volume", {"contrast": {"random": {"inverted": 0.7}}, "samples_per_patient": 3})
    assert changed["contrast"]["random"]["inverted"] == 0.7
    assert changed["contrast"]["random"]["gamma"] == [0.5, 2.0]
    assert changed["samples_per_patient"] == 3
    assert recipe_of()["contrast"]["random"]["inverted"] == 0.1
    assert changed.grid["shape"] == [128, 128, 128]
    assert recipe_of("slab").grid["shape"] == [7, 128, 96]


def test_unknown_rows_and_kinds_are_refused():
    """One line that names the row and what there is."""
    with pytest.raises(UsageError, match=r"no row 'contrast\.ct\.colour'"):
        recipe_of("slab", {"contrast": {"ct": {"colour": 1}}})
    with pytest.raises(UsageError, match="kind 'plate'"):
        recipe_of("plate")


def test_shares_are_shares():
    """Half physics, half random; weightings, centres and kinds of tissue add to 1."""
    rows = recipe_of().rows
    ways = rows["contrast"]["ways"]
    assert ways["random"] == pytest.approx(ways["mr"] + ways["ct"])
    for shares in (
        ways,
        {name: row["p"] for name, row in rows["contrast"]["mr"]["weightings"].items()},
        rows["pose"]["centre"],
        rows["distractors"]["tissues"],
        rows["kinds"]["slab"]["planes"],
        rows["kinds"]["volume"]["planes"],
    ):
        assert sum(shares.values()) == pytest.approx(1.0)


def test_codes_are_distinct_and_small():
    """A class each, background 0."""
    codes = recipe_of()["labels"]["codes"]
    assert sorted(codes.values()) == list(range(len(codes)))
    assert codes["background"] == 0


def test_numbers_stay_between_their_limits(draw):
    """Uniform, uniform in the logarithm, and whole numbers with both ends."""
    plain = [between(draw, (2.0, 8.0)) for _ in range(2000)]
    logs = [log_between(draw, (2.0, 8.0)) for _ in range(2000)]
    numbers = [whole(draw, (2, 4)) for _ in range(300)]
    assert (min(plain), max(plain)) == pytest.approx((2, 8), abs=0.05)
    assert np.mean(plain) == pytest.approx(5, abs=0.15)
    assert np.mean(np.log(logs)) == pytest.approx(math.log(4), abs=0.05)
    assert set(numbers) == {2, 3, 4}


def test_choices_follow_their_shares(draw):
    """Of 4000 draws; a share of 0 never comes."""
    found = [chosen(draw, {"a": 1, "b": 3, "c": 0}) for _ in range(4000)]
    assert found.count("b") / len(found) == pytest.approx(0.75, abs=0.03)
    assert "c" not in found
    assert sum(happens(draw, 0.2) for _ in range(4000)) / 4000 == pytest.approx(0.2, abs=0.03)
    assert not happens(draw, 0.0)
