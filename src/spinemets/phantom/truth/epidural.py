"""Truth of masses around the sac: sections measured from the functions, graded by EPI-06."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from spinemets.knowledge.lookup import table
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.pathology.canal.deformation import DeformedCanal
from spinemets.phantom.pathology.canal.region import Region, held
from spinemets.phantom.shape.block import Array
from spinemets.phantom.truth.rays import Numbers, Rays, area, nearest


@dataclass(frozen=True, kw_only=True)
class Section:
    """One section of the canal.

    Attributes
    ----------
    def_mm
        Greatest inward displacement of the sac's outline against the expected one, along rays from the cord's (below the
        cord from the sac's) expected middle.
    gap_mm
        Least distance between mass and cord.
    cord_ratio, sac_ratio
        Area over that expected.
    csf_share
        Share of the cord's outline with at least a pixel of CSF beside it (`csf_gap_mm`).
    arc_deg
        Angle around the sac at which the mass is at least 1 mm thick.
    contact_deg
        Angle at which it comes within 1 mm of the cord.
    """

    z: float
    def_mm: float
    gap_mm: float | None
    cord_ratio: float | None
    csf_share: float | None
    sac_ratio: float
    sac_area_mm2: float
    csf_ratio: float
    thickness_mm: float
    arc_deg: float
    contact_deg: float
    sac_ap_mm: float

    @property
    def grade(self) -> str | None:
        """Grade of EPI-06; None below the cord."""
        row = table("phantom_disease")["escc"]
        if self.gap_mm is None or self.cord_ratio is None or self.csf_share is None:
            return None
        if self.cord_ratio <= row["compressed_ratio"] and self.gap_mm <= row["contact_gap_mm"]:
            return "3" if self.csf_share < row["no_csf_share"] else "2"
        if self.gap_mm <= row["contact_gap_mm"] and self.contact_deg >= row["contact_arc_deg"]:
            return "1c"
        if self.def_mm >= row["sac_def_mm"] or self.def_mm >= row["sac_def_share"] * self.sac_ap_mm:
            return "1b"
        return "1a"


class _Plane:
    """One axial plane through a mass: what its sac keeps, and its measures where they are asked for."""

    def __init__(self, anatomy: Anatomy, canal: DeformedCanal, mass: Region, z: float) -> None:
        row = table("phantom_disease")["measured"]
        self.anatomy, self.canal, self.mass, self.z = anatomy, canal, mass, z
        self.rays = Rays(canal, z, float(row["step_mm"]), int(row["angles"]))
        block = self.rays.block
        sac0, cord0 = canal.expected_sac(block), canal.expected_cord(block)
        self.sac0, self.cord0, self.sac = (self._flat(a) for a in (sac0, cord0, canal.pressed(block, sac0, cord0)))
        self.has_cord = z > canal.conus_z + 1.0 and bool((self.cord0 < -1.0).any())
        self.pole = self.rays.middle(self.cord0 if self.has_cord else self.sac0)
        self.own, self.left = (self.rays.outline(a, self.pole) for a in (self.sac0, self.sac))

    def _flat(self, values: Array) -> Numbers:
        return np.asarray(np.broadcast_to(values, self.rays.block.shape)[:, 0, :], float)

    @cached_property
    def areas(self) -> tuple[float, float]:
        """Area of the sac, and as it would be without disease."""
        return area(self.rays.points(self.left, self.pole)), area(self.rays.points(self.own, self.pole))

    @property
    def sac_ratio(self) -> float:
        """Area of the sac over that expected."""
        return self.areas[0] / self.areas[1]

    @cached_property
    def thickness(self) -> Numbers | None:
        """Thickness of the mass along each ray without its parts in the foramina; None where there is no mass."""
        block = self.rays.block
        bounded = held(self.mass, block, self.anatomy.vertebrae, self.anatomy.discs)[:, 0, :]
        clear = bounded & (self._flat(self.canal.fat(block)) < 0)
        if not clear.any():
            return None
        found: Numbers = (self.rays.read(clear.astype(float), self.pole) > 0.5).sum(axis=1) * self.rays.step_mm
        return found

    @property
    def thickest_mm(self) -> float:
        """Greatest thickness of the mass; 0 where there is none."""
        return 0.0 if self.thickness is None else float(self.thickness.max())

    def section(self) -> Section:
        """All measures of a plane that meets the mass."""
        row = table("phantom_disease")["escc"]
        thickness = np.zeros(0) if self.thickness is None else self.thickness
        (sac, own), points = self.areas, self.rays.points(self.left, self.pole)
        measures: dict[str, float | None] = {"gap_mm": None, "cord_ratio": None, "csf_share": None}
        contact, cord, own_cord = 0.0, 0.0, 0.0
        if self.has_cord:
            outline = self._outline(self._flat(self.canal.cord(self.rays.block)))
            cord, own_cord = area(outline), area(self._outline(self.cord0))
            apart = nearest(outline, self._inner_edge())
            length = np.linalg.norm(np.roll(outline, -1, axis=0) - outline, axis=1)
            free = nearest(outline, points) >= row["csf_gap_mm"]
            contact = float((apart <= row["contact_gap_mm"]).mean() * 360)
            measures = {
                # Outlines are read to a fraction of the step: nearer than that is touching.
                "gap_mm": float(apart.min()) if apart.min() > 0.05 else 0.0,
                "cord_ratio": cord / own_cord,
                "csf_share": float((length * free).sum() / length.sum()),
            }
        return Section(
            z=self.z,
            def_mm=float(max((self.own - self.left).max(), 0.0)),
            sac_ratio=self.sac_ratio,
            sac_area_mm2=sac,
            csf_ratio=(sac - cord) / (own - own_cord),
            thickness_mm=float(thickness.max()),
            arc_deg=float((thickness >= row["arc_thickness_mm"]).mean() * 360),
            contact_deg=contact,
            sac_ap_mm=float(np.ptp(self.rays.points(self.own, self.pole)[:, 1])),
            **measures,
        )

    def _outline(self, values: Numbers) -> Numbers:
        """(u, v) at which rays leave a surface."""
        return self.rays.points(self.rays.outline(values, self.pole), self.pole)

    def _inner_edge(self) -> Numbers:
        """Points at which rays enter the mass."""
        radius, entered = self.rays.met(-self._flat(self.mass.distance(self.rays.block)), self.pole)
        return self.rays.points(radius, self.pole)[entered]


def epidural_truth(anatomy: Anatomy) -> list[dict[str, Any]]:
    """Each mass around the sac at each of its levels, at the worst section."""
    canal = anatomy.canal
    if not isinstance(canal, DeformedCanal):
        return []
    kinds = ("epidural", "haematoma", "abscess", "phlegmon")
    return [
        found
        for mass in anatomy.soft_lesions
        if mass.kind in kinds
        for level in mass.levels
        if (found := _at_level(anatomy, canal, mass, level)) is not None
    ]


def _at_level(anatomy: Anatomy, canal: DeformedCanal, mass: Region, level: str) -> dict[str, Any] | None:
    """The worst section of a mass at a level: least sac left."""
    step = table("phantom_disease")["measured"]["section_mm"]
    low, high = anatomy.site.extent(level)
    low, high = max(low, mass.box[0][2]), min(high, mass.box[1][2])
    planes = [_Plane(anatomy, canal, mass, float(z)) for z in np.arange(low, high, step)]
    # How thick the mass is takes bones and discs to tell: first in the sections that leave the least sac.
    by_loss: dict[float, list[_Plane]] = {}
    for plane in planes:
        by_loss.setdefault(round(plane.sac_ratio, 3), []).append(plane)
    for ratio in sorted(by_loss):
        # Where the sac keeps its area the thickest part counts.
        worst = max(by_loss[ratio], key=lambda plane: plane.thickest_mm)
        if worst.thickness is not None:
            least = table("phantom_disease")["escc"]["arc_thickness_mm"]
            thick = any(plane.thickest_mm >= least for plane in (worst, *planes))
            return {"id": mass.id, "level": level, **_plain(worst.section())} if thick else None
    return None


def _plain(found: Section) -> Mapping[str, Any]:
    """A section as plain data."""

    def rounded(value: float | None, digits: int = 3) -> float | None:
        return None if value is None else round(value, digits)

    return {
        "z_mm": round(found.z, 3),
        "def_mm": rounded(found.def_mm),
        "gap_mm": rounded(found.gap_mm),
        "cord_ratio": rounded(found.cord_ratio),
        "csf_fraction": rounded(found.csf_share),
        "sac_area_mm2": rounded(found.sac_area_mm2),
        "sac_area_loss": rounded(1 - found.sac_ratio),
        "csf_area_ratio": rounded(found.csf_ratio),
        "max_thickness_mm": rounded(found.thickness_mm),
        "arc_deg": rounded(found.arc_deg, 1),
        "escc": found.grade,
    }
