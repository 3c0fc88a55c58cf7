"""design 4 and 6: the catalogue is the registry; what is not sourced does not load."""

from __future__ import annotations

import re

import pytest

from spinemets.knowledge import catalogue as knowledge
from spinemets.knowledge.catalogue import Criterion, Needs, decode, ordered
from spinemets.knowledge.units import words
from spinemets.model.errors import CatalogueError

WHOLE = """
id: XX-01
version: "1.0"
title: Test
asks: "?"
shows: s
decided: d
kind: measure
per: vertebra
modalities: [CT]
gives: {v: {quantity: attenuation, unit: "[hnsf'U]"}}
judge:
  by: cut
  of: v
  cuts: [{name: n, value: 1, side: below, mark: V, source: s, population: p, caveat: c}]
"""


def named(name: str, **needs) -> Criterion:
    return Criterion(
        id=name, version="1", title="t", asks="a", shows="s", decided="d", kind=needs.pop("kind", "measure"), per="vertebra",
        modalities=["CT"], needs=Needs(**needs),
    )  # fmt: skip


def test_a_whole_entry_loads() -> None:
    entry = decode(WHOLE, "XX-01.yaml")
    assert entry.judge.cuts[0].value == 1
    assert entry.values() == {}


@pytest.mark.parametrize("field", ["mark: V, ", "source: s, ", "population: p, ", ", caveat: c"])
def test_a_cut_without_its_origin_does_not_load(field: str) -> None:
    """'A cut-off without mark, source, population and caveat does not load'."""
    with pytest.raises(CatalogueError, match=r"judge\.cuts"):
        decode(WHOLE.replace(field, ""), "XX-01.yaml")


def test_unknown_fields_and_marks_are_refused() -> None:
    with pytest.raises(CatalogueError, match="unknown field"):
        decode(WHOLE + "colour: red\n", "XX-01.yaml")
    with pytest.raises(CatalogueError, match="mark"):
        decode(WHOLE.replace("mark: V", "mark: X"), "XX-01.yaml")
    with pytest.raises(CatalogueError, match=r"XX-01\.yaml"):
        decode("id: [", "XX-01.yaml")


def test_what_is_needed_runs_first() -> None:
    entries = {
        "A": named("A", results=["C"]), "B": named("B", gates={"G": "use"}), "C": named("C"), "G": named("G", kind="gate")
    }  # fmt: skip
    order = list(ordered(entries))
    assert order.index("C") < order.index("A")
    assert order.index("G") < order.index("B")


def test_circles_and_strangers_are_named() -> None:
    with pytest.raises(CatalogueError, match="A needs B needs A: a circle"):
        ordered({"A": named("A", results=["B"]), "B": named("B", results=["A"])})
    with pytest.raises(CatalogueError, match="A needs Z, which does not exist"):
        ordered({"A": named("A", results=["Z"])})


def test_our_catalogue_loads_in_order_with_ids_of_the_specification() -> None:
    entries = knowledge.load()
    assert all(re.fullmatch(r"[A-Z0-9]+(-[A-Z0-9]+)*", name) for name in entries)
    seen: set[str] = set()
    for name, entry in entries.items():
        assert {*entry.needs.gates, *entry.needs.results} <= seen, name
        seen.add(name)


def test_parameter_hash_is_stable() -> None:
    assert re.fullmatch(r"[0-9a-f]{16}", knowledge.parameter_hash())
    assert knowledge.parameter_hash() == knowledge.parameter_hash()


def test_tables_are_plain_data_and_units_have_words() -> None:
    assert knowledge.table("sins")["schema"] == "spinemets-sins/1"
    assert (words("[hnsf'U]"), words("1"), words("mm")) == ("HU", "", "mm")
