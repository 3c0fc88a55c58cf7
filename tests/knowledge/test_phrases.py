"""REP-02: 'sizes 1 decimal mm, volumes 2 significant digits ml'; REP-03: 'level first'."""

from __future__ import annotations

import pytest

from spinemets.knowledge.phrases import first_capital, in_sentence, two_digits


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.03, "1.0"),
        (2.4, "2.4"),
        (0.333, "0.33"),
        (0.0512, "0.051"),
        (12.4, "12"),
        (243, "240"),
        (0, "0"),
        (9.96, "10"),
    ],
)
def test_two_significant_digits(number: float, text: str) -> None:
    assert two_digits(number) == text
    assert float(text) == pytest.approx(number, rel=0.06, abs=1e-9)


@pytest.mark.parametrize(
    ("title", "inside"),
    [
        ("Focal darkening on T1", "focal darkening on T1"),
        ("CT gate", "CT gate"),
        ("T1 dark", "T1 dark"),
        ("L3", "L3"),
        ("A like change", "a like change"),
        ("", ""),
    ],
)
def test_names_keep_their_capitals_inside_a_sentence(title: str, inside: str) -> None:
    assert in_sentence(title) == inside


def test_sentences_begin_with_a_capital() -> None:
    assert first_capital("vertebra 3 of 9 in view: x.") == "Vertebra 3 of 9 in view: x."
    assert first_capital("L3: x.") == "L3: x."
    assert first_capital("") == ""
