"""Cases with every item of the instability score known, and sectors of a vertebra."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets import phantom
from spinemets.phantom.cases.instability import SCORES, SECTORS, SIDES, _items
from spinemets.phantom.cases.named import case_of


@pytest.mark.parametrize("name", SCORES)
def test_items_add_up_to_the_name(name):
    """The number in the name is the total; location by level as published."""
    level, digits = SCORES[name]
    items = _items(digits)
    assert items.total == int(name)
    assert items.location == {"L3": 2, "T12": 3}[level]


@pytest.mark.parametrize(
    "name", [pytest.param("07", marks=pytest.mark.slow), "13", pytest.param("18", marks=pytest.mark.slow)]
)
def test_what_is_planted_is_what_the_items_say(name):
    """More than half of the body; one pedicle or both; collapse; a slip."""
    level, digits = SCORES[name]
    items, patient = _items(digits), phantom.build(f"sins-{name}", 1)
    body, *pedicles = patient.truth["lesions"]
    assert body["body_share"] > 0.5
    destroyed = {side for side in SIDES for x in pedicles if x["arch_shares"].get(f"pedicle_{side}", 0) > 0.5}
    assert len(destroyed) == {0: 0, 1: 1, 3: 2}[items.posterolateral]
    losses = [max(f["loss"].values()) for f in patient.truth["fractures"]]
    assert (losses != []) == (items.collapse > 1)
    if items.collapse == 3:
        assert losses[0] > 0.5
    plain = phantom.build("sins-14", 1).anatomy
    slip = patient.anatomy.frames[level].origin - plain.frames[level].origin
    if items.alignment == 4:
        below = plain.frames["L1"].origin
        assert np.dot(patient.anatomy.frames["L1"].origin - below, plain.frames["L1"].anterior) == pytest.approx(
            0, abs=0.5
        )
        assert np.dot(slip, plain.frames["L1"].anterior) > 5


def test_pain_goes_to_the_clinical_file():
    assert case_of("sins-14").clinical == {"pain": "mechanical"}
    assert case_of("sins-02").clinical == {"pain": "none"}


@pytest.mark.parametrize("number", range(1, len(SECTORS) + 1))
def test_sectors(number):
    """PLAN-05: rows of the table, each in the sectors that it names."""
    wanted = {
        1: {"body"}, 2: {"body"}, 3: {"body", "pedicle_left"},
        4: {"body", "pedicle_left", "pedicle_right", "transverse_left", "transverse_right"}, 5: {"pedicle_left"},
        6: {"lamina_left"}, 7: {"spinous"},
    }  # fmt: skip
    found = {c for insert in case_of(f"plan-sectors-{number}").inserts for c in insert.compartments}
    assert found == wanted[number]
