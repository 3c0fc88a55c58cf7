"""Truth of benign changes; the grade of each disc stands with its level."""

from __future__ import annotations

from typing import Any

from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.pathology.degenerative import BenignChange, volume_mm3


def benign_truth(anatomy: Anatomy, change: BenignChange) -> dict[str, Any]:
    """One benign change: what it is, where, and how large inside its bone."""
    return {
        "level": change.level,
        "kind": change.kind,
        "part": change.part,
        "volume_mm3": round(volume_mm3(change, anatomy.vertebra(change.level)), 1),
    }
