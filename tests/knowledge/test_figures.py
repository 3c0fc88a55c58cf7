"""MOD-TAB: figures of the review as data."""

from __future__ import annotations

import msgspec
import pytest

from spinemets.knowledge import catalogue, figures
from spinemets.model.errors import CatalogueError

ROWS = [
    "PRV-1",
    "PRV-2",
    "PRV-3",
    "XR-A1",
    "XR-A2",
    "XR-A3",
    "XR-A4",
    "NM-A1",
    "NM-A2",
    "NM-A3",
    "PET-A1",
    "PET-A2",
    "PET-A3",
    "PET-A4",
    "CT-A1",
    "CT-A2",
    "CT-A3",
    "CT-A4",
    "CT-A5",
    "MAR-A1",
    "T1-A1",
    "T1-A2",
    "T2-A1",
    "T2-A2",
    "T2-A3",
    "DWI-A1",
    "DWI-A2",
    "TX-A1",
    "WB-A1",
    "SEC3",
    "SEC3-LM",
    "SEC3-IM",
]


def test_every_row_is_there():
    """One row = one record; every row of the table, and every row has ref or "none"."""
    rows = figures.load()
    assert sorted(rows) == sorted(ROWS)
    assert all(row.ref for row in rows.values())


@pytest.mark.parametrize(
    ("row", "what", "printed"),
    [
        ("CT-A4", "CT", 88.8),
        ("CT-A4", "MR", 98.7),
        ("T1-A1", "compared with muscle", 94.0),
        ("T1-A1", "compared with disc", 98.0),
    ],
)
def test_recomputed_from_counts(row, what, printed):
    """T: CT-A4 and T1-A1 recomputed from counts within 0.3 points."""
    quantity = next(q for q in figures.load()[row].quantities if q.what == what)
    assert quantity.share == pytest.approx(printed, abs=0.3)
    assert quantity.percent == (printed, printed)


def test_reversed_figure_is_never_used():
    """T: PET-A1 has `do_not_use = true`; its sentence names the contradiction and starts with no figure of the review."""
    row = figures.load()["PET-A1"]
    assert row.do_not_use
    text = figures.sentence("PET-A1")
    assert text.startswith("No figure is shown")
    assert "reverse" in text
    assert [r.id for r in figures.load().values() if r.do_not_use] == ["PET-A1"]


@pytest.mark.parametrize(
    ("row", "what", "low", "high"),
    [("SEC3-LM", "false negative CT", 74, 95), ("SEC3-LM", "false negative MR", 10, 47), ("CT-A2", "CT", 59, 72)],
)
def test_wilson_intervals_are_computed(row, what, low, high):
    """Wilson 31/35 74-95 %, 4/17 10-47 %; CT sensitivity 59-72 % (CT-10). None is typed in the table."""
    quantity = next(q for q in figures.load()[row].quantities if q.what == what)
    assert quantity.interval == pytest.approx((low, high), abs=0.6)
    assert "interval" not in str(catalogue.table("modality_figures")["rows"])


def test_a_discrepancy_is_shown_with_its_figure():
    """ "check" = discrepancy: the report must not print the first alone."""
    for row in figures.load().values():
        text = figures.sentence(row.id)
        if row.check:
            assert row.check in text
        assert not any(stem in text.lower() for stem in ("recommend", "advis", "should", "prescrib", "excluded"))


def test_sentence_has_counts_interval_population_and_reference():
    """A figure beside a finding carries its counts, interval, context and source."""
    text = figures.sentence("CT-A2")
    for part in ("133 of 201", "59 to 72 %", "41 patients", "reference 14", "69:567"):
        assert part in text


def test_counts_that_contradict_their_percentage_do_not_load():
    """A typing error in the table is caught on loading."""
    row = figures.load()["CT-A2"]
    wrong = msgspec.structs.replace(row.quantities[0], k=100)
    with pytest.raises(CatalogueError, match="counts give"):
        figures._check(msgspec.structs.replace(row, quantities=[wrong]), {"Buhmann2009": ""})
    with pytest.raises(CatalogueError, match="unknown source"):
        figures._check(msgspec.structs.replace(row, source="Nobody"), {"Buhmann2009": ""})
    with pytest.raises(CatalogueError, match="no reference"):
        figures._check(msgspec.structs.replace(row, ref=""), {"Buhmann2009": ""})


def test_quantity_without_counts_has_no_interval():
    """Only a fraction of n has a Wilson interval."""
    quantity = figures.load()["T1-A2"].quantities[0]
    assert quantity.interval is None and quantity.share is None


def test_a_row_with_an_unknown_field_does_not_load(monkeypatch):
    """A typing error names its row."""
    row = {"id": "X-1", "colour": "red"}
    monkeypatch.setattr(catalogue, "table", lambda name: {"rows": [row], "sources": {}})
    figures.load.cache_clear()
    try:
        with pytest.raises(CatalogueError, match="X-1"):
            figures.load()
    finally:
        figures.load.cache_clear()
