"""The printed confidence: rises with the score, never sure where something is left open."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.knowledge import catalogue
from spinemets.model.errors import CatalogueError
from spinemets.model.series import Recognition
from spinemets.series import confidence


@given(st.floats(0, 1), st.floats(0, 1), st.booleans())
def test_confidence_rises_with_the_score(a, b, doubted):
    """Property: a better score is never less sure, and a doubt never makes an answer surer."""
    low, high = sorted((a, b))
    assert confidence.of_score(low, doubted=doubted) <= confidence.of_score(high, doubted=doubted)
    assert confidence.of_score(a, doubted=True) <= confidence.of_score(a, doubted=False) <= 1.0


def test_a_doubt_is_never_confident():
    """The line between confident and not is 0.8: an answer with something not ruled out lies below it."""
    assert confidence.confidence_table().doubt_max < 0.8
    assert confidence.of_score(1.0, doubted=True) < 0.8 <= confidence.of_score(1.0, doubted=False)


def test_scores_that_miss_a_step_by_the_last_bit_reach_it():
    """0.6 + 0.2 is less than 0.8 in binary."""
    assert confidence.of_score(0.6 + 0.2, doubted=False) == confidence.of_score(0.8, doubted=False)


def test_unknown_has_no_confidence():
    """Nothing recognised, nothing to be sure of; conflicts count as doubts."""
    assert confidence.with_confidence(Recognition(score=1.0), False).confidence == 0.0
    sure = confidence.with_confidence(Recognition(kind="t1", score=1.0), False).confidence
    assert confidence.with_confidence(Recognition(kind="t1", score=1.0), True).confidence < sure
    assert confidence.with_confidence(Recognition(kind="t1", score=1.0, doubts=("x",)), False).confidence < sure


@pytest.mark.parametrize(
    "broken", [{"colour": 1}, {"steps": [[0.8, 0.9], [1.0, 0.5]]}, {"steps": [[1.0, 0.9], [0.8, 0.5]]}]
)
def test_a_broken_table_does_not_load(monkeypatch, broken):
    """Steps that fall, or a field nobody knows, are errors of the product."""
    table = {**catalogue.table("recognition_confidence"), **broken}
    monkeypatch.setattr(catalogue, "table", lambda name: table)
    confidence.confidence_table.cache_clear()
    try:
        with pytest.raises(CatalogueError, match="recognition_confidence"):
            confidence.confidence_table()
    finally:
        confidence.confidence_table.cache_clear()
