"""The digital spine: a synthetic patient of continuous functions. `build(case, seed)` gives one."""

from __future__ import annotations

from spinemets.phantom.patient import Phantom, build

__all__ = ["Phantom", "build"]
