"""Builder of small SVG drawings: numbers rounded, text escaped, colours by class so that the page's theme applies."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

Attribute = str | float | int | None


def element(name: str, *children: str, **attributes: Attribute) -> Markup:
    """One element. `class_` and `for_` lose their underscore, other underscores become hyphens, None is left out."""
    cells = [
        Markup(' {}="{}"').format(_attribute_name(key), _attribute_value(value))
        for key, value in attributes.items()
        if value is not None
    ]
    inner = Markup("").join(escape(child) for child in children)
    head = Markup("<{}{}").format(Markup(name), Markup("").join(cells))
    return head + Markup("/>") if not children else head + Markup(">") + inner + Markup("</{}>").format(Markup(name))


def group(*children: str, **attributes: Attribute) -> Markup:
    """`<g>`."""
    return element("g", *children, **attributes)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """Straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def text(x: float, y: float, words: str, class_: str = "", anchor: str | None = None) -> Markup:
    """Text with its baseline at y."""
    return element("text", words, x=x, y=y, class_=class_ or None, text_anchor=anchor)


def rectangle(x: float, y: float, width: float, height: float, class_: str) -> Markup:
    """Box."""
    return element("rect", x=x, y=y, width=max(width, 0.0), height=height, class_=class_)


def polygon(points: Sequence[tuple[float, float]], class_: str) -> Markup:
    """Closed shape."""
    return element("polygon", points=" ".join(f"{_short(x)},{_short(y)}" for x, y in points), class_=class_)


def symbol(shape: str, x: float, y: float, radius: float, class_: str) -> Markup:
    """A mark told apart by its shape: circle, square, diamond, triangle, bar or ring."""
    r = radius
    if shape == "square":
        return rectangle(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r, class_)
    if shape == "diamond":
        return polygon([(x, y - 1.2 * r), (x + 1.2 * r, y), (x, y + 1.2 * r), (x - 1.2 * r, y)], class_)
    if shape == "triangle":
        return polygon([(x, y - 1.15 * r), (x + 1.1 * r, y + 0.8 * r), (x - 1.1 * r, y + 0.8 * r)], class_)
    if shape == "bar":
        return rectangle(x - 0.35 * r, y - 1.1 * r, 0.7 * r, 2.2 * r, class_)
    return element("circle", cx=x, cy=y, r=r, class_=f"{class_} hollow" if shape == "ring" else class_)


def drawing(width: float, height: float, title: str, *children: str, class_: str = "plot") -> Markup:
    """A whole drawing with a title that screen readers speak; it shrinks with its column."""
    return element(
        "svg",
        element("title", title),
        *children,
        viewBox=f"0 0 {_short(width)} {_short(height)}",
        width=width,
        height=height,
        role="group",
        aria_label=title,
        class_=class_,
    )


def _attribute_name(key: str) -> Markup:
    return Markup(key.rstrip("_").replace("_", "-"))


def _attribute_value(value: Attribute) -> str:
    return _short(value) if isinstance(value, float) else str(value)


def _short(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
