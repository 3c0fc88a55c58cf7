"""Small rules of writing that every statement shares."""

from __future__ import annotations


def in_sentence(text: str) -> str:
    """First letter small, unless the text begins with an acronym, a level or a sequence name (`CT`, `L3`, `T1`)."""
    return text[0].lower() + text[1:] if len(text) > 1 and (text[1].islower() or text[1] == " ") else text


def first_capital(text: str) -> str:
    """First letter large: a sentence may begin with "vertebra 3 of 9 in view"."""
    return text[:1].upper() + text[1:]


def two_digits(number: float) -> str:
    """Two significant digits without exponent, as volumes are printed (REP-02): 1.0, 0.33, 12, 240."""
    if number == 0:
        return "0"
    text = f"{number:#.2g}" if abs(number) < 10 else f"{float(f'{number:.2g}'):.0f}"
    return text.rstrip(".")
