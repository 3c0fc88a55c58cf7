"""One table of words for the kinds of series: the report, the criteria and the matrix of MOD-21 say the same."""

from __future__ import annotations

import pytest

from spinemets.impression.protocol import matrix
from spinemets.knowledge import catalogue, kinds
from spinemets.model.errors import CatalogueError


def test_every_kind_a_criterion_or_the_matrix_names_has_words():
    """A kind that is asked for and does not exist could never be met."""
    asked = {kind for entry in catalogue.load().values() for names in entry.needs.volumes.values() for kind in names}
    asked |= {kind for members in matrix().groups.values() for kind in members}
    assert asked <= set(kinds.kinds())


def test_words_and_short_names():
    """Sentences and tables use their own form; what the table does not hold keeps its name, readable."""
    assert kinds.words("t1") == "T1 spin echo" and kinds.short("t1") == "T1"
    assert kinds.words("ct_bone") == "CT with a bone kernel" and kinds.short("ct_bone") == "CT bone kernel"
    assert kinds.words("new_kind") == kinds.short("new_kind") == "new kind"


def test_no_two_kinds_share_a_name():
    """A reader tells kinds apart by their words."""
    rows = kinds.kinds().values()
    for attribute in ("about", "words", "short"):
        names = [getattr(row, attribute) for row in rows]
        assert len(set(names)) == len(names), attribute


def test_maps_are_made_of_something():
    """A kind that a scanner makes is of no map."""
    assert (
        kinds.map_kinds(["adc_map", "suv_map", "t1"]) == {"adc", "suv"}
        and kinds.map_kinds(["t1", "adc"]) == frozenset()
    )


def test_read_by_eye():
    """MOD-21 counts what a person can read: a PET without attenuation correction and a screen picture are none of it."""
    found = kinds.read_by_eye()
    assert {"radiograph", "bone_scan", "spect", "pet_ac", "ctm"} <= found
    assert not found & {"pet_nac", "screen_capture", "ct", "t1", "unknown"}


def test_a_broken_table_does_not_load(monkeypatch):
    """An unknown field is an error of the product that names the table."""
    broken = {**catalogue.table("series_kinds"), "colour": "red"}
    monkeypatch.setattr(catalogue, "table", lambda name: broken)
    kinds.kinds.cache_clear()
    try:
        with pytest.raises(CatalogueError, match="series_kinds"):
            kinds.kinds()
    finally:
        kinds.kinds.cache_clear()
