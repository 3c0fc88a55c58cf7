"""Words that a page must not hold where the side of the patient is not known (G-12)."""

from __future__ import annotations

import re

SIDE_WORDS = r"left|right|left-sided|right-sided|leftward|rightward"


def side_words(text: str) -> tuple[str, ...]:
    """Words that name a side of the patient, for the test of the laterality guard (G-12)."""
    return tuple(match.group(0) for match in re.finditer(rf"\b(?:{SIDE_WORDS})\b", text, re.IGNORECASE))
