"""Planar bone scan."""

from __future__ import annotations

from typing import Any


def render_views(*args: Any) -> Any:
    """To be written."""
    raise NotImplementedError
