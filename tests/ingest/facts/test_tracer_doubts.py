"""Sentences about a tracer: each names its tag, and a sound tracer gives none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spinemets.ingest.facts.tracer_doubts import doubts
from spinemets.knowledge.nuclides import by_words
from spinemets.model.acquisition import Tracer

SOUND = Tracer(
    units="BQML", dose_bq=370e6, half_life_s=6586.2, injected_at="2020-03-10T10:00:00", series_at="2020-03-10T11:00:00",
    acquired_at="2020-03-10T11:00:00", decay_correction="START", corrections=("ATTN", "DECY"),
)  # fmt: skip
FLUORINE = by_words("F-18")


def test_a_sound_tracer():
    """Nothing to say; a series time microseconds after the acquisition is the same moment."""
    assert doubts(SOUND, FLUORINE, "PT") == ()
    assert doubts(replace(SOUND, acquired_at="2020-03-10T10:59:59.999995"), FLUORINE, "PT") == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"units": None}, "not stated: Units (0054,1001)"),
        ({"units": "CNTS"}, "without the Philips factors"),
        ({"dose_bq": 370.0}, "likely MBq"),
        ({"half_life_s": 109.77}, "contradicts the radionuclide F-18"),
        ({"injected_at": "2020-03-10T11:30:00"}, "after the scan"),
        ({"injected_at": "2020-03-08T11:00:00"}, "48.0 h lie between"),
        ({"series_at": "2020-03-10T13:45:00"}, "165 min later"),
        ({"decay_correction": None}, "DecayCorrection (0054,1102) is not stated"),
        ({"decay_correction": "NONE"}, "not corrected for decay"),
        ({"corrections": ("ATTN",)}, "lacks DECY"),
        ({"corrections": ("DECY",)}, "lacks ATTN"),
    ],
)
def test_one_sentence_for_one_fault(changes, words):
    """No fault hides another, none is said twice."""
    (sentence,) = doubts(replace(SOUND, **changes), FLUORINE, "PT")
    assert words in sentence


def test_short_lived_tracers_last_half_lives_not_a_day():
    """C-11 is gone after four hours."""
    carbon = replace(SOUND, half_life_s=1223.4, injected_at="2020-03-10T06:00:00")
    (sentence,) = doubts(carbon, by_words("C-11"), "PT")
    assert "5.0 h lie between" in sentence


def test_nuclear_medicine_may_be_silent_and_late():
    """Planar headers seldom state doses, and iodine is imaged after days."""
    assert doubts(Tracer(), None, "NM") == ()
    late = Tracer(injected_at="2020-03-05T10:00:00", acquired_at="2020-03-10T11:00:00", half_life_s=692988.0)
    assert doubts(late, by_words("I-131"), "NM") == ()
    assert "likely MBq" in doubts(Tracer(dose_bq=700.0), None, "NM")[0]
