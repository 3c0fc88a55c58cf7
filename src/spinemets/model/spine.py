"""`Spine`: vertebrae head to feet, each with its own frame, regions and surfaces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from spinemets.model.grid import Grid
from spinemets.model.level import BODY_SIZES, Level
from spinemets.model.region import Region, Surface


@dataclass(frozen=True, kw_only=True, eq=False)
class Frame:
    """Local frame of one vertebra (G-03).

    Attributes
    ----------
    origin_lps_mm
        Centre of the vertebral body.
    left, anterior, superior
        Orthonormal unit vectors in LPS; left = superior x anterior.
    wedge_deg
        Signed angle between the endplate normals in the sagittal plane, anterior lower = positive; None if an endplate
        could not be fitted.
    flags
        How the frame deviates from the rule (no canal, endplate destroyed, neighbours used).
    """

    origin_lps_mm: NDArray[np.float64]
    left: NDArray[np.float64]
    anterior: NDArray[np.float64]
    superior: NDArray[np.float64]
    wedge_deg: float | None = None
    flags: tuple[str, ...] = ()

    @property
    def axes(self) -> NDArray[np.float64]:
        """3 x 3, columns left, anterior, superior."""
        return np.stack([self.left, self.anterior, self.superior], axis=1)

    def to_local_mm(self, lps_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """LPS (..., 3) to (left, anterior, superior) mm from the body centre."""
        local: NDArray[np.float64] = (lps_mm - self.origin_lps_mm) @ self.axes
        return local

    def to_lps_mm(self, local_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """(left, anterior, superior) mm to LPS."""
        lps: NDArray[np.float64] = local_mm @ self.axes.T + self.origin_lps_mm
        return lps


@dataclass(frozen=True, kw_only=True, eq=False)
class Endplates:
    """Superior and inferior surface of the body over a regular grid of its own frame.

    Attributes
    ----------
    left_mm, anterior_mm
        Sample positions, (nl,) and (na,).
    superior_mm, inferior_mm
        (nl, na) height of the surfaces along the frame's superior axis, nan outside the footprint.
    left_mm spans the width, anterior_mm the depth between the fitted anterior and posterior walls.
    """

    left_mm: NDArray[np.float64]
    anterior_mm: NDArray[np.float64]
    superior_mm: NDArray[np.float64]
    inferior_mm: NDArray[np.float64]

    @property
    def height_mm(self) -> NDArray[np.float64]:
        """(nl, na) distance between the endplates."""
        return self.superior_mm - self.inferior_mm


@dataclass(frozen=True, kw_only=True)
class Completeness:
    """Verdict of G-02.

    `complete`: all of the structure is in view. `heights_valid`: neither endplate nor posterior wall is cut.
    `border_share`: share of the surface on the grid border. `body_in_view_share`: volume against the neighbours' median.
    """

    complete: bool = True
    heights_valid: bool = True
    border_share: float = 0.0
    body_in_view_share: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Vertebra:
    """One vertebra.

    Attributes
    ----------
    level
        Name and how sure it is.
    frame
        None only where too little is left to fit one (then `missing["frame"]` says why).
    regions
        By name: `vertebra`, `body`, `marrow` (G-05), `trabecular_core` (marrow without the basivertebral wedge and any
        dense shell), `posterior_elements`, `pedicle_<side>`, `lamina_<side>`, ...
    surfaces
        Walls of the body by name (G-04).
    pedicle_surfaces
        By side.
    endplates
        Height map source, None if not fitted.
    missing
        Region or structure name -> (reason code, sentence) for what this vertebra does not have.
    size_mm
        Width, depth, height of the body; distance of its centre to that of the next body below (`spacing_mm`).
    confidence
        How sure the segmenter is of the outline, None where it does not say (a label map given).
    """

    level: Level
    frame: Frame | None
    regions: Mapping[str, Region]
    surfaces: Mapping[str, Surface] = field(default_factory=dict)
    pedicle_surfaces: Mapping[str, Surface] = field(default_factory=dict)
    endplates: Endplates | None = None
    completeness: Completeness = field(default_factory=Completeness)
    missing: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    size_mm: Mapping[str, float] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    confidence: float | None = None

    @property
    def known_by_mm(self) -> dict[str, float]:
        """Sizes by which another study knows this body again; none of a body whose heights are not valid (cut off)."""
        if not self.completeness.heights_valid:
            return {}
        return {name: self.size_mm[name] for name in BODY_SIZES if name in self.size_mm}


@dataclass(frozen=True, kw_only=True, eq=False)
class Spine:
    """All vertebrae in view.

    Attributes
    ----------
    vertebrae
        Head to feet; collapsed ones kept.
    grid
        Grid of the label map the regions lie on.
    discs
        Key = id of the vertebra above; regions of the discs, labelled or drawn between endplates.
    others
        `sacrum`, `canal`, `cord`, ... if labelled.
    sides
        Names of the two sides, frame-left first: ("left", "right"), or ("side_a", "side_b") where laterality is not
        known (G-12).
    sources, ignored, warnings
        Label files used, labels nobody asked for, sentences.
    absent
        (reason code, sentence) if there are no vertebrae at all.
    """

    vertebrae: tuple[Vertebra, ...]
    grid: Grid | None = None
    discs: Mapping[str, Region] = field(default_factory=dict)
    others: Mapping[str, Region] = field(default_factory=dict)
    sides: tuple[str, str] = ("left", "right")
    body_only: bool = False
    sources: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    absent: tuple[str, str] | None = None

    def __getitem__(self, level_id: str) -> Vertebra:
        for vertebra in self.vertebrae:
            if vertebra.level.id == level_id:
                return vertebra
        raise KeyError(level_id)

    @property
    def sides_known(self) -> bool:
        """Whether left and right may be said."""
        return self.sides == ("left", "right")
