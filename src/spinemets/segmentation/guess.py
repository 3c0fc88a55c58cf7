"""Finds the only scheme that can be meant when none is stated: by the integers present and by anatomy."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from spinemets.model.errors import LabelSchemeError
from spinemets.model.level import ORDER
from spinemets.segmentation.schemes import Meaning, Scheme, plausible_ml, schemes
from spinemets.segmentation.voxels import Labelled

# Structures that make a label map one of the spine.
SPINAL = frozenset(
    {"vertebra", "vertebral_body", "sacral_segment", "vertebrae", "bodies", "cord_level", "landmark", "disc"}
)
ORDERED = {"vertebra": 0.0, "vertebral_body": 0.0, "sacral_segment": 0.0, "disc": 0.5}
STATE_IT = "State it: FILE:SCHEME. "


def only_scheme(labels: Labelled) -> tuple[Scheme, str]:
    """The scheme and a sentence that records the guess.

    Schemes that give every integer present the same meaning count as one reading.

    Raises
    ------
    LabelSchemeError
        If several readings fit, or none.
    """
    fitting = [s for s in schemes().values() if s.guess and explains(s, labels) and agrees_with_anatomy(s, labels)]
    readings: dict[tuple[tuple[Meaning, ...], ...], list[Scheme]] = {}
    for scheme in fitting:
        readings.setdefault(tuple(scheme.meanings(n) for n in sorted(labels.counts)), []).append(scheme)
    if len(readings) == 1:
        chosen = next(iter(readings.values()))
        same = f" ({', '.join(s.name for s in chosen[1:])} read it alike)" if len(chosen) > 1 else ""
        return chosen[0], f"{labels.source}: {chosen[0].name} is the only scheme that fits{same}; none was stated."
    present = _listed(sorted(labels.counts))
    if not readings:
        raise LabelSchemeError(
            f"{labels.source} holds the integers {present}, and no known label scheme explains all of them.",
            f"{STATE_IT}Known schemes: {', '.join(schemes())}.",
        )
    raise LabelSchemeError(
        f"{labels.source} holds the integers {present}, which fit several label schemes: "
        f"{', '.join(s.name for s in fitting)}.",
        f"{STATE_IT}{_difference(fitting, labels)}",
    )


def explains(scheme: Scheme, labels: Labelled) -> bool:
    """Whether a scheme knows every integer present and at least one of them is a structure of the spine."""
    present = labels.counts
    return all(scheme.lists(n) for n in present) and any(
        m.structure in SPINAL for n in present for m in scheme.meanings(n)
    )


def agrees_with_anatomy(scheme: Scheme, labels: Labelled) -> bool:
    """Order along the spine, sacrum lowest, and sizes that such structures can have."""
    if not _sizes_possible(scheme, labels):
        return False
    ranked: list[tuple[float, float]] = []
    sacrum: list[float] = []
    for n in labels.counts:
        z = float(labels.centroid_lps_mm(n)[2])
        for m in scheme.meanings(n):
            if m.structure in ORDERED and m.level is not None:
                ranked.append((ORDER.index(m.level) + ORDERED[m.structure], z))
            elif m.structure == "sacrum" and len(scheme.meanings(n)) == 1:
                sacrum.append(z)
    heights = [z for _, z in sorted(ranked)]
    counted = [float(labels.centroid_lps_mm(n)[2]) for n in scheme.from_lowest if n in labels.counts]
    in_order = _descends(heights) and _descends(counted[::-1])
    return in_order and (not sacrum or not heights or max(sacrum) < min(heights))


def _descends(heights_mm: Sequence[float]) -> bool:
    return all(upper > lower for upper, lower in pairwise(heights_mm))


def _sizes_possible(scheme: Scheme, labels: Labelled) -> bool:
    voxel_ml = labels.grid.voxel_volume_mm3 / 1000.0
    volumes: dict[str, list[float]] = {}
    for n, voxels in labels.counts.items():
        for m in scheme.meanings(n):
            volumes.setdefault(m.structure, []).append(voxels * voxel_ml)
            if m.level is not None:  # limits may be narrower for one region of the spine: `vertebra_C`
                volumes.setdefault(f"{m.structure}_{m.level[0]}", []).append(voxels * voxel_ml)
    limits = plausible_ml()
    return all(
        limits[structure][0] <= float(np.median(found)) <= limits[structure][1]
        for structure, found in volumes.items()
        if structure in limits
    )


def _difference(fitting: list[Scheme], labels: Labelled) -> str:
    """What the first integer they disagree on would mean in each."""
    for n in sorted(labels.counts):
        words = {s.name: ", ".join(m.words for m in s.meanings(n)) or "not of the spine" for s in fitting}
        if len(set(words.values())) > 1:
            return f"{n} would be " + ", ".join(f"{w} ({name})" for name, w in words.items()) + "."
    return ""


def _listed(integers: list[int]) -> str:
    shown = ", ".join(str(n) for n in integers[:30])
    return shown if len(integers) <= 30 else f"{shown} and {len(integers) - 30} more"
