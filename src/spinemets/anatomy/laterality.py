"""Whether left and right may be said (G-12)."""

from __future__ import annotations

from collections.abc import Iterable

from spinemets.model.segmentation import Segmentation
from spinemets.model.study import Study

KNOWN = ("left", "right")
UNKNOWN = ("side_a", "side_b")


def sides(study: Study, segmentations: Iterable[Segmentation]) -> tuple[str, str]:
    """Names of the two sides, frame-left first.

    `("left", "right")` only if every series the labels lie on knows its sides; labels on a grid of their own rest on
    all series of the study. Orientation codes that are missing or contradictory, or a facts file that calls them
    unknown, have been noted as `Series.sides_known = False` at reading.
    """
    uids = {s.series_uid for s in segmentations}
    concerned = list(study.series) if None in uids or not uids else [s for s in study.series if s.uid in uids]
    return KNOWN if concerned and all(s.sides_known for s in concerned) else UNKNOWN
