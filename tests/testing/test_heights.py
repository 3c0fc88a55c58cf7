"""The made-up heights say what they were told, so that tests which rest on them test FX-01 and not the builders."""

from __future__ import annotations

import pytest

from spinemets.knowledge.catalogue import load, table
from spinemets.model.measurement import Measured, Refused
from spinemets.testing.heights import cut, heights, levels_of, run, usual


def test_heights_hold_the_numbers_given() -> None:
    (l1,) = levels_of("L1")
    record = heights(l1, 24, 23, 26, sd=0.7, depth=30)
    assert {k: record.values[k].value for k in ("ha_mm", "hm_mm", "hp_mm", "depth_mm")} == {
        "ha_mm": 24, "hm_mm": 23, "hp_mm": 26, "depth_mm": 30
    }  # fmt: skip
    assert record.values["wedge_deg"].value == pytest.approx(4.57, abs=0.01)
    assert record.values["ha_mm"].sd == 0.7
    assert heights(l1, 24, 23, 26, wedge=1.0).values["wedge_deg"].value == 1.0
    assert set(record.values) <= set(load()["G-08"].gives)


def test_usual_bodies_come_from_the_table() -> None:
    (t12,) = levels_of("T12")
    row = table("morphometry")["levels"]["T12"]
    assert usual(t12, 1.1).values["ha_mm"].value == pytest.approx(1.1 * row["ant"])


def test_run_answers_every_level() -> None:
    names = levels_of("T12", "L1", None)
    answers = run([usual(names[0]), usual(names[1]), cut(names[2])], names)
    assert list(answers) == ["T12", "L1", "v03"]
    assert isinstance(answers["L1"], Measured)
    assert isinstance(answers["v03"], Refused)
