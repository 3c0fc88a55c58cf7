"""G-12: no side word where the side of the patient is not known."""

from __future__ import annotations

from spinemets.testing import words


def test_side_words():
    """G-12: "no "left/right" anywhere" where the side is not known."""
    assert words.side_words("Left pedicle and RIGHT lamina, bright cleft") == ("Left", "RIGHT")
    assert words.side_words("side A, leftover, brightness") == ()
