"""What speaks for names, as anchors."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.anatomy.earlier import Match
from spinemets.anatomy.evidence import (
    Evidence,
    at_risk,
    counted_from_one_end,
    from_above,
    from_below,
    from_first_rib,
    label_anchors,
    landmarks,
    stated,
)
from spinemets.anatomy.label_names import Candidate
from spinemets.anatomy.options import LevelOptions
from spinemets.knowledge.catalogue import load
from spinemets.model.errors import UsageError
from spinemets.model.level import Level


@pytest.fixture(scope="module")
def rules():
    return load()["G-09"].values()


def test_landmarks_have_the_reliability_of_the_catalogue(rules):
    found = landmarks(Evidence(sacrum=4, c2=0, first_rib=1, last_rib=3), rules)
    assert [(a.kind, a.index) for a in found] == [("c2", 0), ("first_rib", 1), ("last_rib", 3), ("sacrum", 4)]
    assert all(a.reliability == rules[f"reliability_{a.kind}"] for a in found)
    assert landmarks(Evidence(), rules) == []


def test_an_earlier_study_speaks_only_where_it_is_sure(rules):
    """Its confidence is that of the overlay and of its own name; the rest of the reliability is that of any other date."""
    (sure,) = landmarks(Evidence(earlier=Match(place=2, name="T12", confidence=0.9)), rules)
    assert (sure.kind, sure.index, sure.name) == ("earlier", 2, "T12")
    assert sure.reliability == pytest.approx(0.9 * rules["reliability_other_series"])
    assert "earlier study" in sure.words
    assert landmarks(Evidence(earlier=Match(place=2, name="T12", confidence=0.79)), rules) == []


def test_another_series_keeps_most_of_its_confidence(rules):
    (found,) = landmarks(Evidence(other_series=((1, "T8", 0.99),)), rules)
    assert found.reliability == pytest.approx(0.99 * rules["reliability_other_series"])


def test_what_the_user_states(rules):
    rows = [Candidate(name=None, centroid_lps_mm=np.array([0.0, 0.0, -30.0 * n]), height_mm=None) for n in range(4)]
    options = LevelOptions(anchors=(("L2", (3.0, 2.0, -58.0)),), top="T12")
    assert [(a.kind, a.index, a.name) for a in stated(rows, options, rules)] == [("user", 2, "L2"), ("top", 0, "T12")]
    with pytest.raises(UsageError, match="lies in no vertebra"):
        stated(rows, LevelOptions(anchors=(("L2", (0.0, 90.0, 0.0)),)), rules)


def test_the_first_name_of_a_map_stands_for_all(rules):
    (found,) = label_anchors([None, "T9", None, "T11"], rules)
    assert (found.index, found.name, found.reliability) == (1, "T9", rules["reliability_label_map"])


def level(name, method="landmarks"):
    return Level(name=name, position=1, of=1, method=method, confidence=0.97)


@pytest.mark.parametrize(
    ("levels", "evidence", "options", "side"),
    [
        (["T12", "L1"], Evidence(sacrum=1, last_rib=0), LevelOptions(), "below"),
        (["T12", "L1"], Evidence(), LevelOptions(anchors=(("L1", (0.0, 0.0, 0.0)),)), "below"),
        (["L1", "L2"], Evidence(sacrum=1), LevelOptions(), None),
        (["T12", None], Evidence(sacrum=1, first_rib=0), LevelOptions(), None),
        (["C7", "T1"], Evidence(c2=0), LevelOptions(), None),
        (["T12", "L1"], Evidence(), LevelOptions(anchors=(("T12", (0.0, 0.0, 0.0)),)), None),
        (["T12", "L1"], Evidence(), LevelOptions(top="T12"), None),
        (["T12", "L1"], Evidence(earlier=Match(place=0, name="T12", confidence=0.9)), LevelOptions(), None),
        (["T12"], Evidence(last_rib=0), LevelOptions(), "below"),
        (["T12", "L1"], Evidence(c2=0, last_rib=0), LevelOptions(), "above"),
        (["T12", "L1"], Evidence(first_rib=0, sacrum=1), LevelOptions(), None),
        (["T12", "L1"], Evidence(), LevelOptions(anchors=(("T3", (0.0, 0.0, 0.0)),)), "above"),
        (["T10", "T11"], Evidence(c2=0), LevelOptions(), None),
        (["C7", "T1", "T2"], Evidence(first_rib=1), LevelOptions(), "first rib"),
        (["C7", "T1", "T2"], Evidence(first_rib=1, c2=0), LevelOptions(), None),
        (["C7", "T1", "T2"], Evidence(first_rib=1), LevelOptions(top="C7"), None),
        (["T1", "T2", "T11"], Evidence(first_rib=0, last_rib=2), LevelOptions(), None),
    ],
)
def test_names_counted_from_one_end_carry_a_warning(levels, evidence, options, side):
    """Eleven or thirteen thoracic vertebrae look like twelve from one end: what would be wrong is said."""
    said = counted_from_one_end([level(name) for name in levels], evidence, options)
    assert said == {
        "below": (from_below(),), "above": (from_above(),), "first rib": (from_first_rib(),), None: (),
    }[side]  # fmt: skip


def test_names_of_a_label_map_are_its_own():
    assert counted_from_one_end([level("T12", "label map")], Evidence(), LevelOptions()) == ()


@pytest.mark.parametrize("warning", [from_below(), from_above()])
def test_the_warning_says_how_often(warning):
    """Shares of the table of variants."""
    assert "with 11 (3.0% of people) or 13 (0.5% of people) thoracic vertebrae" in warning


def test_a_rib_on_c7_puts_every_name_at_risk():
    """Its share is that of the table of variants; before, such names were wrong in silence."""
    assert "a rib on C7 (0.5% of people)" in from_first_rib()
    assert all(at_risk(name, from_first_rib()) for name in ("C6", "T1", "T12", "L3"))


def test_both_ends_of_a_thorax_may_be_in_doubt():
    """From the first rib down to the loin: T12 and what follows by the number of ribs, all of it by a rib on C7."""
    said = counted_from_one_end([level("T1"), level("L1")], Evidence(first_rib=0), LevelOptions())
    assert said == (from_above(), from_first_rib())


def test_names_at_risk():
    """Counted upwards the thoracic and cervical ones, downwards T12 and what follows, with any other warning none."""
    names = ("C7", "T11", "T12", "L1")
    assert [n for n in names if at_risk(n, from_below())] == ["C7", "T11", "T12"]
    assert [n for n in names if at_risk(n, from_above())] == ["T12", "L1"]
    assert not any(at_risk(n, "Something else.") for n in names)
