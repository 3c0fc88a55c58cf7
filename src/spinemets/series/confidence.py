"""How sure an answer is: from the score of a rule to the share of such answers that were right."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import msgspec

from spinemets.knowledge import catalogue
from spinemets.knowledge.catalogue import Mark, Strict
from spinemets.model.errors import CatalogueError
from spinemets.model.series import Recognition


class ConfidenceTable(Strict, frozen=True):
    """The table `recognition_confidence`."""

    mark: Mark
    source: str
    steps: list[tuple[float, float]]
    doubt_max: float
    picture: float


@cache
def confidence_table() -> ConfidenceTable:
    """Steps from score to confidence.

    Raises
    ------
    CatalogueError
        If the table is malformed, or its steps do not rise.
    """
    try:
        table = msgspec.convert(catalogue.table("recognition_confidence"), ConfidenceTable)
    except msgspec.ValidationError as error:
        raise CatalogueError(f"table recognition_confidence: {error}") from error
    if table.steps != sorted(table.steps) or [c for _, c in table.steps] != sorted(c for _, c in table.steps):
        raise CatalogueError("table recognition_confidence: its steps do not rise")
    return table


def of_score(score: float, *, doubted: bool, table: ConfidenceTable | None = None) -> float:
    """Confidence of an answer.

    Parameters
    ----------
    score
        Score of the rule, 0 to 1.
    doubted
        Whether something is not ruled out, or contradicts the answer.
    """
    table = table or confidence_table()
    # scores are sums of fifths and quarters: 0.6 + 0.2 must reach the step at 0.8
    step = max((c for low, c in table.steps if score >= low - 1e-9), default=0.0)
    return min(step, table.doubt_max) if doubted else step


def with_confidence(found: Recognition, contradicted: bool) -> Recognition:
    """The same answer with its confidence; an unknown series has none."""
    if found.kind == "unknown":
        return replace(found, confidence=0.0)
    return replace(found, confidence=of_score(found.score, doubted=contradicted or bool(found.doubts)))
