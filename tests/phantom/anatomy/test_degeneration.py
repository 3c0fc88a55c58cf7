"""Worn discs: how many at which age, and what wear does to shapes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from spinemets.model.errors import UsageError
from spinemets.phantom.anatomy.body import Body
from spinemets.phantom.anatomy.degeneration import GRADES, dried, grades, probability, wear
from spinemets.phantom.anatomy.sizes import LEVELS, Patient, sizes

LUMBAR = ("L1", "L2", "L3", "L4", "L5")


def drawn(age, seed):
    return grades("by_age", age_years=age, names=LEVELS, seed=seed)


def test_published_chances():
    """PHA-15: 0.1 at 25 years, 0.9 at 80, half-way between; constant beyond."""
    assert [probability(age, "lumbar") for age in (18, 25, 52.5, 80, 90)] == pytest.approx([0.1, 0.1, 0.5, 0.9, 0.9])


@pytest.mark.parametrize("age", [25, 52.5, 80])
def test_drawn_as_often_as_stated(age):
    """Share of worn lumbar discs of 200 patients, within three standard errors."""
    worn = np.mean([[drawn(age, seed)[level] >= 3 for level in LUMBAR] for seed in range(200)])
    chance = probability(age, "lumbar")
    assert worn == pytest.approx(chance, abs=3 * np.sqrt(chance * (1 - chance) / 1000))


def test_seed_and_age():
    """The same seed gives the same grades; an older patient's discs are never better."""
    assert drawn(60, 3) == drawn(60, 3)
    assert all(drawn(60, 3)[level] <= drawn(75, 3)[level] for level in LEVELS)


@pytest.mark.parametrize("wanted", ["some", {"L4": 6}, {"X1": 2}])
def test_refused(wanted):
    """Words, grades and levels that mean nothing."""
    with pytest.raises(UsageError):
        grades(wanted, age_years=50, names=LEVELS, seed=1)


def test_wear_only_worsens():
    """From grade to grade a disc loses height and water and its rims grow; grade I is a disc without wear."""
    steps = [wear(grade) for grade in GRADES]
    assert (steps[0].height, steps[0].dried, steps[0].osteophyte_mm, steps[0].gas) == (1.0, 0.0, 0.0, 0.0)
    for better, worse in pairwise(steps):
        assert worse.height <= better.height
        assert worse.dried >= better.dried
        assert worse.osteophyte_mm >= better.osteophyte_mm
    assert wear(3).osteophyte_mm >= 2
    assert wear(5).osteophyte_mm == 8


def test_nuclei_dry_with_age_before_they_wear():
    """Nobody's at 20, never better later, within the spread of the usual share; a worn disc stays as its grade says."""
    ages = (20.0, 40.0, 60.0, 90.0)
    for level in LUMBAR:
        by_age = [dried(level, 1, age_years=age, seed=3) for age in ages]
        assert by_age[0] == 0.0
        assert by_age == sorted(by_age)
        assert 0.75 * 0.4 <= by_age[2] <= 1.25 * 0.4
        assert dried(level, 5, age_years=60.0, seed=3) == wear(5).dried
    assert len({dried(level, 1, age_years=60.0, seed=3) for level in LUMBAR}) == len(LUMBAR)


def test_unasked_wear_changes_nothing():
    """Nobody is worn who is not asked to be; asked for grade I everywhere is the same."""
    plain = sizes(Patient(age_years=80), 1, {})
    assert plain == sizes(Patient(age_years=80, degeneration=dict.fromkeys(LEVELS, 1)), 1, {})


def test_disc_is_lower():
    """Grade IV: 0.7 of the height at that disc only; both neighbours know of it."""
    plain, worn = (sizes(Patient(degeneration=d), 1, {}) for d in (None, {"L4": 4}))
    assert worn["L4"].disc == pytest.approx([0.7 * x for x in plain["L4"].disc])
    assert worn["L3"].disc == plain["L3"].disc
    assert (worn["L4"].disc_grade, worn["L5"].grade_above, worn["L4"].grade_above) == (4, 4, 1)


def test_beaks_stand_at_the_rims():
    """Grade V: up to 8 mm in front of the lower rim, less than a third of that behind, none at mid-height or at the upper rim."""
    size = sizes(Patient(degeneration={"L3": 5}), 1, {})["L3"]
    worn, plain = Body(size=size), Body(size=replace(size, disc_grade=1))
    a = np.arange(-35, 35, 0.05, dtype=np.float32)

    def reach(body, s):
        rim = body.rim_mm(np.zeros(1, np.float32))[0]
        side, _ = body.footprint(np.zeros(1, np.float32), a, np.full(1, s * rim, np.float32))
        inside = a[side < 0]
        return inside.max(), -inside.min()

    front, back = (x - y for x, y in zip(reach(worn, -0.5), reach(plain, -0.5), strict=True))
    assert front == pytest.approx(8.0, abs=1.0)
    assert 0.5 < back < 0.4 * front
    for s in (0.0, 0.5):
        assert reach(worn, s) == pytest.approx(reach(plain, s), abs=0.06)
