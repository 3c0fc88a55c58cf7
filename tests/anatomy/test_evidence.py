"""What speaks for names, as anchors."""

from __future__ import annotations

import numpy as np
import pytest

from spinemets.anatomy.earlier import Match
from spinemets.anatomy.evidence import Evidence, counted_from_below, from_below, label_anchors, landmarks, stated
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
    ("levels", "evidence", "options", "warned"),
    [
        (["T12", "L1"], Evidence(sacrum=1, last_rib=0), LevelOptions(), True),
        (["T12", "L1"], Evidence(), LevelOptions(anchors=(("L1", (0.0, 0.0, 0.0)),)), True),
        (["L1", "L2"], Evidence(sacrum=1), LevelOptions(), False),
        (["T12", None], Evidence(sacrum=1, first_rib=0), LevelOptions(), False),
        (["C7", "T1"], Evidence(c2=0), LevelOptions(), False),
        (["T12", "L1"], Evidence(), LevelOptions(anchors=(("T12", (0.0, 0.0, 0.0)),)), False),
        (["T12", "L1"], Evidence(), LevelOptions(top="T12"), False),
        (["T12", "L1"], Evidence(earlier=Match(place=0, name="T12", confidence=0.9)), LevelOptions(), False),
    ],
)
def test_thoracic_names_counted_from_below_carry_a_warning(levels, evidence, options, warned):
    """Eleven or thirteen thoracic vertebrae look like twelve from the sacrum upwards: what would be wrong is said."""
    said = counted_from_below([level(name) for name in levels], evidence, options)
    assert said == ((from_below(),) if warned else ())


def test_names_of_a_label_map_are_its_own():
    assert counted_from_below([level("T12", "label map")], Evidence(), LevelOptions()) == ()


def test_the_warning_says_how_often():
    """Shares of the table of variants."""
    assert "with 11 (3.0% of people) or 13 (0.5% of people) thoracic vertebrae" in from_below()
