"""10a. For people: HTML, plots, pictures."""

from __future__ import annotations

from typing import Any

__all__ = ["take", "write_html", "write_text"]


def __getattr__(name: str) -> Any:
    """Load the writers on first use: templates and image drawing cost time that `--help` must not pay."""
    if name == "write_html":
        from spinemets.report import html

        return html.write_html
    if name == "write_text":
        from spinemets.report import text

        return text.write_text
    if name == "take":
        from spinemets.report import pictures

        return pictures.take
    raise AttributeError(f"module 'spinemets.report' has no attribute {name!r}")
