"""Landmarks for the naming of levels, as far as they are labelled: sacrum, first and last rib, header words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spinemets.model.region import Region
from spinemets.model.spine import Vertebra
from spinemets.model.study import Study

# Farthest middle of the lowest lumbar body from the nearest voxel of the sacrum, and of a rib from its vertebra's middle.
SACRUM_REACH_MM = 35.0
RIB_REACH_MM = 35.0
# Words of BodyPartExamined and SeriesDescription that name a region of the spine.
WORDS = {
    "C": ("CSPINE", "C_SPINE", "C-SPINE", "CERVICAL"),
    "T": ("TSPINE", "T_SPINE", "T-SPINE", "THORACIC SPINE", "DORSAL SPINE"),
    "L": ("LSPINE", "L_SPINE", "L-SPINE", "LUMBAR", "LWS"),
}


def on_sacrum(vertebrae: Sequence[Vertebra], others: dict[str, Region]) -> int | None:
    """Place of the vertebra that lies on a labelled sacrum (labelled as such, or as vertebra S1); None if unknown."""
    sacrum = next((r for name, r in others.items() if name.startswith("sacrum")), None)
    if sacrum is None:
        return None
    return _nearest(vertebrae, sacrum, SACRUM_REACH_MM)


def bears_rib(vertebrae: Sequence[Vertebra], others: dict[str, Region], rib: str) -> int | None:
    """Place of the vertebra that bears a labelled rib (`T1`, `T12`): the nearest to its head; both sides must agree."""
    places = {
        _nearest(vertebrae, region, RIB_REACH_MM)
        for name, region in others.items()
        if name == f"rib_{rib}" or name.startswith(f"rib_{rib}_")
    }
    return places.pop() if len(places) == 1 else None


def _nearest(vertebrae: Sequence[Vertebra], region: Region, reach_mm: float) -> int | None:
    points = region.grid.to_lps_mm(region.indices)
    distances = []
    for vertebra in vertebrae:
        if vertebra.frame is None or "body" not in vertebra.regions:
            distances.append(np.inf)
        else:
            distances.append(float(np.linalg.norm(points - vertebra.frame.origin_lps_mm, axis=1).min()))
    if not distances or min(distances) > reach_mm:
        return None
    return int(np.argmin(distances))


def header_regions(study: Study) -> tuple[str, ...]:
    """Letters of the spine regions that body part or description of any series name."""
    found: set[str] = set()
    for series in study.series:
        text = " ".join(
            t.upper() for t in (series.acquisition.body_part, series.acquisition.description) if t is not None
        )
        found.update(letter for letter, words in WORDS.items() if any(word in text for word in words))
    return tuple(sorted(found))
