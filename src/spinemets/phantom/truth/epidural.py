"""Truth of masses around the sac: sections measured from the functions, graded by EPI-06."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinemets.knowledge.lookup import table
from spinemets.phantom.assembly import Anatomy
from spinemets.phantom.pathology.canal.deformation import DeformedCanal
from spinemets.phantom.pathology.canal.region import REACH_MM, Region, held, section_plane

Numbers = NDArray[np.float64]


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


class _Rays:
    """Functions of one section, read along rays from a pole."""

    def __init__(self, canal: DeformedCanal, z: float) -> None:
        row = table("phantom_disease")["measured"]
        self.step, self.n = float(row["step_mm"]), int(row["angles"])
        self.block = section_plane(canal, z, self.step)
        u, v, _ = canal.across(self.block)
        self.u, self.v = (np.broadcast_to(a, self.block.shape)[:, :, 0].astype(float) for a in (u, v))
        self.angle = np.arange(self.n) * 2 * np.pi / self.n

    def middle(self, values: Numbers) -> tuple[float, float]:
        """(u, v) of the middle of what lies inside a surface."""
        inside = values < 0
        return float(self.u[inside].mean()), float(self.v[inside].mean())

    def read(self, values: Numbers, pole: tuple[float, float], radii: Numbers) -> Numbers:
        """Values (angle, radius) along rays."""
        from scipy.ndimage import map_coordinates  # lazy: heavy import

        # v runs along one index, u along the other; both are linear.
        u_step = (self.u[-1, 0] - self.u[0, 0]) / (len(self.u) - 1)
        v_step = (self.v[0, -1] - self.v[0, 0]) / (self.v.shape[1] - 1)
        u = pole[0] + radii[None, :] * np.sin(self.angle)[:, None]
        v = pole[1] - radii[None, :] * np.cos(self.angle)[:, None]
        places = np.stack([(u - self.u[0, 0]) / u_step, (v - self.v[0, 0]) / v_step])
        found: Numbers = map_coordinates(values, places, order=1, mode="nearest")
        return found

    def outline(self, values: Numbers, pole: tuple[float, float]) -> Numbers:
        """Radius at which each ray leaves a surface that holds the pole; 0 where it starts outside."""
        radii = np.arange(0.0, REACH_MM - 2.0, self.step / 2)
        return _crossing(self.read(values, pole, radii), radii)

    def points(self, radius: Numbers, pole: tuple[float, float]) -> Numbers:
        """(u, v) of an outline."""
        return np.stack([pole[0] + radius * np.sin(self.angle), pole[1] - radius * np.cos(self.angle)], axis=1)


def _crossing(values: Numbers, radii: Numbers) -> Numbers:
    """First radius at which values turn from negative to positive, linear between samples."""
    out = values >= 0
    first = np.where(out.any(axis=1), out.argmax(axis=1), len(radii) - 1)
    rows = np.arange(len(values))
    before = np.maximum(first - 1, 0)
    a, b = values[rows, before], values[rows, first]
    share = np.where(b > a, -a / np.where(b > a, b - a, 1.0), 0.0)
    return np.where(first == 0, 0.0, radii[before] + np.clip(share, 0, 1) * (radii[first] - radii[before]))


def _area(points: Numbers) -> float:
    """Area of a closed outline."""
    u, v = points.T
    return float(abs(np.sum(u * np.roll(v, -1) - v * np.roll(u, -1))) / 2)


def _nearest(points: Numbers, others: Numbers) -> Numbers:
    """Distance of each point to the nearest of others."""
    from scipy.spatial import cKDTree  # lazy: heavy import

    found: Numbers = cKDTree(others).query(points)[0]
    return found


def section(anatomy: Anatomy, canal: DeformedCanal, mass: Region, z: float) -> Section | None:
    """Section of a mass at a height; None where there is no mass."""
    rays, row = _Rays(canal, z), table("phantom_disease")["escc"]

    def at(function: Any) -> Numbers:
        return np.asarray(np.broadcast_to(function(rays.block), rays.block.shape)[:, :, 0], float)

    filled = at(mass.distance)
    # Parts in the foramina are no part of its thickness.
    clear = held(mass, rays.block, anatomy.vertebrae, anatomy.discs)[:, :, 0] & (at(canal.fat) < 0)
    if not clear.any():
        return None
    sac0, sac, cord0, cord = (at(f) for f in (canal.expected_sac, canal.sac, canal.expected_cord, canal.cord))
    has_cord = z > canal.conus_z + 1.0 and bool((cord0 < -1.0).any())
    pole = rays.middle(cord0 if has_cord else sac0)
    own, left = rays.outline(sac0, pole), rays.outline(sac, pole)
    sac_points = rays.points(left, pole)
    radii = np.arange(0.0, REACH_MM - 2.0, rays.step / 2)
    thickness = (rays.read(clear.astype(float), pole, radii) > 0.5).sum(axis=1) * rays.step / 2
    areas = {"sac": _area(sac_points), "own": _area(rays.points(own, pole)), "cord": 0.0, "own_cord": 0.0}
    measures: dict[str, float | None] = {"gap_mm": None, "cord_ratio": None, "csf_share": None}
    contact = 0.0
    if has_cord:
        cord_points = rays.points(rays.outline(cord, pole), pole)
        areas["cord"] = _area(cord_points)
        areas["own_cord"] = _area(rays.points(rays.outline(cord0, pole), pole))
        edge = _inner_edge(rays, filled, pole)
        apart = _nearest(cord_points, edge)
        length = np.linalg.norm(np.roll(cord_points, -1, axis=0) - cord_points, axis=1)
        free = _nearest(cord_points, sac_points) >= row["csf_gap_mm"]
        contact = float((apart <= row["contact_gap_mm"]).mean() * 360)
        measures = {
            # Outlines are read to a fraction of the step: nearer than that is touching.
            "gap_mm": float(apart.min()) if apart.min() > 0.05 else 0.0,
            "cord_ratio": areas["cord"] / areas["own_cord"],
            "csf_share": float((length * free).sum() / length.sum()),
        }
    return Section(
        z=z,
        def_mm=float(max((own - left).max(), 0.0)),
        sac_ratio=areas["sac"] / areas["own"],
        sac_area_mm2=areas["sac"],
        csf_ratio=(areas["sac"] - areas["cord"]) / (areas["own"] - areas["own_cord"]),
        thickness_mm=float(thickness.max()),
        arc_deg=float((thickness >= row["arc_thickness_mm"]).mean() * 360),
        contact_deg=contact,
        sac_ap_mm=float(np.ptp(rays.points(own, pole)[:, 1])),
        **measures,
    )


def _inner_edge(rays: _Rays, filled: Numbers, pole: tuple[float, float]) -> Numbers:
    """Points at which rays enter the mass."""
    radii = np.arange(0.0, REACH_MM - 2.0, rays.step / 2)
    values = -rays.read(filled, pole, radii)
    entered = (values >= 0).any(axis=1)
    return rays.points(_crossing(values, radii), pole)[entered]


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
    found = [s for z in np.arange(low, high, step) if (s := section(anatomy, canal, mass, float(z))) is not None]
    if not found or max(s.thickness_mm for s in found) < table("phantom_disease")["escc"]["arc_thickness_mm"]:
        return None
    # Where the sac keeps its area the thickest part counts.
    worst = min(found, key=lambda s: (round(s.sac_ratio, 3), -s.thickness_mm))
    return {"id": mass.id, "level": level, **_plain(worst)}


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
