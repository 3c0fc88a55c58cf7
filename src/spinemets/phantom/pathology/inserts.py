"""Pathology inserts: smooth regions of a vertebra whose tissue is replaced.

An insert is a region and what is written there. What is written may have parts, each in its own pattern (islands, grains,
struts) or at its own depth behind the border (core and rim). Inserts compose in list order, and so do their parts: the
later one wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from spinemets.phantom.anatomy.arch import Arch
from spinemets.phantom.anatomy.vertebra import Bone, Vertebra
from spinemets.phantom.pathology.patterns import Grains, Pattern
from spinemets.phantom.pathology.shapes import Ellipsoid, Shape, Whole, lattice
from spinemets.phantom.shape.block import Array
from spinemets.phantom.shape.distance import Rod
from spinemets.phantom.shape.texture import Field
from spinemets.phantom.tissue.tissues import Tissue, tissue

__all__ = ["Insert", "Part", "body_volume_mm3", "lattice"]

BODY_STEP_MM = 0.5


@dataclass(frozen=True, kw_only=True)
class Part:
    """What is written into an insert's region or a part of it.

    Attributes
    ----------
    tissue
        Name of a tissue, or a variant of one.
    mineral_retained
        Share of the host's mineral that stays; None = the tissue brings its own.
    mineral_added_mg_per_ml
        On top of either.
    inset_mm
        How far behind the region's border this part's own border lies.
    pattern
        None = everywhere in it.
    """

    tissue: str | Tissue
    mineral_retained: float | None = None
    mineral_added_mg_per_ml: float = 0.0
    inset_mm: float = 0.0
    pattern: Pattern | None = None

    @property
    def written(self) -> Tissue:
        """Its tissue."""
        return tissue(self.tissue) if isinstance(self.tissue, str) else self.tissue

    def mineral_mg_per_ml(self, host: Tissue) -> float:
        """Mineral of this part in a host."""
        kept = self.written.mineral_mg_per_ml
        if self.mineral_retained is not None:
            kept = self.mineral_retained * host.mineral_mg_per_ml
        return kept + self.mineral_added_mg_per_ml


@dataclass(frozen=True, kw_only=True)
class Insert:
    """One lesion (or whole-marrow change) of one level.

    Attributes
    ----------
    kind
        What it is (`lesion.kind` in the schema of the truth). `mixed` writes sclerosis with islands of `tissue` in it;
        `diffuse` fills the whole bone.
    centre_mm, radii_mm
        Ellipsoid in the level's frame (left, anterior, superior from the body centre), unless `shape` is given.
    shape
        Another region.
    edge_mm
        Width over which the tissue passes into the host (0.5 sharp, 4 ill-defined); the border is the half value.
    tissue, mineral_retained, mineral_added_mg_per_ml, pattern
        What is written first, as in `Part` (for `mixed` the lytic part).
    parts
        What is written over that.
    breaks_cortex
        Whether the shell inside the region is replaced too.
    lytic_share
        For `mixed`: share of the region that is lytic, in islands.
    share
        Share of the tissue that is replaced, evenly.
    compartments
        Parts of the vertebra that it takes: `body`, names of arch parts, `posterior_elements`.
    expansion_mm
        By how much the arch parts among them are widened.
    malignant
        Whether it is tumour, treated or not.
    even
        Whether its tissue is the same everywhere, as in a test object, and not as patchy as the patient's marrow: every voxel holds
        what the tissue states.
    """

    id: str
    kind: str
    level: str
    tissue: str | Tissue
    centre_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    radii_mm: tuple[float, float, float] = (8.0, 8.0, 8.0)
    shape: Shape | None = None
    edge_mm: float = 1.0
    mineral_retained: float | None = None
    mineral_added_mg_per_ml: float = 0.0
    pattern: Pattern | None = None
    parts: tuple[Part, ...] = ()
    breaks_cortex: bool = False
    lytic_share: float = 1.0
    share: float = 1.0
    compartments: tuple[str, ...] = ("body",)
    expansion_mm: float = 0.0
    malignant: bool = True
    even: bool = False

    @property
    def region(self) -> Shape:
        """Where it lies."""
        if self.shape is not None:
            return self.shape
        return Whole() if self.kind == "diffuse" else Ellipsoid(centre_mm=self.centre_mm, radii_mm=self.radii_mm)

    @property
    def whole(self) -> bool:
        """Whether the region has no border inside the bone but, maybe, a plane."""
        return isinstance(self.region, Whole)

    @property
    def all_parts(self) -> tuple[Part, ...]:
        """What is written, in order."""
        first = Part(
            tissue=self.tissue,
            mineral_retained=self.mineral_retained,
            mineral_added_mg_per_ml=self.mineral_added_mg_per_ml,
            pattern=self.pattern,
        )
        if self.kind == "mixed":
            return (Part(tissue="blastic_tumour"), replace(first, pattern=Grains(share=self.lytic_share)), *self.parts)
        return (first, *self.parts)

    def fitted(self, vertebra: Vertebra) -> Insert:
        """The same with its region in mm of that vertebra."""
        return self if self.shape is None else replace(self, shape=self.shape.fitted(vertebra))

    def distance(self, bone: Bone) -> Array:
        """Distance to the border of the region."""
        return self.region.distance(bone)

    def membership(self, bone: Bone, reach_mm: float, inset_mm: float = 0.0) -> Array:
        """Share of the tissue written at each point (0 to 1, 1/2 on the border), that much behind the border."""
        width = np.float32(np.hypot(self.edge_mm, reach_mm))
        distance = self.distance(bone)
        if inset_mm:
            distance = distance + np.float32(inset_mm)
        return np.clip(np.float32(0.5) - distance / width, 0.0, 1.0) * np.float32(self.share)

    def shares(self, bone: Bone, fields: Mapping[str, Field], reach_mm: float) -> list[Array]:
        """Share of each part, laid one over the other, so that of the host 1 - membership is left.

        With n layers of shares c over one another, the product of all 1 - c is left of what lies below; the first one fills
        what those over it leave of the region.
        """
        laid = []
        for part in self.all_parts:
            member = self.membership(bone, reach_mm, part.inset_mm)
            laid.append(member if part.pattern is None else member * part.pattern.share_at(bone, fields, reach_mm))
        if len(laid) == 1:
            return laid
        covered = laid[1]
        for over in laid[2:]:
            covered = covered + over * (1 - covered)
        first = (laid[0] - covered) / np.maximum(1 - covered, np.float32(1e-6))
        return [np.maximum(first, np.float32(0.0)), *laid[1:]]


def widened(arch: Arch, inserts: tuple[Insert, ...]) -> Arch:
    """The arch with the parts that inserts expand widened by as much."""
    rods = dict(arch.rods)
    for insert in inserts:
        for name in insert.compartments:
            if insert.expansion_mm and name in rods:
                rods[name] = tuple(_thicker(rod, insert.expansion_mm) for rod in rods[name])
    return Arch(rods=rods)


def _thicker(rod: Rod, by_mm: float) -> Rod:
    (u, v), (u_end, v_end) = rod.half_mm
    return replace(rod, half_mm=((u + by_mm, v + by_mm), (u_end + by_mm, v_end + by_mm)))


def body_volume_mm3(vertebra: Vertebra) -> float:
    """Volume of the body from its function on a lattice of `BODY_STEP_MM`."""
    block = lattice(vertebra.frame.origin, np.array([34.0, 30.0, 28.0]), BODY_STEP_MM)
    found = block.within(vertebra.body_box)
    if found is not None:
        block = found[1]
    distance = vertebra.body.distance(*vertebra.frame.local(block)).whole
    return float(np.count_nonzero(distance < 0)) * BODY_STEP_MM**3
