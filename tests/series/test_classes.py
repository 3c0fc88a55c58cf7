"""Typed tables of the room."""

from __future__ import annotations

import pytest

from spinemets.knowledge import catalogue
from spinemets.model.errors import CatalogueError
from spinemets.series import classes


@pytest.mark.parametrize(
    ("field_t", "name"),
    [(1.5, "1.5"), (1.494, "1.5"), (2.89, "3"), (3.0, "3"), (0.3, "low"), (1.0, None), (7.0, None), (None, None)],
)
def test_field_classes(field_t, name):
    """Field classes: 1.5 T = 1.3-1.7, 3 T = 2.7-3.2, <= 0.5 T; others have no figures."""
    assert classes.mr_table().field_class(field_t) == name


def test_ancestors_are_the_plainer_classes():
    """Nested classes: `*_fs`, `*_gd` over the plain one, nearest first."""
    table = classes.mr_table()
    assert table.ancestors("t1_gd_fs") == ("t1_fs", "t1")
    assert table.ancestors("t1") == ()


def test_a_table_with_an_unknown_field_does_not_load(monkeypatch):
    """A typing error in a table is an error of the product with the place of the field."""
    broken = {**catalogue.table("ct_kernels"), "colour": "red"}
    monkeypatch.setattr(catalogue, "table", lambda name: broken)
    classes.kernel_table.cache_clear()
    try:
        with pytest.raises(CatalogueError, match="colour"):
            classes.kernel_table()
    finally:
        classes.kernel_table.cache_clear()


def test_ranges_admit_the_handbook():
    """Ranges admit the handbook's: SE TR 300-900, TE <= 30; T2 TE 70+, TR 2000+; STIR TE 60+, TI 100-175 (1.5 T), 210 (3 T)."""
    rows = classes.mr_table().classes
    assert rows["t1"].tr_ms == (300, 900) and rows["t1"].te_ms == (5, 30)
    assert rows["t2"].tr_ms[0] <= 2000 and rows["t2"].te_ms[0] <= 70
    low, high = rows["stir"].ti_ms_by_field["1.5"]
    assert low <= 100 and high >= 175
    low, high = rows["stir"].ti_ms_by_field["3"]
    assert low <= 210 <= high


def test_a_word_can_be_taken_back():
    """ "Without contrast" holds the word contrast and does not say it."""
    word = next(w for w in classes.mr_table().description_words if w.says == "after contrast")
    assert word.found_in("t1 +c") and word.found_in("t1 post contrast")
    assert not word.found_in("t1 without contrast") and not word.found_in("t1 sag")


def test_every_pattern_of_the_tables_compiles_and_names_known_kinds():
    """Patterns are used as they stand; a kind that does not exist would make every description a conflict."""
    kinds = set(classes.known_kinds())
    for word in (*classes.mr_table().description_words, *classes.ct_table().description_words):
        assert not word.found_in("") and set(word.agrees) <= kinds
    regions = {word.region for word in classes.ct_table().body_words}
    assert {name for pair in classes.ct_table().compatible_regions for name in pair} <= regions
    assert set(classes.ct_table().modality_kinds.values()) | set(classes.ct_table().kernel_kinds.values()) <= kinds
