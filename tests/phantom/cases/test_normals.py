"""Patients without lesion or fracture."""

from __future__ import annotations

from spinemets.phantom.cases.named import case_of


def test_nothing_is_planted_and_nothing_expected():
    """Every expectation of a normal patient is an absence."""
    case = case_of("normal")
    assert not case.inserts
    assert not case.collapses
    assert {state for *_, state in case.expected} == {"absent"}
