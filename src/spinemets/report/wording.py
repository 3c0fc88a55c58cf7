"""How numbers and sentences may look (REP-02, REP-03): rounding, intervals, and words that no generated text holds."""

from __future__ import annotations

import math
import re

from spinemets.knowledge.units import shown, shown_words

# Orders, reassurance and unqualified claims. "treated" and "treatment" state facts; "cannot be excluded" is a
# certainty word of its own (urgent items).
FORBIDDEN_ANYWHERE = (
    r"recommend\w*",
    r"advis\w*",
    r"should",
    r"prescrib\w*",
    r"treat|treats|treating",
    r"(?:is|are) indicated",
    r"(?<!cannot be )excluded",
    r"normal study",
    r"no metastas[ie]s",
)
# A negative answer is never reassurance: these words do not stand in statements at all.
FORBIDDEN_IN_STATEMENTS = (r"normal", r"clear(?:ly)?", r"healthy", r"all good")
VOLUMES = ("mL", "ml", "cm3")


def forbidden(text: str, *, statement: bool = True) -> tuple[str, ...]:
    """Forbidden words in a text, in the order in which they stand there; empty = the text may be printed.

    Parameters
    ----------
    text
        Generated text.
    statement
        True for findings, levels, summary and urgent lines; False for methods, captions and glossary, where "normal
        neighbours" may be spoken of.
    """
    stems = FORBIDDEN_ANYWHERE + (FORBIDDEN_IN_STATEMENTS if statement else ())
    pattern = re.compile(rf"\b(?:{'|'.join(stems)})\b", re.IGNORECASE)
    return tuple(match.group(0) for match in pattern.finditer(text))


def number(value: float, unit: str) -> str:
    """A number in the digits its unit deserves, without the unit.

    Sizes 1 decimal mm; volumes 2 significant digits mL; HU and % integer; ADC in 10^-3 mm2/s and ratios 2 decimals.
    Rounding happens here, for the eye only: comparisons were made with all digits.
    """
    if not math.isfinite(value):
        raise ValueError(f"a number that is not finite must not reach the reader: {value}")
    if unit in VOLUMES:
        return _plain(value, _decimals(value, 2))
    if unit in ("[hnsf'U]", "%", "mm3"):
        return _plain(value, 0)
    if unit in ("mm", "deg", "mm2", "s"):
        return _plain(value, 1)
    if unit == "mm2/s":
        return _plain(shown(value, unit), 2)
    # Ratios lie near 1; a plain number that is large (an MR signal) deserves no decimals.
    return _plain(value, 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0)


def unit_text(unit: str) -> str:
    """Unit as printed behind a number; empty for pure numbers."""
    return shown_words(unit)


def interval(ci95: tuple[float, float], unit: str) -> str:
    """`29 to 47`."""
    return f"{number(ci95[0], unit)} to {number(ci95[1], unit)}"


def quantity(value: float, unit: str, ci95: tuple[float, float] | None) -> str:
    """Number, interval and unit: `38 % (29 to 47)`; a missing interval is said, never left out.

    The ends have as many decimals as the number itself.
    """
    if ci95 is None:
        return f"{with_unit(value, unit)} (no interval)"
    if unit in VOLUMES:
        decimals = _decimals(value, 2)
        return f"{with_unit(value, unit)} ({_plain(ci95[0], decimals)} to {_plain(ci95[1], decimals)})"
    return f"{with_unit(value, unit)} ({interval(ci95, unit)})"


def with_unit(value: float, unit: str) -> str:
    """Number and unit."""
    return f"{number(value, unit)} {unit_text(unit)}".strip()


def percent(share: float) -> str:
    """A share of 1 as a whole per cent; what is more than nothing never becomes 0 %."""
    rounded = round(100 * share)
    if share > 0 and rounded == 0:
        return "< 1 %"
    if share < 1 and rounded == 100:
        return "> 99 %"
    return f"{rounded} %"


def points(low: int, high: int) -> str:
    """Points of a score: `7`, or `7 to 10` while items are unknown."""
    return str(low) if low == high else f"{low} to {high}"


def count(n: int, one: str, many: str | None = None) -> str:
    """`1 level`, `3 levels`."""
    return f"{n} {one if n == 1 else many or one + 's'}"


def listed(items: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def _decimals(value: float, digits: int) -> int:
    """Decimals that give a number its significant digits; two for what is too small to see."""
    if abs(value) < 0.01:
        return 2
    return max(0, digits - 1 - math.floor(math.log10(abs(value))))


def _plain(value: float, decimals: int) -> str:
    text = f"{value:.{decimals}f}"
    # "-0" would suggest a sign that the digits shown do not carry.
    return text[1:] if float(text) == 0 and text.startswith("-") else text
