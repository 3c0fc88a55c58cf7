"""Weight and height: "ranges 20-300 kg; odd values said", and never changed."""

from __future__ import annotations

import pydicom
import pytest

from spinemets.ingest.facts.body_size import doubts, of_values
from spinemets.ingest.header.values import Values


def header(**values) -> Values:
    found = pydicom.Dataset()
    for keyword, value in values.items():
        setattr(found, keyword, value)
    return Values(found)


def test_as_stated():
    """Zero is how scanners write "not entered"."""
    assert of_values(header(PatientWeight=70.5, PatientSize=1.75)) == (70.5, 1.75)
    assert of_values(header(PatientWeight=0, PatientSize="")) == (None, None)
    assert of_values(header()) == (None, None)


@pytest.mark.parametrize("weight", [20, 70, 300, None])
def test_usual_weights_are_silent(weight):
    """The ends belong to the range."""
    assert doubts(weight, 1.75) == ()


def test_other_units_are_said():
    """Grams and centimetres; the sentence carries tag, value and range."""
    said = doubts(70000, 175)
    assert said[0] == "PatientWeight (0010,1030) states 70000 kg: outside 20 to 300 kg, likely another unit"
    assert said[1].startswith("PatientSize (0010,1020) states 175 m")
    assert len(doubts(3.4, None)) == 1
