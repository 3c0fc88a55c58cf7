"""How a radiograph is taken, beside what all series have (`Acquisition`)."""

from __future__ import annotations

from dataclasses import dataclass

from spinemets.phantom.anatomy.alignment import Posture
from spinemets.phantom.imaging.projection import DIRECTIONS


@dataclass(frozen=True, kw_only=True)
class Technique:
    """View and distances of a radiograph.

    Attributes
    ----------
    view
        Key of `spinemets.phantom.imaging.projection.DIRECTIONS`.
    sid_mm, sod_mm
        Focal spot to detector, and to the middle of the bodies.
    focal_spot_mm
        Width of the focal spot.
    posture
        How the patient is placed.
    backwards_mm
        How far behind the middle of the bodies the central ray passes: room for the processes in a lateral view.

    Raises
    ------
    ValueError
        If there is no such view.
    """

    view: str
    sid_mm: float
    sod_mm: float
    focal_spot_mm: float
    posture: Posture = "standing"
    backwards_mm: float = 0.0

    def __post_init__(self) -> None:
        if self.view not in DIRECTIONS:
            raise ValueError(f"there is no view {self.view!r}; there are {', '.join(DIRECTIONS)}")
