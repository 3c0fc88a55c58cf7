"""URG, pathology.md section 10."""

from __future__ import annotations

from spinemets.impression.urgent import urgent_lines
from spinemets.knowledge.catalogue import table
from spinemets.model.assessment import LevelAssessment, Score

URGENT = table("urgent")


def scored(level, name, low, high):
    score = Score(name="SINS", level_id=name, low=low, high=high, category="x", items=())
    return {name: LevelAssessment(level=level(name), findings={}, scores={"SINS": score})}


def test_sins_certainly_thirteen_is_urgent(level) -> None:
    """URG-04: 'SINS certainly >= 13'."""
    lines = urgent_lines(scored(level, "T12", 14, 16), URGENT)
    assert lines[0].id == "URG-04"
    assert lines[0].sentence == "Findings of spinal instability at T12 (SINS 14 to 16)."
    assert (lines[0].kind, lines[0].actionable_class) == ("urgent", 2)


def test_a_range_that_only_reaches_thirteen_is_not_stated_as_urgent(level) -> None:
    lines = urgent_lines(scored(level, "T12", 11, 16), URGENT)
    assert [x.kind for x in lines if x.id == "URG-04"] == ["none found"]


def test_negative_form_names_its_denominator(level) -> None:
    """'A negative statement names its denominator'; with nothing scored it says so."""
    (line,) = [x for x in urgent_lines(scored(level, "L3", 2, 9), URGENT) if x.id == "URG-04"]
    assert "among 1 scored" in line.sentence
    (line,) = [x for x in urgent_lines({}, URGENT) if x.id == "URG-04"]
    assert "No lesion level" in line.sentence


def test_cord_compression_is_said_to_be_not_assessed() -> None:
    """'If not assessable: "Cord compression was not assessed: ..."'; URG-08 is always printed."""
    lines = {x.id: x for x in urgent_lines({}, URGENT)}
    assert lines["URG-01"].kind == "not assessed"
    assert "not assessed" in lines["URG-01"].sentence
    assert lines["URG-08"].kind == "always"


def test_no_urgent_line_claims_that_someone_was_told() -> None:
    """'An urgent flag is not a notification service'."""
    assert "No one has been notified" in URGENT["notice"]
