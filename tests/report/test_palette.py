"""Contrast of the page's colours (WCAG 2.2 AA), computed from the style sheet itself."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

CSS = (files("spinemets.report") / "templates" / "page.css").read_text(encoding="utf-8")
TEXT = [("ink", "paper"), ("ink", "panel"), ("ink", "warm"), ("ink", "band"), ("soft", "paper"), ("soft", "panel"), ("soft", "warm"),
        ("link", "paper"), ("link", "warm"), ("link", "panel"), ("on-block", "block")]  # fmt: skip
GRAPHICS = [(name, "paper") for name in ("edge", "vermilion", "blue", "green", "purple", "focus", "block")] + [
    ("vermilion", "warm"),
    ("edge", "panel"),
    ("edge", "band"),
]


def palettes() -> dict[str, dict[str, str]]:
    roots = re.findall(r":root \{(.*?)\}", CSS, flags=re.S)
    assert len(roots) == 2
    named = [dict(re.findall(r"--([\w-]+): (#[0-9A-Fa-f]{6})", block)) for block in roots]
    return {"light": named[0], "dark": {**named[0], **named[1]}}


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.2."""
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_formula_gives_the_published_values():
    """report.md 7: "Contrast on white: blue 5.2, vermilion 3.9, green 3.4"."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#0072B2", "#ffffff") == pytest.approx(5.2, abs=0.05)
    assert contrast("#D55E00", "#ffffff") == pytest.approx(3.9, abs=0.05)
    assert contrast("#009E73", "#ffffff") == pytest.approx(3.4, abs=0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back"), TEXT)
def test_text_contrast(theme, front, back):
    """ "text contrast >= 4.5:1"."""
    colours = palettes()[theme]
    assert contrast(colours[front], colours[back]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back"), GRAPHICS)
def test_graphics_and_focus_contrast(theme, front, back):
    """ "graphics and focus >= 3:1"."""
    colours = palettes()[theme]
    assert contrast(colours[front], colours[back]) >= 3.0


def test_no_colour_outside_the_palette():
    """A colour written in place would escape the test above; the print header repeats the soft text colour."""
    rules = re.sub(r":root \{.*?\}", "", CSS, flags=re.S)
    assert set(re.findall(r"#[0-9A-Fa-f]{3,8}\b", rules)) <= {"#000"}


def test_focus_is_visible():
    assert re.search(r":focus-visible \{ outline: 3px solid var\(--focus\)", CSS)


def test_states_differ_by_border_style_and_weight_not_only_by_colour():
    assert ".state.present { border: 2px solid" in CSS
    assert ".state.indeterminate { border: 2px dashed" in CSS
    assert ".state.not_assessable { border-style: dotted" in CSS
