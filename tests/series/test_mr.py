"""MR-GEN-01: scores of single rows and the choice between them."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinemets.series import mr
from spinemets.series.classes import mr_table
from spinemets.series.physics_facts import PhysicsFacts

TABLE = mr_table()
T1 = PhysicsFacts(
    family="se",
    inversion=False,
    fat_suppressed=False,
    contrast=False,
    diffusion=False,
    etl=3,
    tr_ms=560,
    te_ms=11,
    ti_ms=None,
    flip_deg=90,
    field_class="1.5",
    image_words=frozenset(),
)


def choose(facts: PhysicsFacts):
    return mr.classify(facts, TABLE, 0.8, 0.2)


@pytest.mark.parametrize(
    ("change", "score", "excluded"),
    [
        ({}, 1.0, False),
        ({"flip_deg": None}, 0.8, False),
        ({"flip_deg": None, "te_ms": None}, 0.6, False),
        ({"flip_deg": 30}, 0.8, True),
        ({"etl": 16}, 0.8, True),
        ({"etl": None}, 1.0, False),
        ({"fat_suppressed": None}, 0.8, False),
        ({"ti_ms": 160}, 0.8, True),
        ({"tr_ms": 1000}, 0.8, True),
        ({"tr_ms": 1000, "field_class": "3"}, 1.0, False),
    ],
)
def test_score_of_the_t1_row(change, score, excluded):
    """M: value outside a range excludes; score = met / non-blank cells; absent not met; TI "none" is met by absence."""
    found = mr.score("t1", TABLE.classes["t1"], replace(T1, **change))
    assert found.score == pytest.approx(score)
    assert found.excluded == excluded


def test_rule_must_be_met_in_full():
    """A class whose readout or fat suppression is not stated is never named, however well its times fit."""
    for change in ({"family": None}, {"fat_suppressed": None}, {"inversion": None}):
        assert choose(replace(T1, **change)).kind == "unknown"


def test_most_specific_of_nested_classes_wins():
    """Of nested classes the most specific whose rule is met; margin only between unnested ones."""
    assert choose(replace(T1, contrast=True)).kind == "t1_gd"
    assert choose(replace(T1, fat_suppressed=True)).kind == "t1_fs"
    assert choose(replace(T1, fat_suppressed=True, contrast=True)).kind == "t1_gd_fs"


def test_margin_between_unnested_classes():
    """D: margin >= 0.2, else unknown with both names."""
    rows = {"a": TABLE.classes["t1"], "b": TABLE.classes["t1"]}
    table = msgspec.structs.replace(TABLE, classes=rows)
    found = mr.classify(T1, table, 0.8, 0.2)
    assert found.kind == "unknown"
    assert "equally well" in found.evidence[0]


def test_nothing_known_names_nothing():
    """An empty header: unknown, and the sentence says so."""
    nothing = PhysicsFacts(
        family=None,
        inversion=None,
        fat_suppressed=None,
        contrast=False,
        diffusion=False,
        etl=None,
        tr_ms=None,
        te_ms=None,
        ti_ms=None,
        flip_deg=None,
        field_class=None,
        image_words=frozenset(),
    )
    assert choose(nothing).kind == "unknown"


@pytest.mark.parametrize(
    ("te_ms", "field_t", "phase"),
    [
        (2.3, 1.5, "opposed phase"),
        (4.6, 1.5, "in phase"),
        (2.3, 3.0, "in phase"),
        (1.15, 3.0, "opposed phase"),
        (3.4, 1.5, None),
        (2.3, 1.0, None),
        (2.3, None, None),
    ],
)
def test_phase_of_an_echo(te_ms, field_t, phase):
    """Opposed TE 2.30 ms at 1.5 T, 1.15 ms at 3 T; GR TE 2.3, 3 T -> in phase; no figure for other fields."""
    assert mr.phase_of_echo(te_ms, field_t, TABLE) == phase


HEADERS = st.fixed_dictionaries(
    {
        "family": st.sampled_from(["se", "gr", "epi", None]),
        "inversion": st.sampled_from([True, False, None]),
        "fat_suppressed": st.sampled_from([True, False, None]),
        "tr_ms": st.one_of(st.none(), st.floats(1, 12000)),
        "te_ms": st.one_of(st.none(), st.floats(0.5, 400)),
        "ti_ms": st.one_of(st.none(), st.floats(20, 3000)),
        "flip_deg": st.one_of(st.none(), st.floats(1, 180)),
    }
)


@given(HEADERS)
def test_forgetting_a_fact_never_names_another_class(header):
    """Property: forgetting one fact leaves the class, or makes it unknown; it never names another class."""
    facts = replace(T1, **header, etl=None)
    full = choose(facts).kind
    if full == "unknown":
        return
    for name in ("family", "inversion", "fat_suppressed", "tr_ms", "te_ms", "flip_deg", "field_class"):
        assert choose(replace(facts, **{name: None})).kind in (full, "unknown")
