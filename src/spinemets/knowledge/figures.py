"""MOD-TAB: figures the review states about modalities, as data, with Wilson intervals computed from their counts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

import msgspec

from spinemets.knowledge import catalogue
from spinemets.knowledge.catalogue import Strict
from spinemets.model.errors import CatalogueError
from spinemets.statistics.intervals import wilson

# Printed percentages are rounded: counts may differ from them by this many points.
ROUNDING_POINTS = 0.5


class Quantity(Strict, frozen=True):
    """One percentage: as printed (a range, from 0 for "up to"), with the counts behind it where they are known."""

    what: str
    percent: tuple[float, float]
    k: int | None = None
    n: int | None = None
    ref: str = ""
    source: str = ""

    @property
    def share(self) -> float | None:
        """Percentage recomputed from the counts."""
        return None if self.k is None or not self.n else 100.0 * self.k / self.n

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson 95 % interval of k / n in percent, None without counts."""
        if self.k is None or not self.n:
            return None
        low, high = wilson(self.k, self.n)
        return (100.0 * low, 100.0 * high)


class Figure(Strict, frozen=True):
    """One record of MOD-TAB.

    Attributes
    ----------
    says
        The statement in plain words; with counted quantities they are appended to it.
    ref
        Reference number(s) of the review, or "none".
    check
        Discrepancy found on look-up; shown together with the statement, always.
    do_not_use
        Never shown as a figure.
    use
        `context` beside a finding, `rule`, `model`, `qualitative`, `patterns` (owned by the disease patterns), `none`.
    """

    id: str
    modality: str
    says: str
    ref: str
    context: str
    use: Literal["context", "rule", "model", "qualitative", "patterns", "none"]
    quantities: list[Quantity] = msgspec.field(default_factory=list)
    n: str | None = None
    source: str | None = None
    check: str | None = None
    do_not_use: bool = False


@cache
def load() -> Mapping[str, Figure]:
    """All rows by id.

    Raises
    ------
    CatalogueError
        If a row has an unknown field, no reference, an unknown source, or counts that contradict its percentage.
    """
    table = catalogue.table("modality_figures")
    rows: dict[str, Figure] = {}
    for content in table["rows"]:
        try:
            row = msgspec.convert(content, Figure)
        except msgspec.ValidationError as error:
            raise CatalogueError(f"table modality_figures, row {content.get('id')}: {error}") from error
        _check(row, table["sources"])
        rows[row.id] = row
    return rows


def _check(row: Figure, sources: Mapping[str, str]) -> None:
    if not row.ref:
        raise CatalogueError(f"table modality_figures, row {row.id}: no reference and no 'none'")
    for source in filter(None, (row.source, *(q.source for q in row.quantities))):
        if source not in sources:
            raise CatalogueError(f"table modality_figures, row {row.id}: unknown source {source}")
    for quantity in row.quantities:
        share = quantity.share
        low, high = quantity.percent
        if share is not None and not low - ROUNDING_POINTS <= share <= high + ROUNDING_POINTS:
            raise CatalogueError(f"table modality_figures, row {row.id}: {quantity.what}: counts give {share:.1f} %")


def sentence(row_id: str) -> str:
    """What a reader sees of a row: statement, counts with their intervals, where it holds, discrepancy, reference.

    Raises
    ------
    KeyError
        If there is no such row.
    """
    row = load()[row_id]
    if row.do_not_use:
        return f"No figure is shown ({row_id}): {row.check}."
    counted = [q for q in row.quantities if q.interval is not None]
    parts = [row.says.rstrip(".")]
    if counted and not row.says.endswith("."):
        parts[0] += ": " + ", ".join(_counted(q) for q in counted)
    parts.append(f"Context: {row.context}" + (f" ({row.n})" if row.n else ""))
    if row.check:
        parts.append(f"On look-up: {row.check}")
    return ". ".join(parts) + f". {_reference(row)}"


def _counted(quantity: Quantity) -> str:
    assert quantity.interval is not None
    low, high = quantity.interval
    return (
        f"{quantity.what} {quantity.percent[0]:g} % ({quantity.k} of {quantity.n}, "
        f"95 % interval {low:.0f} to {high:.0f} %)"
    )


def _reference(row: Figure) -> str:
    table = catalogue.table("modality_figures")
    said = "without a reference in the review" if row.ref == "none" else f"reference {row.ref} of the review"
    looked_up = f"; {table['sources'][row.source]}" if row.source else ""
    return f"[{said}{looked_up}]"
