"""The truth record and its published schema."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from spinemets import phantom
from spinemets.phantom.cases.named import CASES

SCHEMA = Path(__file__).resolve().parents[3] / "schemas" / "truth.schema.json"


@pytest.fixture(scope="module")
def schema():
    """Published schema."""
    return json.loads(SCHEMA.read_text(encoding="utf-8"))


def test_schema_is_valid(schema):
    """The schema itself is a valid one."""
    jsonschema.Draft202012Validator.check_schema(schema)


# One case of each way to make one; all others with the slow tests.
USUAL = frozenset(
    {"first-light", "normal", "fx-grades", "hw-cage", "ct-blastic-mottled", "cortex-frac-left", "pair-flare@50"}
)
EVERY = [case if case in USUAL else pytest.param(case, marks=pytest.mark.slow) for case in sorted(CASES)]


@pytest.mark.parametrize("case", EVERY)
def test_every_case_follows_the_schema(schema, case):
    """PHA-62: truth.json of every case validates and is plain JSON."""
    record = json.loads(json.dumps(phantom.build(case, 1).truth))
    jsonschema.validate(record, schema)
    assert record["case"] == case


def test_first_light(first_light):
    """One lytic, one blastic lesion, one collapsed vertebra without tumour, exactly known."""
    truth = first_light.truth
    assert [(x["kind"], x["level"]) for x in truth["lesions"]] == [("lytic", "L2"), ("blastic", "L4")]
    (fracture,) = truth["fractures"]
    assert fracture["level"] == "L1"
    assert not fracture["tumour"]
    assert 0.35 <= fracture["loss"]["anterior"] <= 0.40
    assert fracture["loss"]["posterior"] < 0.06
    assert fracture["genant_grade"] == 2
    assert "L1" not in {x["level"] for x in truth["lesions"]}


def test_normal_has_nothing(normal):
    """No lesion, no fracture, no hardware; every height is as before."""
    truth = normal.truth
    assert truth["lesions"] == truth["fractures"] == truth["hardware"] == []
    assert all(level["heights_mm"] == level["heights_before_mm"] for level in truth["levels"])
    assert {e["state"] for e in truth["findings_expected"]} == {"absent"}


def test_fx_grades_sit_in_their_classes():
    """Wedges of about 10, 22.5, 32 and 45 %: grades 0, 1, 2, 3."""
    truth = phantom.build("fx-grades", 1).truth
    grades = {f["level"]: f["genant_grade"] for f in truth["fractures"]}
    assert grades == {"L5": 0, "T11": 1, "L1": 2, "L3": 3}
    losses = {f["level"]: f["loss"]["anterior"] for f in truth["fractures"]}
    assert losses["T11"] == pytest.approx(0.225, abs=0.012)
    assert losses["L1"] == pytest.approx(0.32, abs=0.015)
    assert losses["L3"] == pytest.approx(0.45, abs=0.02)


def test_levels_are_ordered(first_light):
    """Head to feet, with their VerSe numbers."""
    levels = first_light.truth["levels"]
    assert [x["index_from_top"] for x in levels] == list(range(len(levels)))
    assert [x["verse_id"] for x in levels] == list(range(2, 25))


def test_limits_are_said(first_light):
    """What the phantom does not show is part of the truth."""
    assert len(first_light.truth["limits"]) >= 3
